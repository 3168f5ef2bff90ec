/** What is wrong with a pipeline, found before anything runs. */

export interface Problem {
  readonly file: string;
  /** Both counted from 1. */
  readonly line: number;
  readonly column: number;
  readonly sentence: string;
}

/** Every problem of a pipeline at once, one a line as `file:line:column: sentence`. */
export class PipelineRefused extends Error {
  override readonly name = 'PipelineRefused';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ file, line, column, sentence }) => `${file}:${line}:${column}: ${sentence}`).join('\n'));
    this.problems = problems;
  }
}
