/** What every verb is given. */
import type { Organization } from './organization.ts';

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

export interface Run {
  readonly organization: Organization;
  readonly isWhatIf: boolean;
  readonly clock: Clock;
  /** Writes a line for people. */
  say(line: string): void;
}

/**
 * Does a change, or only says it. `what` is an infinitive: "create the pool 'a'". Returns the change's result, or
 * undefined under --what-if.
 */
export async function change<Result>(run: Run, what: string, how: () => Promise<Result>): Promise<Result | undefined> {
  if (run.isWhatIf) {
    run.say(`would ${what}`);
    return undefined;
  }
  const result = await how();
  run.say(`done: ${what}`);
  return result;
}
