/** Finds and ends what a job's tasks left running: processes whose environment carries the job's mark (JobExtension.cs). */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { LeftoverProcess } from './records.ts';

/** The variable that marks every process of a job. */
export const LOOKUP_VARIABLE = 'VSTS_PROCESS_LOOKUP_ID';

const MAX_ROUNDS = 100;
const ROUND_MS = 10;

/** Processes that carry the mark. Empty where the system does not show environments (no /proc). */
export function findLeftovers(lookupId: string): LeftoverProcess[] {
  const mark = `${LOOKUP_VARIABLE}=${lookupId}`;
  return processIds()
    .filter((pid) => pid !== process.pid && read(`/proc/${pid}/environ`).split('\0').includes(mark))
    .map((pid) => ({ pid, command: read(`/proc/${pid}/cmdline`).split('\0').join(' ').trim() }));
}

/**
 * Kills every process that carries the mark, also those that appear meanwhile, and waits until they are gone.
 * Returns those that were there first.
 */
export async function killLeftovers(lookupId: string): Promise<LeftoverProcess[]> {
  const first = findLeftovers(lookupId);
  let found = first;
  for (let round = 0; found.length > 0 && round < MAX_ROUNDS; round++) {
    for (const { pid } of found) kill(pid);
    await delay(ROUND_MS);
    found = findLeftovers(lookupId);
  }
  return first;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It has gone meanwhile.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** Empty for a process that has ended or belongs to someone else. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
