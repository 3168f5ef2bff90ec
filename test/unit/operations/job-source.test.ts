import assert from 'node:assert/strict';
import { textAt, at, type JsonObject } from '../../../tasks/common/domain/json.ts';
import { UserError } from '../../../tasks/common/errors.ts';
import { submitJob, type SubmitRequest } from '../../../tasks/common/operations/submit-job.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { FakeWorkspace } from '../fakes/fake-workspace.ts';

const REQUEST: SubmitRequest = {
  jobSource: 'component',
  component: 'azureml:train:3',
  overrides: [],
  name: 'j',
  experimentName: undefined,
  allowPathsOutsideSources: false,
  cancelsWithStep: true,
};

describe('running a registered component', () => {
  let workspace: FakeWorkspace;
  let agent: FakeAgent;

  beforeEach(() => {
    workspace = new FakeWorkspace();
    workspace.seed('computes/cpu', {});
    agent = new FakeAgent();
  });

  function seed(version: string, componentSpec: JsonObject): void {
    workspace.seed(`components/train/versions/${version}`, { properties: { componentSpec } });
  }

  async function submitted(request: Partial<SubmitRequest> = {}): Promise<JsonObject> {
    await submitJob({ agent, workspace }, { ...REQUEST, ...request });
    return workspace.writes().find(({ path }) => path === 'jobs/j')?.body ?? {};
  }

  it('makes a pipeline component the job itself, with its inputs and compute', async () => {
    seed('3', { type: 'pipeline', inputs: { epochs: { type: 'integer' }, data: { type: 'uri_folder' } } });
    const body = await submitted({
      jobInputs: 'epochs: 30\ndata: { type: uri_folder, path: azureml:patients:1 }',
      compute: 'cpu',
    });
    assert.equal(textAt(body, 'properties', 'jobType'), 'Pipeline');
    assert.match(textAt(body, 'properties', 'componentId') ?? '', /\/workspaces\/ws\/components\/train\/versions\/3$/);
    assert.deepEqual(at(body, 'properties', 'jobs'), {});
    assert.equal(textAt(body, 'properties', 'inputs', 'epochs', 'value'), '30');
    assert.match(textAt(body, 'properties', 'inputs', 'data', 'uri') ?? '', /\/data\/patients\/versions\/1$/);
    assert.match(textAt(body, 'properties', 'settings', 'default_compute') ?? '', /\/computes\/cpu$/);
    assert.match(textAt(body, 'properties', 'tags', 'azdo.submission') ?? '', /^[0-9a-f-]{36}$/);
  });

  it('makes any other component a job of one step, whose outputs are those of the job', async () => {
    seed('3', {
      type: 'CommandComponent',
      inputs: { epochs: { type: 'integer' } },
      outputs: { model: { type: 'mlflow_model' } },
    });
    const body = await submitted({ jobInputs: 'epochs: 30', compute: 'cpu' });
    const step = at(body, 'properties', 'jobs', 'train');
    assert.match(textAt(step, 'componentId') ?? '', /\/components\/train\/versions\/3$/);
    assert.equal(textAt(step, 'inputs', 'epochs', 'value'), '${{parent.inputs.epochs}}');
    assert.equal(textAt(step, 'outputs', 'model', 'value'), '${{parent.outputs.model}}');
    assert.equal(textAt(body, 'properties', 'outputs', 'model', 'jobOutputType'), 'mlflow_model');
  });

  it('takes the newest version where @latest is asked for', async () => {
    seed('9', { type: 'pipeline' });
    seed('10', { type: 'pipeline' });
    const body = await submitted({ component: 'azureml:train@latest' });
    assert.match(textAt(body, 'properties', 'componentId') ?? '', /\/components\/train\/versions\/10$/);
  });

  it('hands a component of a registry on as it is', async () => {
    const component = 'azureml://registries/shared/components/train/versions/1';
    assert.equal(textAt(await submitted({ component }), 'properties', 'componentId'), component);
  });

  it('looks at a component of a registry where that can be asked', async () => {
    const component = 'azureml://registries/shared/components/train/versions/3';
    const shared = new FakeWorkspace();
    shared.seed('components/train/versions/3', { properties: { componentSpec: { type: 'command', inputs: {} } } });
    const openRegistry = (name: string) => Promise.resolve(name === 'shared' ? shared : new FakeWorkspace());
    await submitJob({ agent, workspace, openRegistry }, { ...REQUEST, component, compute: 'cpu' });
    const body = workspace.writes().find(({ path }) => path === 'jobs/j')?.body ?? {};
    assert.equal(textAt(body, 'properties', 'jobs', 'train', 'componentId'), component);
    const missing = { ...REQUEST, component: component.replace('shared', 'other') };
    await assert.rejects(submitJob({ agent, workspace, openRegistry }, missing), /The registry other has no component/);
  });

  it('takes overrides as for a file', async () => {
    seed('3', { type: 'pipeline', inputs: { epochs: { type: 'integer' } } });
    const body = await submitted({ overrides: ['inputs.epochs=7', 'display_name=seven'] });
    assert.equal(textAt(body, 'properties', 'inputs', 'epochs', 'value'), '7');
    assert.equal(textAt(body, 'properties', 'displayName'), 'seven');
  });

  it('finds the job of an earlier attempt by the component', async () => {
    seed('3', { type: 'pipeline' });
    const again = { ...REQUEST, name: undefined };
    const first = await submitJob({ agent, workspace }, again);
    const second = await submitJob({ agent: new FakeAgent(), workspace }, again);
    assert.deepEqual([first.how, second.how, second.name], ['submitted', 'attached', first.name]);
  });

  const refusals: readonly (readonly [string, Partial<SubmitRequest>, RegExp])[] = [
    ['a component that does not exist', { component: 'azureml:none:1' }, /no component 'azureml:none:1'/],
    ['a name without a version', { component: 'train' }, /azureml:<name>:<version>/],
    ['no component', { component: undefined }, /'component' is required with jobSource: component/],
    ['no file', { jobSource: 'file', component: undefined }, /'jobFile' is required with jobSource: file/],
    ['inputs that are no mapping', { jobInputs: '- 1' }, /'jobInputs' must be YAML, a mapping/],
    ['inputs beside a file', { jobSource: 'file', jobFile: '/x', jobInputs: 'a: 1' }, /no meaning with a job file/],
    [
      'an input the component does not have, and the lack of one it needs',
      { jobInputs: 'epoch: 1' },
      /no input 'epoch'\. Its inputs are: epochs, rate\.\n.*needs the input 'epochs'/,
    ],
  ];
  for (const [what, request, sentence] of refusals) {
    it(`refuses ${what} before anything is written`, async () => {
      seed('3', {
        type: 'pipeline',
        inputs: { epochs: { type: 'integer' }, rate: { type: 'number', optional: 'True' } },
      });
      await assert.rejects(submitted(request), (error) => error instanceof UserError && sentence.test(error.message));
      assert.deepEqual(workspace.writes(), []);
    });
  }
});
