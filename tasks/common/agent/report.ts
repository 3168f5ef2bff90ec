/** What a step tells the agent when its work has ended: the result, and each failure in one clear sentence. */
import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { CancelledError, formatProblem, type Problem, ServiceError, TimedOutError, UserError } from '../errors.ts';
import { formatCommand, type WriteLine } from './commands.ts';
import { neutraliseLine, neutraliseLines, neutraliseToOneLine } from './neutralise.ts';

/** Results by the agent's own names: `Canceled` has one l, and any other word fails the step. */
export type StepResult = 'Succeeded' | 'Failed' | 'Canceled';

interface Issue extends Problem {
  readonly code?: string;
}

export interface Report {
  readonly result: StepResult;
  readonly issues: readonly Issue[];
  /** For whoever looks under System.Debug: stacks and causes. */
  readonly details: string;
}

/** The report on an error. `cancelled` tells that the agent has asked the step to stop. */
export function reportOf(taskName: string, error: unknown, cancelled: boolean): Report {
  const details = describeCauses(error);
  if (error instanceof CancelledError || (cancelled && isAbort(error))) {
    return { result: 'Canceled', issues: [], details };
  }
  return { result: cancelled ? 'Canceled' : 'Failed', issues: issuesOf(taskName, error), details };
}

/** Writes the report; the last lines of a step. */
export function writeReport(write: WriteLine, report: Report, sourcesDirectory: () => string): void {
  for (const line of neutraliseLines(report.details)) {
    if (line !== '') write(formatCommand('task.debug', {}, line));
  }
  for (const issue of report.issues) write(issueCommand(issue, sourcesDirectory));
  write(formatCommand('task.complete', { result: report.result }, ''));
}

function issuesOf(taskName: string, error: unknown): readonly Issue[] {
  if (error instanceof UserError) return error.problems;
  if (error instanceof ServiceError) return [serviceIssue(error)];
  if (error instanceof TimedOutError) return [{ message: error.message }];
  const message = error instanceof Error ? error.message : String(error);
  const sentence = `This is a defect of ours in ${taskName}: ${message.replace(/[.\s]*$/, '.')}`;
  return [{ message: `${sentence} Set System.Debug to true to see the details, and report it.` }];
}

/** `[code] message (request id …). hint` */
function serviceIssue(error: ServiceError): Issue {
  const code = error.code === '' ? '' : `[${error.code}] `;
  const requestId = error.requestId === undefined ? '' : ` (request id ${error.requestId})`;
  const hint = error.hint === undefined ? '' : ` ${error.hint}`;
  return { message: `${code}${error.message}${requestId}${hint}`, ...(error.code === '' ? {} : { code: error.code }) };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'CancelledError');
}

/**
 * The agent maps an absolute path inside the sources to the file on the run's page, and writes `file(line,column)` before
 * the message; where the line is not known that would be `file(,)`, so that the message then names the file itself.
 */
function issueCommand(issue: Issue, sourcesDirectory: () => string): string {
  const isPlaced = issue.file !== undefined && issue.line !== undefined;
  const message = isPlaced ? issue.message : formatProblem(issue);
  const properties = {
    type: 'error',
    sourcepath: isPlaced ? neutraliseLine(resolve(sourcesDirectory(), issue.file)) : undefined,
    linenumber: issue.line,
    // Without one it would write `file(line,)`.
    columnnumber: issue.column ?? (issue.line === undefined ? undefined : 1),
    code: issue.code === undefined ? undefined : neutraliseToOneLine(issue.code),
  };
  return formatCommand('task.logissue', properties, neutraliseLines(message).join('\n'));
}

/** The stack of an error and of what caused it. */
function describeCauses(error: unknown): string {
  const stacks: string[] = [];
  for (let current = error; current !== undefined && stacks.length < 5;) {
    stacks.push(current instanceof Error ? (current.stack ?? current.message) : inspect(current));
    current = current instanceof Error ? current.cause : undefined;
  }
  return stacks.join('\ncaused by ');
}
