/** Numbers of local runs: a run that repeats another's number is taken for its retry, so they count on with the state. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The next number of a state folder, from 1; without one, a number that no earlier run had. */
export function nextBuildId(stateFolder: string | undefined): number {
  if (stateFolder === undefined) return Math.floor(Date.now() / 1000);
  const file = join(stateFolder, 'build-id');
  const next = Number(read(file)) + 1;
  mkdirSync(stateFolder, { recursive: true });
  writeFileSync(file, String(next));
  return next;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '0';
  }
}
