/**
 * The four kinds of failure a user can meet. Whatever is thrown beside them is a defect of ours.
 * `run-task` alone turns them into the task's result; nothing else reports an error.
 */

/** One thing that is wrong with what the user gave, and where. */
export interface Problem {
  /** One sentence: what is wrong and how to fix it. */
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** `file:line:column: message`, as far as the place is known. */
export function formatProblem(problem: Problem): string {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':');
  return place === '' ? problem.message : `${place}: ${problem.message}`;
}

/** The user's: an input, a file or a setting is wrong. Carries every problem found, not only the first. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly problems: readonly Problem[];

  constructor(problems: string | Problem | readonly Problem[]) {
    const list =
      typeof problems === 'string' ? [{ message: problems }] : Array.isArray(problems) ? problems : [problems];
    super((list as readonly Problem[]).map(formatProblem).join('\n'));
    this.problems = list as readonly Problem[];
  }
}

export interface ServiceErrorDetails {
  /** HTTP status; 0 when no answer came (name not found, connection refused, TLS failure). */
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly requestId?: string | undefined;
  /** One sentence on the likely cause and the fix, where we know one. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** The service's: it refused, failed or could not be reached. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;
  readonly hint: string | undefined;

  constructor(details: ServiceErrorDetails) {
    super(details.message, { cause: details.cause });
    this.status = details.status;
    this.code = details.code;
    this.requestId = details.requestId;
    this.hint = details.hint;
  }
}

/** A limit the user set has passed. */
export class TimedOutError extends Error {
  override readonly name = 'TimedOutError';
}

/** The run was cancelled (SIGINT or SIGTERM from the agent). */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
  constructor(message = 'The run was cancelled.') {
    super(message);
  }
}
