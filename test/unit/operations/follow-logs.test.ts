import assert from 'node:assert/strict';
import { LogFollower } from '../../../tasks/common/operations/follow-logs.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { FakeWorkspace, serviceError } from '../fakes/fake-workspace.ts';

const URL = 'https://store.blob.core.windows.net/azureml/std_log.txt?sig=x';

describe('following a log', () => {
  let agent: FakeAgent;
  let workspace: FakeWorkspace;
  let follower: LogFollower;
  const run = { id: 'r', logFiles: { 'user_logs/std_log.txt': URL, 'system_logs/x.txt': 'https://other' } };
  const encoder = new TextEncoder();
  const write = (bytes: Uint8Array): void => {
    workspace.logs.set(URL, new Uint8Array([...(workspace.logs.get(URL) ?? []), ...bytes]));
  };

  beforeEach(() => {
    agent = new FakeAgent();
    workspace = new FakeWorkspace();
    follower = new LogFollower({ agent, workspace }, true);
  });

  it('reads every byte once, however often it looks', async () => {
    let written = 0;
    for (let poll = 0; poll < 50; poll += 1) {
      const text = encoder.encode(`line ${poll}\n`);
      written += text.length;
      write(text);
      await follower.follow(run, '', false);
    }
    await follower.follow(run, '', true);
    assert.equal(
      workspace.ranges.reduce((sum, { bytes }) => sum + bytes, 0),
      written,
    );
    assert.deepEqual(
      agent.log.lines,
      Array.from({ length: 50 }, (_, index) => `line ${index}`),
    );
  });

  it('writes whole lines, also when a character is split between two reads', async () => {
    const bytes = encoder.encode('naïve ✔\nnext');
    write(bytes.slice(0, 4));
    await follower.follow(run, 'train', false);
    write(bytes.slice(4));
    await follower.follow(run, 'train', false);
    assert.deepEqual(agent.log.lines, ['train | naïve ✔']);
    await follower.follow(run, 'train', true);
    assert.deepEqual(agent.log.lines, ['train | naïve ✔', 'train | next']);
  });

  for (const order of ['little', 'big'] as const) {
    it(`reads UTF-16 where the log starts with its mark (${order} endian), whatever is there at first`, async () => {
      const bytes = Buffer.from('\uFEFFnaïve\nlast\n', 'utf16le');
      if (order === 'big') bytes.swap16();
      for (const byte of bytes) {
        write(new Uint8Array([byte]));
        await follower.follow(run, '', false);
      }
      await follower.follow(run, '', true);
      assert.deepEqual(agent.log.lines, ['naïve', 'last']);
    });
  }

  it('takes its turn in pieces while the job runs, and reads to the end once it has ended', async () => {
    write(encoder.encode(`${'x'.repeat(99)}\n`.repeat(10_000)));
    await follower.follow(run, '', false);
    const first = agent.log.lines.length;
    assert.ok(first > 0 && first < 10_000);
    await follower.follow(run, '', true);
    assert.equal(agent.log.lines.length, 10_000);
  });

  it('keeps no more than the last lines, also of a log without line breaks', async () => {
    write(encoder.encode('y'.repeat(1_000_000)));
    await follower.follow(run, '', true);
    assert.ok(agent.log.lines.every((line) => line.length <= 16_384));
    assert.equal(agent.log.lines.join('').length, 1_000_000);
    assert.equal(follower.tail('r').length, 20);
  });

  it('shows the log of the first rank only', async () => {
    const names = ['user_logs/std_log_process_0.txt', 'user_logs/std_log_process_1.txt'];
    const logFiles = Object.fromEntries(names.map((name) => [name, `https://x/${name}`]));
    await follower.follow({ id: 'r', logFiles }, '', false);
    assert.deepEqual(
      workspace.calls.map(({ path }) => path),
      ['https://x/user_logs/std_log_process_0.txt'],
    );
  });

  it('says once that logs are out of reach, and stops asking', async () => {
    workspace.fault = (method) => {
      if (method === 'RANGE') throw serviceError(0, 'ENOTFOUND', 'store.blob.core.windows.net could not be found');
    };
    for (let poll = 0; poll < 10; poll += 1) await follower.follow(run, '', false);
    assert.equal(agent.log.warnings.length, 1);
    assert.match(agent.log.warnings[0] ?? '', /could not be found.*the wait goes on/);
    assert.equal(workspace.calls.length, 3);
    assert.equal(follower.isReachable, false);
  });

  it('forgets a failure that passes', async () => {
    for (let poll = 0; poll < 10; poll += 1) {
      workspace.fault = () => {
        if (poll % 2 === 0) throw serviceError(503);
      };
      await follower.follow(run, '', false);
    }
    assert.equal(follower.isReachable, true);
    assert.deepEqual(agent.log.warnings, []);
  });
});
