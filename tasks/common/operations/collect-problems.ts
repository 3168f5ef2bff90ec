/** Says everything that is wrong at once, instead of the first thing alone. */
import { UserError, type Problem } from '../errors.ts';

/** Does the work; what is wrong with what the user gave is noted, and the result is undefined. */
export async function collect<T>(problems: Problem[], work: () => Promise<T> | T): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

/** Throws one UserError with all problems, each sentence once; does nothing when there are none. */
export function throwProblems(problems: readonly Problem[]): void {
  const unique = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  if (unique.size > 0) throw new UserError([...unique.values()]);
}
