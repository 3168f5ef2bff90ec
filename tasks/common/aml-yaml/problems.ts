import { UserError, type Problem } from '../errors.ts';
import type { Place } from './yaml-node.ts';

/** Collects everything that is wrong, so that the user sees it all at once. */
export class ProblemList {
  readonly #problems: Problem[] = [];
  readonly #seen = new Set<string>();
  readonly #misspelt = new Set<string>();

  /** Notes a problem; the same sentence for the same place counts once. */
  add(place: Place, message: string): void {
    const key = JSON.stringify([place, message]);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#problems.push(problemAt(place, message));
  }

  /** Notes that a reported key was meant to be the one at `path`. */
  noteMisspelt({ file }: Place, path: string): void {
    this.#misspelt.add(JSON.stringify([file, path]));
  }

  /** Reports a required key that is not there, unless it only is misspelt. */
  addMissing(place: Place, path: string): void {
    if (this.#misspelt.has(JSON.stringify([place.file, path]))) return;
    this.add(place, `'${path}' is missing; it is required.`);
  }

  get isEmpty(): boolean {
    return this.#problems.length === 0;
  }

  /** Throws one UserError with all problems, in the order of files and lines; does nothing when there are none. */
  throwIfAny(): void {
    if (this.isEmpty) return;
    const files = [...new Set(this.#problems.map((problem) => problem.file))];
    const rank = (problem: Problem): number => files.indexOf(problem.file);
    throw new UserError(
      this.#problems.toSorted(
        (a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
      ),
    );
  }
}

/** A problem as errors.ts wants it; an override is named in the sentence, since it has no line. */
export function problemAt(place: Place, message: string): Problem {
  if (place.override !== undefined) return { file: place.file, message: `override ${place.override}: ${message}` };
  return {
    file: place.file,
    message,
    ...(place.line === undefined ? {} : { line: place.line }),
    ...(place.column === undefined ? {} : { column: place.column }),
  };
}
