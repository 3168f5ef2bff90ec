/** The built emulator as a process of its own, so that it does not share a thread with what is measured. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../../scripts/task-contract.ts';
import { nodeFiles } from '../../tasks/common/agent/files.ts';
import { openWorkspace } from '../../tasks/common/azure/workspace.ts';
import type { Context } from '../../tasks/common/operations/task-context.ts';
import type { Clock } from '../../tasks/common/ports.ts';
import { connection } from '../fixtures/azure/connection.ts';
import { silentAgent } from '../conformance/run-case.ts';

export interface RunningEmulator {
  readonly url: string;
  readonly certificateAuthorities: string;
  /** What an operation needs, signed in to the emulator's workspace. */
  readonly context: Context;
}

/** Starts the emulator, lends it, and ends it. */
export async function withEmulator<T>(use: (emulator: RunningEmulator) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-emulator-'));
  const file = join(folder, 'emulator.env');
  const child = spawn(process.execPath, ['--', 'dist/emulator/main.mjs', '--env-file', file], {
    cwd: repositoryRoot,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    await once(child.stdout.setEncoding('utf8'), 'data');
    return await use(await signIn(readVariables(file)));
  } finally {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
    rmSync(folder, { recursive: true });
  }
}

async function signIn(variables: Readonly<Record<string, string>>): Promise<RunningEmulator> {
  const value = (name: string): string => variables[name] ?? '';
  const url = value('HTTPS_PROXY');
  const certificateAuthorities = readFileSync(value('NODE_EXTRA_CA_CERTS'), 'utf8');
  const agent = { ...silentAgent(), files: nodeFiles, clock };
  const workspace = await openWorkspace({
    agent: {
      ...agent,
      network: { proxy: { url, username: undefined, password: undefined, bypass: [] }, certificateAuthorities },
    },
    connection: connection({
      subscriptionId: value('AZURE_SUBSCRIPTION_ID'),
      auth: {
        scheme: 'servicePrincipalSecret',
        tenantId: value('AZURE_TENANT_ID'),
        clientId: value('AZURE_CLIENT_ID'),
        secret: value('AZURE_CLIENT_SECRET'),
      },
    }),
    resourceGroup: value('LOCAL_RESOURCE_GROUP'),
    workspace: value('LOCAL_WORKSPACE'),
  });
  return { url, certificateAuthorities, context: { agent, workspace } };
}

function readVariables(file: string): Readonly<Record<string, string>> {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

const clock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};
