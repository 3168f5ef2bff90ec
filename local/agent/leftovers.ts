/** Finds and ends what a job's tasks left running: processes whose environment carries the job's mark (JobExtension.cs). */
import { readdirSync, readFileSync } from 'node:fs';
import type { LeftoverProcess } from './records.ts';

/** The variable that marks every process of a job. */
export const LOOKUP_VARIABLE = 'VSTS_PROCESS_LOOKUP_ID';

/** Processes that carry the mark. Empty where the system does not show environments (no /proc). */
export function findLeftovers(lookupId: string): LeftoverProcess[] {
  const mark = `${LOOKUP_VARIABLE}=${lookupId}`;
  return processIds()
    .filter((pid) => pid !== process.pid && read(`/proc/${pid}/environ`).split('\0').includes(mark))
    .map((pid) => ({ pid, command: read(`/proc/${pid}/cmdline`).split('\0').join(' ').trim() }));
}

/** Kills processes at once; those that have gone meanwhile are no fault. */
export function killProcesses(processes: readonly LeftoverProcess[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
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
