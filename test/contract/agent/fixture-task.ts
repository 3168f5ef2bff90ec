// A task that does one thing a scenario asks for; bundled as real tasks are, and run in a process of its own.
import { setTimeout as sleep } from 'node:timers/promises';
import { runPostJob, runTask, type TaskAgent } from '../../../tasks/common/agent/run-task.ts';
import { ServiceError, TimedOutError, UserError } from '../../../tasks/common/errors.ts';

const ATTACK = '##vso[task.complete result=Failed;]attack';

/** Waits for the signal, as every operation does, and rejects with its reason. */
function untilStopped(agent: TaskAgent): Promise<never> {
  return new Promise((_, reject) => {
    const alive = setInterval(() => undefined, 1000);
    agent.signal.addEventListener('abort', () => {
      clearInterval(alive);
      reject(agent.signal.reason as Error);
    });
  });
}

type Publish = (outputs: object) => void;

const scenarios: Readonly<Record<string, (agent: TaskAgent, publish: Publish) => Promise<object>>> = {
  outputs: () => Promise.resolve({ jobName: 'train', metrics: undefined, url: 'https://x/?a=1&b=2' }),
  publishedOutputs: (_, publish) => {
    publish({ jobName: 'train', metrics: undefined });
    return Promise.reject(new UserError('then it failed'));
  },
  userError: () => Promise.reject(new UserError([{ message: 'first' }, { message: 'second', file: 'a.yml', line: 2 }])),
  serviceError: () => Promise.reject(new ServiceError({ status: 404, code: 'NotFound', message: 'Gone.' })),
  timedOut: () => Promise.reject(new TimedOutError('Too long.')),
  thrownAtOnce: () => {
    throw new Error('at once');
  },
  thrownText: () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- what some libraries do
    throw 'only a text';
  },
  unhandledRejection: (agent) => {
    void Promise.reject(new Error('nobody caught me'));
    return untilStopped(agent);
  },
  uncaughtException: (agent) => {
    setImmediate(() => {
      throw new Error('out of nowhere');
    });
    return untilStopped(agent);
  },
  nothingToWaitFor: () => new Promise(() => undefined),
  openHandle: () => {
    setInterval(() => undefined, 1000);
    return Promise.resolve({});
  },
  largeOutput: (agent) => {
    for (let line = 0; line < 200_000; line += 1) agent.log.info(`line ${line} ${'x'.repeat(40)}`);
    return Promise.resolve({ lines: '200000' });
  },
  untilStopped: async (agent) => {
    agent.log.info('waiting');
    return untilStopped(agent);
  },
  cleanUp: async (agent) => {
    agent.log.info('waiting');
    await untilStopped(agent).catch(() => sleep(200));
    agent.log.info('job cancelled');
    throw agent.signal.reason as Error;
  },
  cleanUpFails: async (agent) => {
    agent.log.info('waiting');
    await untilStopped(agent).catch(() => undefined);
    throw new ServiceError({ status: 500, code: 'Broken', message: 'Cancel failed.' });
  },
  cleanUpHangs: async (agent) => {
    agent.log.info('waiting');
    setInterval(() => undefined, 1000);
    await untilStopped(agent).catch(() => undefined);
    agent.log.info('hanging');
    return new Promise(() => undefined);
  },
  abandonedWait: async (agent) => {
    agent.log.info('waiting');
    void untilStopped(agent);
    await untilStopped(agent).catch(() => sleep(100));
    agent.log.info('clean-up done');
    throw agent.signal.reason as Error;
  },
  inject: async (agent) => {
    agent.log.info(`\r${ATTACK}`);
    agent.log.warning(`x\n${ATTACK}`);
    agent.log.debug(ATTACK);
    agent.log.progress(10, ATTACK);
    await agent.log.group(ATTACK, () => Promise.resolve());
    agent.memory.set('note', ATTACK);
    console.log(ATTACK);
    console.error(ATTACK);
    process.stdout.write('##vso[task.comp');
    process.stdout.write('lete result=Failed;]split\n');
    process.stderr.write(Buffer.from('##vs'));
    process.stderr.write(Buffer.from(`o[task.complete result=Failed;]split`));
    process.emitWarning(ATTACK);
    agent.addSummary(ATTACK);
    await sleep(1);
    throw new UserError({ message: ATTACK, file: `a.yml];${ATTACK}` });
  },
  secrets: (agent) => {
    agent.maskSecret('two\nlines');
    agent.log.info(process.env.INPUT_TOKEN ?? process.env.SECRET_TOKEN ?? 'the environment holds no secret');
    agent.addSummary(`token ${agent.inputs.text('token') ?? ''}`);
    agent.maskSecret(agent.inputs.text('token') ?? '');
    return Promise.resolve({});
  },
  temporaryFile: async (agent) => ({ file: await agent.writeTemporaryFile('../decision.json', '{}') }),
};

const scenario = process.env.SCENARIO ?? '';
const work = scenarios[scenario.replace(/^post:/, '')];
if (work === undefined) throw new Error(`There is no scenario ${scenario}`);
if (scenario.startsWith('post:')) {
  void runPostJob('Fixture', async (agent) => {
    await work(agent, () => undefined);
  });
} else {
  void runTask('Fixture', work);
}
