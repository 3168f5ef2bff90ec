import assert from 'node:assert/strict';
import { UserError } from '../../../tasks/common/errors.ts';
import { textAt, type JsonObject } from '../../../tasks/common/domain/json.ts';
import { ownedJob } from '../../../tasks/common/operations/cancel-job.ts';
import { submitJob, type Submission, type SubmitRequest } from '../../../tasks/common/operations/submit-job.ts';
import type { PipelineRun } from '../../../tasks/common/ports.ts';
import { FakeAgent, SOURCES } from '../fakes/fake-agent.ts';
import { FakeWorkspace } from '../fakes/fake-workspace.ts';

const JOB = `
type: command
command: python train.py
code: src
environment: azureml:env:1
compute: azureml:cpu
`;
const FILES = { 'job.yml': JOB, 'src/train.py': 'print(1)' };

describe('submitting a job', () => {
  let workspace: FakeWorkspace;

  beforeEach(() => {
    workspace = new FakeWorkspace();
    workspace.seed('computes/cpu', {});
  });

  /** One attempt of a step: a new process, and the same workspace. */
  async function submit(
    request: Partial<SubmitRequest> = {},
    files: Readonly<Record<string, string>> = FILES,
    run: Partial<PipelineRun> = {},
  ): Promise<Submission & { readonly agent: FakeAgent }> {
    const agent = new FakeAgent(files, run);
    const submission = await submitJob(
      { agent, workspace },
      {
        jobSource: 'file',
        jobFile: `${SOURCES}/job.yml`,
        overrides: [],
        name: undefined,
        experimentName: undefined,
        allowPathsOutsideSources: false,
        cancelsWithStep: true,
        ...request,
      },
    );
    return { ...submission, agent };
  }

  const jobs = (): readonly string[] =>
    workspace.writes().flatMap(({ path }) => (path.startsWith('jobs/') ? [path.slice(5)] : []));

  function setStatus(name: string, status: string): void {
    const job = workspace.resources.get(`jobs/${name}`);
    workspace.resources.set(`jobs/${name}`, { ...job, properties: { ...(job?.properties as JsonObject), status } });
  }

  it('names the job after pipeline, run and step, and says where it comes from', async () => {
    const { name, how, job } = await submit();
    assert.equal(how, 'submitted');
    assert.match(name, /^churn-ci-4711-run-[0-9a-f]{8}$/);
    assert.equal(textAt(job, 'properties', 'experimentName'), 'Churn CI');
    assert.equal(textAt(job, 'properties', 'properties', 'azdo.buildId'), '4711');
    assert.equal(textAt(job, 'properties', 'properties', 'mlflow.source.git.branch'), 'main');
    assert.match(textAt(job, 'properties', 'tags', 'azdo.submission') ?? '', /^[0-9a-f-]{36}$/);
    assert.match(textAt(job, 'properties', 'tags', 'azdo.fingerprint') ?? '', /^[0-9a-f-]{36}$/);
  });

  it('notes the job before it submits it', async () => {
    let noted: string | undefined;
    const agent = new FakeAgent(FILES);
    workspace.fault = (method, path) => {
      if (method === 'PUT' && path.startsWith('jobs/')) noted = agent.variables.get('jobName');
    };
    const { name } = await submitJob(
      { agent, workspace },
      {
        jobSource: 'file',
        jobFile: `${SOURCES}/job.yml`,
        overrides: [],
        name: undefined,
        experimentName: undefined,
        allowPathsOutsideSources: false,
        cancelsWithStep: true,
      },
    );
    assert.equal(noted, name);
  });

  it('notes nothing where nobody is to cancel the job', async () => {
    assert.equal(ownedJob((await submit({ cancelsWithStep: false })).agent.memory), undefined);
  });

  it('attaches to the job of an earlier attempt while it runs', async () => {
    const first = await submit();
    setStatus(first.name, 'Running');
    const second = await submit();
    assert.deepEqual([second.how, second.name], ['attached', first.name]);
    assert.equal(jobs().length, 1);
    assert.equal(ownedJob(second.agent.memory), first.name);
  });

  it('uses the result of a job that has completed meanwhile', async () => {
    const first = await submit();
    setStatus(first.name, 'Completed');
    const second = await submit();
    assert.deepEqual([second.how, second.name], ['reused', first.name]);
    assert.equal(ownedJob(second.agent.memory), undefined);
  });

  for (const status of ['Failed', 'Canceled', 'CancelRequested']) {
    it(`submits anew, under the next name, after ${status}`, async () => {
      const first = await submit();
      setStatus(first.name, status);
      const second = await submit();
      setStatus(second.name, status);
      const third = await submit();
      assert.deepEqual(jobs(), [first.name, `${first.name}-2`, `${first.name}-3`]);
      assert.equal(third.how, 'submitted');
      assert.equal((third.job.properties as JsonObject).displayName, `${first.name}-3`);
    });
  }

  it('is one job when two attempts submit at the same moment', async () => {
    const [first, second] = await Promise.all([submit(), submit()]);
    assert.equal(first.name, second.name);
    assert.deepEqual([...new Set(jobs())], [first.name]);
  });

  it('overwrites nothing while a job with other content runs', async () => {
    const first = await submit();
    setStatus(first.name, 'Running');
    await assert.rejects(submit({}, { ...FILES, 'src/train.py': 'print(2)' }), (error) => {
      return (
        error instanceof UserError &&
        error.message.includes(`The job ${first.name}`) &&
        error.message.includes('still runs')
      );
    });
    assert.equal(jobs().length, 1);
  });

  it('does not take changed content for the job that has completed', async () => {
    const first = await submit();
    setStatus(first.name, 'Completed');
    const second = await submit({ overrides: ['description=other'] });
    assert.deepEqual([second.how, second.name], ['submitted', `${first.name}-2`]);
  });

  it('keeps the fingerprint when only commit, requester or folder differ', async () => {
    const first = await submit();
    setStatus(first.name, 'Running');
    const second = await submit({}, FILES, { sourceVersion: 'other', requestedFor: 'Grace', buildUrl: undefined });
    assert.equal(second.how, 'attached');
  });

  it('keeps runs, steps and matrix legs apart', async () => {
    const names = [
      (await submit()).name,
      (await submit({}, FILES, { buildId: '4712' })).name,
      (await submit({}, FILES, { taskInstanceName: 'other' })).name,
      (await submit({}, FILES, { jobLeg: 'leg 2' })).name,
    ];
    assert.equal(new Set(names).size, 4);
  });

  it('uses a name that is given as it is, and attaches to it in a retry', async () => {
    const first = await submit({ name: 'nightly' });
    assert.equal(first.name, 'nightly');
    setStatus('nightly', 'Running');
    assert.equal((await submit({ name: 'nightly' })).how, 'attached');
  });

  it('refuses a given name that another job has', async () => {
    workspace.seedJob('nightly', 'Completed');
    await assert.rejects(submit({ name: 'nightly' }), /already a job named 'nightly' \(Completed\)/);
    assert.deepEqual(jobs(), []);
    assert.deepEqual(workspace.uploads, []);
  });

  it('refuses wrong YAML and wrong names before anything is sent', async () => {
    await assert.rejects(submit({}, { 'job.yml': 'type: command\ncomand: x\n' }), /job\.yml:2.*comand/);
    await assert.rejects(submit({ name: 'no blanks' }), /not a name for a job/);
    await assert.rejects(submit({ overrides: ['epochs'] }), /form path=value/);
    assert.deepEqual(workspace.calls, []);
  });

  it('uploads unchanged code once', async () => {
    const first = await submit();
    setStatus(first.name, 'Failed');
    await submit();
    assert.equal(workspace.uploads.length, 1);
    const codes = workspace.writes().filter(({ path }) => path.startsWith('codes/'));
    assert.equal(codes.length, 1);
  });

  it('asks for compute that exists before it uploads', async () => {
    workspace.resources.delete('computes/cpu');
    const step = '{ type: command, command: x, code: src, environment: azureml:env:1, compute: azureml:cpu }';
    const pipeline = `type: pipeline\njobs:\n  train: ${step}\n`;
    await assert.rejects(submit({}, { ...FILES, 'job.yml': pipeline }), UserError);
    assert.deepEqual(workspace.uploads, []);
    assert.deepEqual(jobs(), []);
  });
});
