import assert from 'node:assert/strict';
import { installedNodeBinaries } from '../../local/agent/handler.ts';
import type { LogLine } from '../../local/agent/job-request.ts';
import type { JobRecord } from '../../local/agent/records.ts';
import type { Scheme } from '../../local/emulated-service.ts';
import { scripted } from '../contract/local-agent-fixture.ts';
import { errorsOf, openBench, outputsOf, stepOf, task, type Bench } from './pipeline-job.ts';

const SCHEMA = '$schema: https://azuremlschemas.azureedge.net/latest/';
const SET = '##vso[task.setvariable variable=pwned]1';
const COMPLETE = '##vso[task.complete result=Succeeded;]';

/** Writes commands in every way a log may carry them, and ends in an error that is one itself. */
const HOSTILE = `import sys
def write(*parts):
    for part in parts:
        sys.stdout.write(part)
        sys.stdout.flush()
write("${SET}\\n")
write("##vs", "o[task.setvar", "iable variable=pwned]1\\n")
write("before ${SET}\\n", "\\r${SET}\\r\\n")
write("\\x1b[31m${SET}\\x1b[0m\\n", "\\x1b[1m##\\x1b[0mvso[task.setvariable variable=pwned]1\\n")
write("##[error]not ours\\n", "##vso[no.such command=1;]x\\n", "${COMPLETE}\\n")
sys.stderr.write("${SET}\\n${COMPLETE}\\n")
raise SystemExit("${SET}")
`;

/** A log in UTF-16, and a metric whose name is a command, of a job that completes. */
const SLY = `import json, os, sys, urllib.request
sys.stdout.buffer.write(b"\\xff\\xfe" + "${SET}\\n${COMPLETE}\\nsly\\n".encode("utf-16-le"))
sys.stdout.flush()
url = os.environ["MLFLOW_TRACKING_URI"].replace("azureml://", "https://", 1) + "/api/2.0/mlflow/runs/log-metric"
body = {"run_id": os.environ["MLFLOW_RUN_ID"], "key": "${SET}", "value": 1, "timestamp": 1, "step": 0}
headers = {"Content-Type": "application/json", "Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"]}
urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers), timeout=30).read()
`;

function commandJob(more: readonly string[]): string {
  return [
    `${SCHEMA}commandJob.schema.json`,
    'environment: azureml:plain:1',
    'compute: azureml:cpu-cluster',
    ...more,
    '',
  ].join('\n');
}

