import assert from 'node:assert/strict';
import { textAt, type JsonObject } from '../../../tasks/common/domain/json.ts';
import { UserError } from '../../../tasks/common/errors.ts';
import {
  applyFilesToRegistry,
  type ApplyMode,
  type ApplyOutputs,
} from '../../../tasks/common/operations/apply-files.ts';
import { validateFiles } from '../../../tasks/common/operations/validate-files.ts';
import { FakeAgent, SOURCES } from '../fakes/fake-agent.ts';
import { FakeRegistry } from '../fakes/fake-registry.ts';

const SCHEMA = '$schema: https://azuremlschemas.azureedge.net/latest/';
const ENVIRONMENT = `${SCHEMA}environment.schema.json\nname: plain\nversion: '2'\nimage: ubuntu\n`;
const MODEL = `${SCHEMA}model.schema.json\nname: churn\nversion: '1'\ntype: mlflow_model\npath: model\n`;
const DATA = `${SCHEMA}data.schema.json\nname: rows\nversion: '1'\ntype: uri_folder\npath: rows\n`;
const COMPONENT = [
  `${SCHEMA}commandComponent.schema.json`,
  'name: train',
  "version: '1'",
  'command: python train.py',
  'code: src',
  'environment: azureml://registries/shared/environments/plain/versions/2',
  '',
].join('\n');

