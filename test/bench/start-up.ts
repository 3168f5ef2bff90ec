/**
 * How long a task takes from its start to its first connection, against Node doing nothing. A ratio, so that it says the
 * same on every machine. The agent's proxy is where the task connects first, so a listener there is the finish line.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { repositoryRoot } from '../../scripts/task-contract.ts';
import { times, type Benchmark } from './measurement.ts';

export interface StartUp {
  /** Milliseconds, the best of all runs. */
  readonly task: number;
  readonly bareNode: number;
  readonly ratio: number;
  readonly budget: number;
}

const BUDGET = 3;
const CONNECTION = '00000000-0000-4000-8000-0000000000cc';

/** Measures a built task, e.g. AmlRunJob; both sides take turns, so that they share the machine's moods. */
export async function measureStartUp(taskName = 'AmlRunJob', runs = 11): Promise<StartUp> {
  const folder = mkdtempSync(join(tmpdir(), 'start-up-'));
  const proxy = createServer();
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  let [task, bareNode] = [Infinity, Infinity];
  try {
    for (let run = 0; run < runs; run += 1) {
      bareNode = Math.min(bareNode, await timeBareNode());
      task = Math.min(task, await timeToConnect(taskName, folder, proxy));
    }
  } finally {
    proxy.close();
    rmSync(folder, { recursive: true });
  }
  return { task, bareNode, ratio: task / bareNode, budget: BUDGET };
}

async function timeBareNode(): Promise<number> {
  const started = performance.now();
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
  return performance.now() - started;
}

async function timeToConnect(taskName: string, folder: string, proxy: Server): Promise<number> {
  const { port } = proxy.address() as AddressInfo;
  const bundle = join(repositoryRoot, 'dist/tasks', taskName, 'index.cjs');
  const connected = once(proxy, 'connection');
  const started = performance.now();
  const child = spawn(process.execPath, [bundle], {
    cwd: folder,
    env: stepEnvironment(folder, `http://127.0.0.1:${port}`),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const exited = once(child, 'exit').then(() => {
    throw new Error(`${taskName} ended before it connected:\n${output}`);
  });
  await Promise.race([connected, exited]);
  const elapsed = performance.now() - started;
  exited.catch(() => undefined);
  child.kill('SIGKILL');
  return elapsed;
}

/** The least an agent gives a step: a connection by secret, its own proxy, and inputs that suit every task. */
function stepEnvironment(folder: string, proxyUrl: string): NodeJS.ProcessEnv {
  const jobFile = join(folder, 'job.yml');
  writeFileSync(jobFile, 'type: command\ncommand: echo\nenvironment: azureml:sample:1\ncompute: azureml:cpu-cluster\n');
  return {
    PATH: process.env.PATH,
    AGENT_TEMPDIRECTORY: folder,
    AGENT_PROXYURL: proxyUrl,
    BUILD_SOURCESDIRECTORY: folder,
    SYSTEM_DEFAULTWORKINGDIRECTORY: folder,
    INPUT_AZURESUBSCRIPTION: CONNECTION,
    INPUT_RESOURCEGROUPNAME: 'rg-mlops',
    INPUT_WORKSPACENAME: 'mlw-mlops',
    INPUT_JOBFILE: jobFile,
    INPUT_FILES: jobFile,
    [`ENDPOINT_URL_${CONNECTION}`]: 'https://management.azure.com/',
    [`ENDPOINT_AUTH_SCHEME_${CONNECTION}`]: 'ServicePrincipal',
    [`ENDPOINT_AUTH_PARAMETER_${CONNECTION}_TENANTID`]: '00000000-0000-4000-8000-0000000000aa',
    [`ENDPOINT_AUTH_PARAMETER_${CONNECTION}_SERVICEPRINCIPALID`]: '00000000-0000-4000-8000-0000000000bb',
    [`ENDPOINT_AUTH_PARAMETER_${CONNECTION}_SERVICEPRINCIPALKEY`]: 'not-a-real-secret',
    [`ENDPOINT_DATA_${CONNECTION}_SUBSCRIPTIONID`]: '00000000-0000-4000-8000-000000000001',
  };
}

/** The row of `npm run bench`. */
export const measureStart: Benchmark = async () => {
  const { ratio, budget, task, bareNode } = await measureStartUp();
  return [
    {
      what: 'task start to first connection, against bare node',
      value: ratio,
      budget,
      bound: 'most',
      format: times,
      beside: `${task.toFixed(0)} ms; node -e 0 ${bareNode.toFixed(0)} ms`,
    },
  ];
};

export function describeStartUp({ task, bareNode, ratio, budget }: StartUp): string {
  const [first, bare] = [task, bareNode].map((ms) => `${ms.toFixed(0)} ms`);
  return `task start to first connection: ${ratio.toFixed(2)} × bare node (${first} / ${bare}); budget ${budget} ×`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const result = await measureStartUp(process.argv[2]);
  process.stdout.write(`${describeStartUp(result)}\n`);
  process.exitCode = result.ratio <= result.budget ? 0 : 1;
}
