import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { at, textAt } from '../../local/emulator/json.ts';
import { until } from './job-workspace.ts';
import { startOnlineWorkspace, type OnlineWorkspace } from './online-workspace.ts';

const VERSION = '2023-04-01-preview';

describe('online deployments of an emulator that ends', function () {
  this.timeout(120_000);
  let stateFolder: string;
  let online: OnlineWorkspace | undefined;

  beforeEach(() => {
    stateFolder = mkdtempSync(join(tmpdir(), 'online-restart-'));
  });
  afterEach(async () => {
    await online?.close();
    online = undefined;
    rmSync(stateFolder, { recursive: true, force: true });
  });

  const start = async (): Promise<OnlineWorkspace> => {
    online = await startOnlineWorkspace({ stateFolder });
    return online;
  };
  const stateOf = async (workspace: OnlineWorkspace, path: string): Promise<string | undefined> =>
    textAt((await workspace.arm('GET', path, VERSION)).body, 'properties', 'provisioningState');

  it('come back with the state it kept, in new processes and with the same keys', async () => {
    const first = await start();
    await first.putAssets();
    const key = await first.putServing('lasting', 'main');
    const before = at((await first.score('lasting', {}, { key })).body, 'pid');
    await first.close();
    assert.ok(!isAlive(Number(before)));

    const second = await start();
    const answer = await second.score('lasting', { numbers: [4] }, { key });
    assert.deepEqual([answer.status, at(answer.body, 'sum')], [200, 4]);
    assert.notEqual(at(answer.body, 'pid'), before);
  });

  it('are Failed when they never came up, and what they were when they were being changed', async () => {
    const first = await start();
    await first.putAssets();
    await first.putServing('cut-off', 'main');
    first.emulator.addFaults([{ switch: 'stuckOperation' }]);
    const path = 'onlineEndpoints/cut-off/deployments';
    await first.arm('PUT', `${path}/coming`, VERSION, first.deploymentBody('coming'));
    await first.arm('PUT', `${path}/main`, VERSION, first.deploymentBody('main'));
    await first.arm('PUT', 'onlineEndpoints/half-made', VERSION, {
      location: 'westeurope',
      properties: { authMode: 'Key' },
    });
    await first.close();

    const second = await start();
    assert.equal(await stateOf(second, `${path}/coming`), 'Failed');
    assert.equal(await stateOf(second, `${path}/main`), 'Succeeded');
    assert.equal(await stateOf(second, 'onlineEndpoints/half-made'), 'Failed');
    const refused = await second.arm(
      'PUT',
      'onlineEndpoints/half-made/deployments/any-one',
      VERSION,
      second.deploymentBody('any-one'),
    );
    assert.match(refused.text, /has not been created successfully\. Please recreate the endpoint\./);
  });

  it('do not outlive it when it is killed, and come back when it starts again', async () => {
    const script = join(import.meta.dirname, 'fixtures', 'serve-until-killed.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', script], {
      env: { ...process.env, STATE_FOLDER: stateFolder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const { pid, key } = JSON.parse(line) as { pid: number; key: string };
    assert.ok(isAlive(pid));
    // The blob server writes its index every few seconds; what a kill before that loses is not what this is about.
    const index = join(stateFolder, 'blob', 'blobs.json');
    await until(() => {
      const text = existsSync(index) ? readFileSync(index, 'utf8') : '';
      return Promise.resolve(['score.py', 'weights.json'].every((name) => text.includes(name)) ? true : undefined);
    }, 'the blobs to be on disk');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await until(() => Promise.resolve(isAlive(pid) ? undefined : true), `the end of ${pid}`);

    const again = await start();
    assert.equal((await again.score('survivor', {}, { key })).status, 200);
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
