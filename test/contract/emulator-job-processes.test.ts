import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { textAt } from '../../local/emulator/json.ts';
import { startJobWorkspace, until } from './job-workspace.ts';
import type { JobWorkspace } from './job-workspace.ts';

const LOG = 'user_logs/std_log.txt';

/** A command that tells its process ids, its own and that of a child in a session of its own, and then stays. */
const PIDS =
  "python3 -c \"import os,subprocess,time; p=subprocess.Popen(['sleep','300'],start_new_session=True); open(os.environ['PIDS'],'w').write(f'{os.getppid()} {os.getpid()} {p.pid} '); time.sleep(300)\"; true";

describe('the processes of jobs', function () {
  this.timeout(60_000);
  let workspace: JobWorkspace;
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'job-processes-'));
    workspace = await startJobWorkspace();
  });
  after(async () => {
    await workspace.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const pidsIn = (file: string): Promise<readonly number[]> =>
    until(() => {
      const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
      return Promise.resolve(text.endsWith(' ') ? text.trim().split(' ').map(Number) : undefined);
    }, `process ids in ${file}`);
  const gone = (pids: readonly number[]): Promise<true> =>
    until(() => Promise.resolve(pids.some(isAlive) ? undefined : true), `the end of ${pids.join(', ')}`);
  const logUrl = async (job: string): Promise<string> =>
    until(async () => {
      const details = await workspace.data('GET', 'history/v1.0', `runs/${job}/details`);
      return textAt(details.body, 'logFiles', LOG);
    }, `the log of ${job}`);
  const errorOf = async (job: string): Promise<string> => {
    const { body } = await workspace.data('GET', 'history/v1.0', `runs/${job}/details`);
    return textAt(body, 'error', 'error', 'message') ?? '';
  };

  it('get code, literals and data, and leave their outputs on the datastore', async () => {
    const code = await workspace.putCode('copy', {
      'copy.py': 'import sys; open(sys.argv[2], "w").write(open(sys.argv[1]).read().upper() + sys.argv[3])',
      'sub/unused.txt': '',
    });
    const { blobs, settings } = workspace.emulator.context;
    const container = `azureml-blobstore-${textAt((await workspace.arm('GET', workspace.id)).body, 'properties', 'workspaceId') ?? ''}`;
    await blobs.write({ account: settings.storageAccount, container, name: 'in/a b.txt' }, 'data ');
    await workspace.putCommandJob('copies', {
      codeId: code,
      command:
        'ls; python copy.py "${{inputs.table}}" ${{outputs.out}}/copy.txt ${{inputs.word}} $[[--seed ${{inputs.seed}}]]',
      inputs: {
        table: { jobInputType: 'uri_file', uri: 'azureml://datastores/workspaceblobstore/paths/in/a b.txt' },
        word: { jobInputType: 'literal', value: 'word' },
      },
      outputs: { out: { jobOutputType: 'uri_folder' } },
    });
    await workspace.waitForState('copies', 'Completed');
    const name = 'azureml/copies/out/copy.txt';
    const copied = await blobs.read({ account: settings.storageAccount, container, name });
    assert.equal(copied?.toString(), 'DATA word');
    assert.match((await workspace.open(await logUrl('copies'))).text, /copy\.py\nlogs\noutputs\nsub\n/);
  });

  it('are told of missing data, as a failure of the user', async () => {
    const uri = 'azureml://datastores/workspaceblobstore/paths/nowhere/x.csv';
    await workspace.putCommandJob('no-data', {
      command: 'true ${{inputs.x}}',
      inputs: { x: { jobInputType: 'uri_file', uri } },
    });
    await workspace.waitForState('no-data', 'Failed');
    assert.match(await errorOf('no-data'), /Input x: nothing is stored at azureml:\/\/datastores/);
  });

  it('fail with their exit code and the end of what they wrote to stderr', async () => {
    await workspace.putCommandJob('fails', { command: 'echo fine; echo "ValueError: no rows" >&2; exit 3' });
    await workspace.waitForState('fails', 'Failed');
    assert.match(await errorOf('fails'), /exited with status code 3\..*std_log\.txt.*ValueError: no rows$/s);
  });

  it('show their log while they run, readable from any offset', async () => {
    await workspace.putCommandJob('talks', {
      command: 'echo first; while [ ! -e "$GO" ]; do sleep 0.05; done; echo second',
      environmentVariables: { GO: join(folder, 'go') },
    });
    const url = await logUrl('talks');
    await until(async () => ((await workspace.open(url)).text === 'first\n' ? true : undefined), 'the first line');
    await workspace.waitForState('talks', 'Running');
    assert.equal((await workspace.open(url, { range: 'bytes=6-' })).status, 416);
    spawn('touch', [join(folder, 'go')]);
    await workspace.waitForState('talks', 'Completed');
    const rest = await workspace.open(url, { range: 'bytes=6-' });
    assert.deepEqual([rest.status, rest.text], [206, 'second\n']);
  });

  it('end when the job is cancelled, all of them', async () => {
    const file = join(folder, 'cancelled');
    await workspace.putCommandJob('cancelled', { command: PIDS, environmentVariables: { PIDS: file } });
    const pids = await pidsIn(file);
    assert.deepEqual(pids.map(isAlive), [true, true, true]);
    await workspace.arm('POST', 'jobs/cancelled/cancel');
    const status = textAt((await workspace.arm('GET', 'jobs/cancelled')).body, 'properties', 'status');
    assert.ok(status === 'CancelRequested' || status === 'Canceled', status);
    await workspace.waitForState('cancelled', 'Canceled');
    await gone(pids);
  });

  it('end when they reach the job’s time limit', async () => {
    const limits = { jobLimitsType: 'Command', timeout: 'PT1S' };
    await workspace.putCommandJob('too-long', { command: 'sleep 300', limits });
    await workspace.waitForState('too-long', 'Canceled');
    const run = await workspace.data('GET', 'history/v1.0', 'runs/too-long');
    assert.match(textAt(run.body, 'cancelationReason') ?? '', /time limit/);
  });

  it('end with their emulator; what had ended is found again by the next one', async () => {
    const stateFolder = join(folder, 'state');
    const file = join(folder, 'closed');
    const first = await startJobWorkspace({ stateFolder });
    await first.putCommandJob('kept', { command: 'echo kept' });
    await first.waitForState('kept', 'Completed');
    await first.putCommandJob('cut', { command: PIDS, environmentVariables: { PIDS: file } });
    const pids = await pidsIn(file);
    await first.close();
    assert.deepEqual(pids.map(isAlive), [false, false, false]);

    const second = await startJobWorkspace({ stateFolder });
    try {
      const details = await second.data('GET', 'history/v1.0', 'runs/kept/details');
      assert.equal(details.body.status, 'Completed');
      assert.equal((await second.open(textAt(details.body, 'logFiles', LOG) ?? '')).text, 'kept\n');
      await second.waitForState('cut', 'Failed');
    } finally {
      await second.close();
    }
  });

  it('do not outlive an emulator that is killed', async () => {
    const file = join(folder, 'killed');
    const script = join(import.meta.dirname, 'fixtures', 'run-until-killed.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', script], {
      env: { ...process.env, JOB_COMMAND: PIDS, PIDS: file },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const pids = await pidsIn(file);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await gone(pids);
    rmSync(line, { recursive: true, force: true });
  });
});

/** True for a process that runs; one that has ended but was not waited for yet does not. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  return !existsSync('/proc/self') || (existsSync(stat) && !readFileSync(stat, 'utf8').includes(') Z '));
}
