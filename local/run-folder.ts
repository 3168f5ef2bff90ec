/** A temporary folder for one local run that is gone afterwards, with everything the run started, however it ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { refuseModulesAbove } from './agent/staging.ts';
import type { GuardOrder } from './orphan-guard.ts';
import { UsageError } from './usage-error.ts';

export interface RunFolder {
  readonly path: string;
  /** The agent's work folder. */
  readonly work: string;
  /** Tells the guard the mark of a job's processes. */
  readonly watch: (lookupId: string) => void;
  /** Removes the folder; what ran in it must have ended. */
  readonly remove: () => void;
}

/**
 * Makes the folder below the system's temporary one and makes it this process's own TMPDIR, so that whatever is started
 * from here puts its temporary files into it. Throws UsageError where tasks would find packages above that folder.
 */
export function openRunFolder(): RunFolder {
  const parent = realpathSync(tmpdir());
  try {
    refuseModulesAbove(parent);
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : ''} Set TMPDIR to another folder.`);
  }
  const path = mkdtempSync(join(parent, 'secure-mlops-'));
  const work = join(path, '_work');
  const temporary = join(path, 'tmp');
  for (const folder of [work, temporary]) mkdirSync(folder);
  // Before TMPDIR changes: the guard must not write into what it removes.
  const guard = startGuard();
  const before = process.env.TMPDIR;
  process.env.TMPDIR = temporary;
  tell(guard, { folder: path });
  return {
    path,
    work,
    watch: (lookupId) => {
      tell(guard, { lookupId });
    },
    remove: () => {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
      rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
      tell(guard, { done: true });
      guard.stdin?.end();
    },
  };
}

/** In a session of its own, so that neither Ctrl-C nor the end of this process ends it. */
function startGuard(): ChildProcess {
  const script = fileURLToPath(new URL('orphan-guard.ts', import.meta.url));
  const guard = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), script], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.stdin.on('error', () => undefined);
  guard.on('error', () => undefined);
  guard.unref();
  return guard;
}

function tell(guard: ChildProcess, order: GuardOrder): void {
  guard.stdin?.write(`${JSON.stringify(order)}\n`);
}
