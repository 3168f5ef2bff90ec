/** What is wrong with a pipeline, found before anything runs. */
import type { Place } from './document/document-node.ts';

export interface Problem extends Place {
  readonly sentence: string;
}

/** Collects everything that is wrong, so that it can be told at once. */
export class ProblemList {
  readonly #problems: Problem[] = [];

  report({ file, line, column }: Place, sentence: string): void {
    this.#problems.push({ file, line, column, sentence });
  }

  get count(): number {
    return this.#problems.length;
  }

  /** By file and line, each once. */
  get all(): readonly Problem[] {
    const files = [...new Set(this.#problems.map(({ file }) => file))];
    const sorted = this.#problems.toSorted(
      (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
    );
    const once = new Map(sorted.map((problem) => [lineOf(problem), problem]));
    return [...once.values()];
  }

  /** Throws PipelineRefused when there is a problem. */
  throwIfAny(): void {
    if (this.count > 0) throw new PipelineRefused(this.all);
  }
}

/** Every problem of a pipeline at once, one a line as `file:line:column: sentence`. */
export class PipelineRefused extends Error {
  override readonly name = 'PipelineRefused';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(lineOf).join('\n'));
    this.problems = problems;
  }
}

function lineOf({ file, line, column, sentence }: Problem): string {
  return `${file}:${line}:${column}: ${sentence}`;
}