describe('foreign text and secrets', function () {
  this.timeout(90_000);
  let bench: Bench;

  before(async () => {
    bench = await openBench();
    bench.write('plain.yml', `${SCHEMA}environment.schema.json\nname: plain\nversion: '1'\nimage: ubuntu\n`);
    bench.write('hostile/job.py', HOSTILE);
    bench.write(
      'hostile.yml',
      commandJob([
        'code: hostile',
        'command: python3 job.py',
        `display_name: '${SET}'`,
        `description: '${COMPLETE}'`,
        `tags: { note: '${SET}', '##[error]': x }`,
      ]),
    );
    bench.write('sly/job.py', SLY);
    bench.write('sly.yml', commandJob(['code: sly', 'command: python3 job.py']));
    bench.write('honest/job.py', 'import sys\nopen(sys.argv[1] + "/model.txt", "w").write("1")\nprint("trained")\n');
    bench.write(
      'honest.yml',
      commandJob([
        'code: honest',
        'command: python3 job.py ${{outputs.model}}',
        'outputs: { model: { type: custom_model } }',
      ]),
    );
    const applied = await bench.run([task('AmlApply', { files: 'plain.yml' }, { name: 'apply' })]);
    assert.equal(stepOf(applied, 'apply').result, 'Succeeded');
  });
  after(() => bench.close());

  for (const debug of ['false', 'true']) {
    it(`obeys no command in what a job writes (System.Debug ${debug})`, async () => {
      const record = await bench.run(
        [
          task('AmlRunJob', { jobFile: 'hostile.yml' }, { name: 'train' }),
          scripted('console.log("pwned is", process.env.PWNED ?? "unset")', { name: 'later', condition: 'always()' }),
        ],
        { variables: { 'System.Debug': { value: debug }, 'Build.BuildId': { value: debug } } },
      );
      const train = stepOf(record, 'train');
      assert.equal(train.result, 'Failed');
      assert.equal(record.result, 'Failed');
      assert.deepEqual(Object.keys(outputsOf(train)).sort(), ['failureKind', 'jobName', 'jobStatus', 'jobUrl']);
      assert.equal(outputsOf(train).jobStatus, 'Failed');
      assert.ok(stepOf(record, 'later').log.includes('pwned is unset'));
      const [error, ...more] = errorsOf(train);
      assert.match(error ?? '', /failed, because of an error of its own code/);
      assert.deepEqual(more, []);
      const warnings = train.issues.filter(({ type }) => type === 'warning');
      assert.deepEqual(warnings, []);
      // The text itself is not lost.
      assert.ok(train.log.some((line) => line.includes('task.setvariable variable=pwned')));
      for (const line of train.log) assert.doesNotMatch(line, /##vso\[(task\.setvariable variable=pwned|no\.such)/);
      for (const { markdown } of record.summaries) assert.doesNotMatch(markdown, /##(vso)?\[/);
    });
  }

  it('obeys no command in UTF-16, in the name of a metric, or in what several jobs are called', async () => {
    const record = await bench.run(
      [
        task('AmlRunJob', { jobFile: 'sly.yml' }, { name: 'train' }),
        task('AmlRunJob', { jobFile: 'hostile.yml', waitForCompletion: 'false' }, { name: 'hostile' }),
        task('AmlAwaitJob', { onlyThisRun: 'true', expectedCount: '2' }, { name: 'wait' }),
        scripted('console.log("pwned is", process.env.PWNED ?? "unset")', { name: 'later', condition: 'always()' }),
      ],
      { variables: { 'Build.BuildId': { value: 'sly' } } },
    );
    const [train, wait] = [stepOf(record, 'train'), stepOf(record, 'wait')];
    assert.equal(train.result, 'Succeeded', errorsOf(train).join('\n'));
    assert.ok(train.log.some((line) => line.endsWith('sly')));
    assert.deepEqual(JSON.parse(outputsOf(train).metrics ?? ''), { [SET]: 1 });
    assert.equal(wait.result, 'Failed');
    assert.equal(outputsOf(wait).jobStatus, 'Failed');
    assert.ok(stepOf(record, 'later').log.includes('pwned is unset'));
    for (const { markdown } of record.summaries) assert.doesNotMatch(markdown, /##(vso)?\[/);
  });

  const flows: readonly (readonly [Scheme, string, 20 | 24])[] = [
    ['secret', 'false', 20],
    ['secret', 'true', 20],
    ['federation', 'true', 24],
    ['certificate', 'true', 20],
    ['managed-identity', 'true', 20],
  ];
  for (const [scheme, debug, node] of flows) {
    it(`shows no secret to anyone (${scheme}, System.Debug ${debug}, Node ${node})`, async function () {
      if (node === 24 && installedNodeBinaries().node24 === undefined) this.skip();
      const lines: LogLine[] = [];
      const variables = { 'System.Debug': { value: debug }, 'Build.BuildId': { value: `${scheme}${debug}` } };
      const record = await bench.run(
        [
          task('AmlApply', { files: 'plain.yml' }, { name: 'apply' }),
          task('AmlRunJob', { jobFile: 'honest.yml', downloadOutputs: 'model' }, { name: 'train' }),
          task(
            'AmlRegisterModel',
            { modelName: 'honest', source: 'path', path: 'honest/job.py', jobName: '$(train.jobName)' },
            { name: 'register' },
          ),
        ],
        { scheme, variables, node, onLine: (line) => lines.push(line) },
      );
      for (const step of record.steps) assert.equal(step.result, 'Succeeded', errorsOf(step).join('\n'));
      const shown = [...lines.map(({ text }) => text), ...published(record)].join('\n');
      assert.match(shown, /trained/);
      assert.equal(shown.includes('##[debug]'), debug === 'true');
      assertNoSecret(bench, shown);
    });
  }
});

/** What others can read beside the log: summaries, attachments, issues, outputs. */
function published({ steps, outputs }: JobRecord): readonly string[] {
  return [
    ...steps.flatMap(({ attachments }) => attachments.map(({ content }) => content?.toString('utf8') ?? '')),
    ...steps.flatMap(({ issues }) => issues.map(({ message }) => message)),
    ...Object.values(outputs).map(({ value }) => value),
  ];
}

function assertNoSecret({ emulator }: Bench, shown: string): void {
  const { principal, systemAccessToken, storageKey } = emulator.settings;
  const secrets = [principal.clientSecret, systemAccessToken, storageKey];
  for (const secret of secrets) {
    for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]) {
      assert.ok(!shown.includes(form), 'a secret of the connection or the pipeline is shown');
    }
  }
  assert.doesNotMatch(shown, /eyJ[\w-]{8,}\.eyJ[\w-]{8,}\./, 'a token is shown');
  assert.doesNotMatch(shown, /[?&]sig=(?!\*\*\*|REDACTED|…)[^&\s]/i, 'a signature of storage is shown');
  assert.doesNotMatch(shown, /PRIVATE KEY-----\s*\w/, 'a private key is shown');
}
