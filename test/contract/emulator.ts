/** What the emulator's contract tests share: clients that run as processes of their own, with nothing but environment. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { signInEnvironment } from '../../local/emulator/client-environment.ts';
import type { Emulator } from '../../local/emulator/emulator.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A token of the emulated tenant's application. */
export function applicationToken({ context, settings }: Emulator, audience: string, lifetimeSeconds = 3600): string {
  return context.tokens.issue({
    issuer: `https://sts.windows.net/${settings.tenantId}/`,
    audience,
    lifetimeSeconds,
    claims: {
      appid: settings.principal.clientId,
      oid: settings.principal.objectId,
      tid: settings.tenantId,
      idtyp: 'app',
    },
  });
}

/** Runs a program of this folder to its end and reads the JSON it prints. Rejects with what it wrote on stderr. */
export function runClient(
  emulator: Emulator,
  script: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Record<string, unknown>> {
  const { settings, cloud, url } = emulator;
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, ...emulator.environment, ...signInEnvironment(settings, cloud, url), ...more };
  return new Promise((resolve, reject) => {
    const args = ['--import', 'tsx', fileURLToPath(new URL(script, import.meta.url))];
    execFile(process.execPath, args, { cwd: ROOT, env, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      if (error !== null) reject(new Error(`${script} failed: ${stderr}`));
      else resolve(JSON.parse(stdout) as Record<string, unknown>);
    });
  });
}
