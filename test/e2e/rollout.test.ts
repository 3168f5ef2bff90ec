import assert from 'node:assert/strict';
import type { JobRequest } from '../../local/agent/job-request.ts';
import { valueAt } from '../../local/workspace-reader.ts';
import { errorsOf, openBench, outputsOf, stepOf, task, type Bench } from './pipeline-job.ts';

const SCHEMA = '$schema: https://azuremlschemas.azureedge.net/latest/';
const ENDPOINT = 'onlineEndpoints/answers';
/** SIGKILL follows at once: the step has no time for anything. */
const NO_GRACE = { sigint: 1, sigterm: 1 };

const SCORE = `import os
def init():
    global answer
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "answer.txt")) as file:
        answer = file.read().strip()
def run(raw_data):
    return {"answer": answer}
`;

describe('a rollout by its steps', function () {
  this.timeout(120_000);
  let bench: Bench;

  before(async () => {
    bench = await openBench();
    bench.write('plain.yml', `${SCHEMA}environment.schema.json\nname: plain\nversion: '1'\nimage: ubuntu\n`);
    bench.write('endpoint.yml', `${SCHEMA}managedOnlineEndpoint.schema.json\nname: answers\nauth_mode: key\n`);
    bench.write('score/score.py', SCORE);
    bench.write('request.json', '{}');
    for (const answer of ['yes', 'no']) {
      bench.write(`${answer}/answer.txt`, answer);
      bench.write(
        `${answer}.yml`,
        [
          `${SCHEMA}managedOnlineDeployment.schema.json`,
          'name: blue',
          'endpoint_name: answers',
          `model: { path: ${answer}/answer.txt, type: custom_model }`,
          'code_configuration: { code: score, scoring_script: score.py }',
          'environment: azureml:plain:1',
          'instance_type: Standard_DS3_v2',
          'instance_count: 1',
          '',
        ].join('\n'),
      );
    }
    await bench.run([task('AmlApply', { files: 'plain.yml' }, { name: 'apply' })]);
    const first = await deploy('yes', '', '1');
    assert.equal(first.result, 'Succeeded', errorsOf(first).join('\n'));
  });
  after(() => bench.close());

  async function run(
    name: string,
    inputs: Readonly<Record<string, string>>,
    build: string,
    request: Partial<JobRequest> = {},
  ) {
    const record = await bench.run([task(name, inputs, { name: 'step' })], {
      ...request,
      variables: { 'Build.BuildId': { value: build }, 'System.StageName': { value: name } },
    });
    return { ...stepOf(record, 'step'), post: stepOf(record, 'step', 'post') };
  }

  const deploy = (answer: string, rolloutPlan: string, build: string, request: Partial<JobRequest> = {}) =>
    run(
      'AmlDeployOnlineEndpoint',
      { endpointFile: 'endpoint.yml', deploymentFile: `${answer}.yml`, smokeRequestFile: 'request.json', rolloutPlan },
      build,
      request,
    );

  const shift = (inputs: Readonly<Record<string, string>>, build: string) =>
    run('AmlShiftTraffic', { endpointName: 'answers', smokeRequestFile: 'request.json', ...inputs }, build);

  async function state(): Promise<readonly unknown[]> {
    const endpoint = await bench.workspace.get(ENDPOINT);
    return [
      valueAt(endpoint, 'properties', 'traffic'),
      (valueAt(endpoint, 'tags') as Record<string, unknown> | undefined)?.['azdo.rollout.state'],
    ];
  }

  it('is undone by the post-job step when the agent kills it between two shares', async () => {
    const kill = new AbortController();
    const step = await deploy('no', 'steps: [smoke, traffic: 10, hold: 45m, traffic: 100]', '2', {
      cancel: kill.signal,
      grace: NO_GRACE,
      onLine: ({ text }) => {
        if (text.includes('green has 10 % of the traffic')) kill.abort();
      },
    });
    assert.equal(step.endedBy, 'SIGKILL', errorsOf(step).join('\n'));
    assert.equal(step.post.result, 'Succeeded', errorsOf(step.post).join('\n'));
    assert.deepEqual(await state(), [{ blue: 100 }, undefined]);
  });

  it('stands still between its steps for an approval, and is nobody else’s meanwhile', async () => {
    const paused = await deploy('no', 'steps: [smoke, traffic: 10, pause: 72h]', '3');
    assert.equal(paused.result, 'Succeeded', errorsOf(paused).join('\n'));
    assert.equal(outputsOf(paused).rolloutState, 'paused');
    assert.deepEqual(await state(), [{ blue: 90, green: 10 }, 'waiting']);
    const other = await deploy('yes', '', '4');
    assert.equal(other.result, 'Failed');
    assert.match(errorsOf(other).join('\n'), /Another rollout of answers waits for its next step \(e2e, run 3/);
    const half = await shift({ trafficPercent: '50', analysis: 'smoke: { requests: 5 }' }, '3');
    assert.equal(half.result, 'Succeeded', errorsOf(half).join('\n'));
    assert.equal(outputsOf(half).traffic, '{"blue":50,"green":50}');
    const all = await shift({ trafficPercent: '100', keepOldDeploymentHours: '24' }, '3');
    assert.deepEqual([outputsOf(all).rolloutState, await state()], ['finished', [{ green: 100 }, 'finished']]);
  });

  it('is rolled back by the hook of a deployment job, also when it had finished', async () => {
    const back = await shift({ mode: 'rollback' }, '3');
    assert.equal(back.result, 'Succeeded', errorsOf(back).join('\n'));
    assert.deepEqual([outputsOf(back).rolloutState, await state()], ['rolledBack', [{ blue: 100 }, undefined]]);
    const again = await shift({ mode: 'rollback' }, '3');
    assert.deepEqual([again.result, outputsOf(again).rolloutState], ['Succeeded', 'none']);
  });

  it('runs a command of its plan only when it is told to, and obeys nothing that it says', async () => {
    const plan =
      "steps: [traffic: 10, analyse: { command: { run: [node, -e, 'console.log(`##vso[task.complete result=Succeeded;]no`); process.exit(3)'] } }, traffic: 100]";
    const refused = await deploy('no', plan, '5');
    assert.match(errorsOf(refused).join('\n'), /set 'allowAnalysisCommands'/);
    const inputs = {
      deploymentFile: 'no.yml',
      smokeRequestFile: 'request.json',
      rolloutPlan: plan,
      allowAnalysisCommands: 'true',
    };
    const failed = await run('AmlDeployOnlineEndpoint', inputs, '5');
    assert.equal(failed.result, 'Failed');
    assert.match(errorsOf(failed).join('\n'), /green did not pass its analysis: 'node .*' ended with 3/s);
    assert.deepEqual(await state(), [{ blue: 100 }, undefined]);
  });
});