describe('applying files to a registry', () => {
  let registry: FakeRegistry;

  beforeEach(() => {
    registry = new FakeRegistry();
  });

  const agentWith = (files: Readonly<Record<string, string>>): FakeAgent =>
    new FakeAgent({ 'model/MLmodel': 'flavors: {}', 'rows/rows.csv': '1,2', 'src/train.py': 'print(1)', ...files });
  const apply = async (
    files: Readonly<Record<string, string>>,
    mode: ApplyMode = 'apply',
    more: { overrides?: readonly string[]; sources?: Readonly<Record<string, string>> } = {},
  ): Promise<ApplyOutputs & { changes: string }> => {
    const agent = agentWith({ ...files, ...more.sources });
    const request = {
      files: Object.keys(files),
      overrides: more.overrides ?? [],
      allowPathsOutsideSources: false,
      registryName: 'shared',
    };
    const outputs = await applyFilesToRegistry({ agent, registry }, request, mode);
    // What is uploaded is what lies in the sources.
    for (const key of registry.blobs.keys()) {
      const name = [...agent.files.content.keys()].find(
        (path) => path.startsWith(SOURCES) && path.endsWith(`/${key.split('/').at(-1) ?? ''}`),
      );
      if (name !== undefined && registry.blobs.get(key)?.startsWith('uploaded ') === true) {
        registry.blobs.set(key, agent.files.content.get(name) ?? '');
      }
    }
    return outputs;
  };
  const changesOf = ({ changes }: ApplyOutputs): readonly string[] =>
    (JSON.parse(changes) as readonly { kind: string; change: string }[]).map(({ kind, change }) => `${kind} ${change}`);

  it('creates each kind, with its files in a container of its own', async () => {
    const outputs = await apply({ 'e.yml': ENVIRONMENT, 'm.yml': MODEL, 'd.yml': DATA, 'c.yml': COMPONENT });
    assert.deepEqual(changesOf(outputs), ['environment create', 'model create', 'data create', 'component create']);
    assert.equal(outputs.resourceId, 'azureml://registries/shared/components/train/versions/1');
    const uri = (path: string, member: string): string =>
      textAt(registry.resources.get(path), 'properties', member) ?? '';
    assert.match(uri('models/churn/versions/1', 'modelUri'), /\/models-churn-versions-1\/model$/);
    assert.match(uri('data/rows/versions/1', 'dataUri'), /\/data-rows-versions-1\/rows$/);
    const spec = (registry.resources.get('components/train/versions/1')?.properties as JsonObject).componentSpec;
    assert.match(textAt(spec, 'code') ?? '', /^azureml:\/\/registries\/shared\/codes\/[0-9a-f-]{36}\/versions\/1$/);
  });

  it('leaves what is there alone, and uploads nothing twice', async () => {
    const files = { 'm.yml': MODEL, 'c.yml': COMPONENT, 'e.yml': ENVIRONMENT };
    await apply(files);
    const writes = registry.writes().length;
    const again = await apply(files);
    assert.deepEqual(changesOf(again), ['model unchanged', 'component unchanged', 'environment unchanged']);
    assert.equal(again.changed, 'false');
    assert.equal(registry.writes().length, writes);
  });

  it('refuses other files under a version that is there', async () => {
    await apply({ 'm.yml': MODEL });
    const writes = registry.writes().length;
    await assert.rejects(
      apply({ 'm.yml': MODEL }, 'apply', { sources: { 'model/MLmodel': 'flavors: []' } }),
      (error) =>
        error instanceof UserError &&
        error.message.includes('churn:1 exists already in the registry shared with other files'),
    );
    assert.equal(registry.writes().length, writes);
  });

  it('changes tags of a version that is there', async () => {
    await apply({ 'm.yml': MODEL });
    const outputs = await apply({ 'm.yml': MODEL }, 'apply', { overrides: ['tags.stage=production'] });
    assert.deepEqual(changesOf(outputs), ['model change']);
    assert.equal(
      textAt(registry.resources.get('models/churn/versions/1'), 'properties', 'tags', 'stage'),
      'production',
    );
  });

  it('takes the next version where the file gives none', async () => {
    const open = MODEL.replace("version: '1'\n", '');
    assert.equal((await apply({ 'm.yml': open })).resourceVersion, '1');
    assert.equal((await apply({ 'm.yml': open })).resourceVersion, '2');
  });

  it('says what it would do and writes nothing', async () => {
    const outputs = await apply({ 'm.yml': MODEL, 'c.yml': COMPONENT }, 'whatIf');
    assert.deepEqual(changesOf(outputs), ['model create', 'component create']);
    assert.deepEqual([registry.writes(), [...registry.blobs]], [[], []]);
  });

  it('refuses what no registry holds, and what refers to a workspace, before anything is sent', async () => {
    const refusals: readonly (readonly [string, RegExp])[] = [
      [
        `${SCHEMA}managedOnlineEndpoint.schema.json\nname: e\n`,
        /online endpoint, which cannot be created in a registry/,
      ],
      [`${SCHEMA}amlCompute.schema.json\nname: c\ntype: amlcompute\n`, /which cannot be created in a registry/],
      [
        COMPONENT.replace(/azureml:\/\/\S+/, 'azureml:plain:2'),
        /names an asset of a workspace.*azureml:\/\/registries\/shared\/environments/,
      ],
      [COMPONENT.replace(/azureml:\/\/\S+/, 'azureml:plain@latest'), /names an asset of a workspace/],
      [MODEL.replace('path: model', 'path: azureml://jobs/j/outputs/m'), /lies in a workspace.*AmlPromoteModel/],
      [DATA.replace("version: '1'\n", ''), /data in a registry needs one/],
    ];
    for (const [text, message] of refusals) {
      await assert.rejects(
        apply({ 'f.yml': text }),
        (error) =>
          error instanceof UserError &&
          message.test(error.message) &&
          error.problems.every(({ file }) => file === 'f.yml'),
        String(message),
      );
    }
    assert.deepEqual(registry.calls, []);
  });

  it('checks the same without a connection', async () => {
    const files = { 'c.yml': COMPONENT.replace(/azureml:\/\/\S+/, 'azureml:plain:2') };
    const request = { files: ['c.yml'], overrides: [], allowPathsOutsideSources: false };
    await validateFiles(agentWith(files), request);
    await assert.rejects(
      validateFiles(agentWith(files), { ...request, registryName: 'shared' }),
      /names an asset of a workspace/,
    );
  });
});
