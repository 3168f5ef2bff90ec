import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { planFile } from '../../tasks/common/aml-yaml/plan-file.ts';
import { isJsonObject, textAt, type Json, type JsonObject } from '../../tasks/common/domain/json.ts';
import { applyPlan } from '../../tasks/common/operations/apply-plan.ts';
import { memoryFiles, type Tree } from '../unit/aml-yaml/memory-files.ts';
import { FakeAgent } from '../unit/fakes/fake-agent.ts';
import { FakeWorkspace } from '../unit/fakes/fake-workspace.ts';

/** YAML files and the bodies the service received of older clients; they are no part of the repository. */
const PAIRS = resolve(import.meta.dirname, '../../../shared/wire/pairs');

/** Stand-ins for what the files refer to: no expected body depends on their content. */
const REFERRED: Tree = {
  '/sources/python/main.py': 'print()',
  '/sources/data/data.csv': '1',
  '/sources/pairs/data/data.csv': '1',
  '/sources/model-1/model/sklearn_regression_model.pkl': 'model',
  '/sources/model-1/onlinescoring/score.py': 'def init(): pass',
  '/sources/model-1/environment/conda.yml': 'dependencies: [pip]',
  '/sources/mnist/model/model.h5': 'model',
  '/sources/mnist/code/digit_identification.py': 'def init(): pass',
  '/sources/mnist/environment/conda.yml': 'dependencies: [pip]',
};

/** What the product sends for a file: the bodies of all its writes but code, the file's own last. */
async function sentBodies(yaml: string, name: string | undefined): Promise<readonly JsonObject[]> {
  const workspace = new FakeWorkspace();
  for (const compute of ['testCompute', 'cpu-cluster']) workspace.seed(`computes/${compute}`, {});
  for (const endpoint of ['onlineEndpoints/deploytest', 'batchEndpoints/mybatchedp']) workspace.seed(endpoint, {});
  workspace.seed('datastores/workspaceblobstore', {});
  const plan = await planFile({
    file: 'input.yml',
    absolutePath: '/sources/pairs/input.yml',
    overrides: name === undefined ? [] : [{ path: 'name', value: name }],
    files: memoryFiles({ ...REFERRED, '/sources/pairs/input.yml': yaml }),
    workspace: workspace.id,
    sourcesDirectory: '/sources',
    job: { experimentName: 'azure-ai-ml', name: 'generated' },
    likeAzureAiMl: true,
  });
  await applyPlan({ agent: new FakeAgent({}), workspace }, plan);
  const writes = workspace.writes().filter(({ path }) => /^(components|jobs|\w+Endpoints)\//.test(path));
  return writes.flatMap(({ body }) => (body === undefined ? [] : [body]));
}

/** A body with ids replaced by what they name, without members that say nothing and what differs from run to run. */
function normal(value: Json | undefined): Json | undefined {
  if (typeof value === 'string') return normalText(value);
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => normal(item) ?? null);
  if (!isJsonObject(value)) return value ?? undefined;
  const members = Object.entries(value).flatMap(([key, member]): readonly (readonly [string, Json])[] => {
    const own = IGNORED.test(key) ? undefined : normal(member);
    const saysNothing =
      own === undefined || own === false || (typeof own === 'object' && Object.keys(own ?? {}).length === 0);
    return saysNothing ? [] : [[key, own]];
  });
  return Object.fromEntries(members.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The place of the workspace, what says how the file was read, and the hash that newer clients add to components. */
const IGNORED = /^(location|\$schema|client_component_hash)$/;

function normalText(text: string): string {
  return text
    .replace(/^(azureml:)?\/subscriptions\/.*?\/workspaces\/[^/]+\//, '')
    .replace(/^codes\/.*/, 'code')
    .replace(/^(components\/azureml_anonymous|environments\/CliV2AnonymousEnvironment)\/.*/, '$1')
    .replace(/^models\/[0-9a-f]{32,64}\/.*/, 'anonymous model')
    .replace(/LocalUpload\/[0-9a-f]{32,64}/, 'LocalUpload/hash');
}

function withoutComponentCode({ properties }: JsonObject): JsonObject {
  const own = isJsonObject(properties) ? properties : {};
  const spec = Object.entries(isJsonObject(own.componentSpec) ? own.componentSpec : {});
  return { properties: { ...own, componentSpec: Object.fromEntries(spec.filter(([key]) => key !== 'code')) } };
}

interface Expected {
  readonly components?: readonly JsonObject[];
  readonly job?: JsonObject;
}

describe('bodies the service received for a file, where they are at hand', () => {
  for (const name of existsSync(PAIRS) ? readdirSync(PAIRS).sort() : []) {
    it(name, async () => {
      const text = (file: string): string => readFileSync(join(PAIRS, name, file), 'utf8');
      const request = JSON.parse(text('request.json')) as JsonObject & Expected;
      // Older clients gave an empty code folder to a component without code.
      const components = (request.components ?? []).map(withoutComponentCode);
      const expected = request.job === undefined ? [request] : [...components, request.job];
      const main = expected.at(-1) ?? {};
      const given = textAt(main, 'properties', 'displayName') ?? textAt(main, 'properties', 'componentSpec', 'name');
      const sent = await sentBodies(text('input.yml'), given?.startsWith('test_dataset') === true ? undefined : given);
      const inOrder = (bodies: readonly JsonObject[]): readonly (Json | undefined)[] =>
        bodies.map(normal).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
      assert.deepEqual(inOrder(sent), inOrder(expected));
    });
  }
});
