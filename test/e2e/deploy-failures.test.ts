import assert from 'node:assert/strict';
import { valueAt } from '../../local/workspace-reader.ts';
import { errorsOf, openBench, outputsOf, stepOf, task, type Bench } from './pipeline-job.ts';

const SCHEMA = '$schema: https://azuremlschemas.azureedge.net/latest/';
const ENDPOINT = 'onlineEndpoints/answers';

/** A scoring script whose model is the answer itself. */
const SCORE = `import json, os
def init():
    global answer
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "answer.txt")) as file:
        answer = file.read().strip()
    if answer == "broken":
        raise RuntimeError("the model is ##vso[task.complete result=Succeeded;] broken")
def run(raw_data):
    return {"answer": answer, "asked": json.loads(raw_data)["question"]}
`;

describe('a deployment that goes wrong', function () {
  this.timeout(120_000);
  let bench: Bench;
  let runs = 0;

  before(async () => {
    bench = await openBench();
    bench.write('plain.yml', `${SCHEMA}environment.schema.json\nname: plain\nversion: '1'\nimage: ubuntu\n`);
    bench.write('endpoint.yml', `${SCHEMA}managedOnlineEndpoint.schema.json\nname: answers\nauth_mode: key\n`);
    bench.write('score/score.py', SCORE);
    bench.write('request.json', '{"question": "what?"}');
    for (const answer of ['yes', 'no', 'broken']) {
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
    const first = await deploy('yes', { files: 'plain.yml' });
    assert.equal(first.result, 'Succeeded', errorsOf(first).join('\n'));
  });
  after(() => bench.close());

  async function deploy(answer: string, apply?: Readonly<Record<string, string>>) {
    runs += 1;
    const inputs = {
      endpointFile: 'endpoint.yml',
      deploymentFile: `${answer}.yml`,
      smokeRequestFile: 'request.json',
      smokeAssertions: '- path: $.answer\n  equals: "yes"',
    };
    const steps = [
      ...(apply === undefined ? [] : [task('AmlApply', apply, { name: 'apply' })]),
      task('AmlDeployOnlineEndpoint', inputs, { name: 'deploy' }),
    ];
    const record = await bench.run(steps, { variables: { 'Build.BuildId': { value: String(runs) } } });
    return stepOf(record, 'deploy');
  }

  async function traffic(): Promise<unknown> {
    return valueAt(await bench.workspace.get(ENDPOINT), 'properties', 'traffic');
  }

  it('keeps the traffic when the answer to the smoke test is not what it must be', async () => {
    bench.emulator.clearRequests();
    const step = await deploy('no');
    assert.equal(step.result, 'Failed');
    assert.match(errorsOf(step).join('\n'), /green.*\$\.answer is "no", not "yes"/s);
    assert.deepEqual(await traffic(), { blue: 100 });
    // It was reserved and given free; nobody was ever sent elsewhere.
    const endpoint = await bench.workspace.get(ENDPOINT);
    assert.deepEqual(Object.keys(valueAt(endpoint, 'tags') ?? {}), []);
    assert.equal(outputsOf(step).traffic, '{"blue":100}');
  });

  it('shows the end of the container’s log when the scoring script raises', async () => {
    const step = await deploy('broken');
    assert.equal(step.result, 'Failed');
    assert.equal(errorsOf(step).length, 1);
    assert.match(errorsOf(step).join('\n'), /The deployment green failed.*RuntimeError: the model is .* broken/s);
    assert.deepEqual(await traffic(), { blue: 100 });
  });

  it('leaves what serves this already alone', async () => {
    bench.emulator.clearRequests();
    const step = await deploy('yes');
    assert.equal(step.result, 'Succeeded', errorsOf(step).join('\n'));
    assert.equal(outputsOf(step).deploymentName, 'blue');
    assert.deepEqual(bench.emulator.requests({ plane: 'arm', method: 'PUT', path: 'onlineEndpoints' }), []);
    assert.equal(valueAt(await bench.workspace.get(ENDPOINT), 'properties', 'publicNetworkAccess'), 'Disabled');
  });

  it('fails an invocation with the value that was seen, and shows no key of the endpoint', async () => {
    const lines: string[] = [];
    const inputs = {
      endpointName: 'answers',
      requestFile: 'request.json',
      assertions: '- path: $.answer\n  equals: maybe\n- path: $.nothing\n  exists: true',
    };
    const record = await bench.run([task('AmlInvokeEndpoint', inputs, { name: 'invoke' })], {
      variables: { 'System.Debug': { value: 'true' } },
      onLine: ({ text }) => lines.push(text),
    });
    const step = stepOf(record, 'invoke');
    assert.equal(step.result, 'Failed');
    assert.match(errorsOf(step).join('\n'), /\$\.answer is "yes", not "maybe".*\$\.nothing/s);
    const keys = Object.values(JSON.parse(await bench.post(`${ENDPOINT}/listKeys`)) as Record<string, string>);
    assert.equal(keys.length, 2);
    for (const key of keys) assert.ok(!lines.join('\n').includes(key), 'a key is shown');
  });
});
