/** Reads a task's inputs as typed values. The generated `task.gen.ts` is the only caller. */
import { isAbsolute, resolve } from 'node:path';
import { nearest } from '../domain/spelling.ts';
import { type Problem, UserError } from '../errors.ts';
import type { AgentEnvironment } from './environment.ts';

/** One method a kind of input. Each yields undefined for an input that was left empty, whatever the reason. */
export interface InputReader {
  text(name: string): string | undefined;
  /** The trimmed lines that are not empty. */
  lines(name: string): readonly string[] | undefined;
  integer(name: string): number | undefined;
  boolean(name: string): boolean | undefined;
  choice<const T extends string>(name: string, options: readonly T[]): T | undefined;
  /** An absolute path. */
  path(name: string): string | undefined;
  /** Marks a value as indispensable. */
  required<T>(name: string, value: T | undefined): T;
  /**
   * Runs a function that reads all inputs.
   * Throws one UserError that names every problem: what is missing, not allowed or not readable.
   */
  read<T>(all: () => T): T;
}

/** The inputs of the step as the agent passes them. */
export function inputReader(environment: AgentEnvironment): InputReader {
  const problems = new Map<string, Problem>();
  const refuse = (name: string, message: string): void => {
    problems.set(name, { message: `Input '${name}' ${message}` });
  };
  const text = (name: string): string | undefined => environment.input(name);
  return {
    text,
    lines: (name) => splitLines(text(name) ?? ''),
    integer: (name) => {
      const value = text(name)?.trim();
      if (value === undefined || isWholeNumber(value)) return value === undefined ? undefined : Number(value);
      refuse(name, `must be a whole number, not '${value}'.${macroHint(value)}`);
      return undefined;
    },
    boolean: (name) => {
      const value = text(name)?.trim();
      if (value === undefined) return undefined;
      if (/^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
      refuse(name, `must be true or false, not '${value}'.${macroHint(value)}`);
      return undefined;
    },
    choice: (name, options) => {
      const value = text(name)?.trim();
      if (value === undefined) return undefined;
      const allowed = options.find((option) => option === value);
      if (allowed === undefined) refuse(name, notAllowed(value, options));
      return allowed;
    },
    path: (name) => suppliedPath(environment, text(name)),
    required: <T>(name: string, value: T | undefined) => {
      if (value === undefined && !problems.has(name)) refuse(name, 'is required; give it a value.');
      // With a problem noted, read() throws before anyone sees the value.
      return value as T;
    },
    read: (all) => {
      problems.clear();
      const values = all();
      if (problems.size > 0) throw new UserError([...problems.values()]);
      return values;
    },
  };
}

function splitLines(value: string): readonly string[] | undefined {
  const lines = value
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.length === 0 ? undefined : lines;
}

function isWholeNumber(value: string): boolean {
  return /^[+-]?\d+$/.test(value) && Number.isSafeInteger(Number(value));
}

function notAllowed(value: string, options: readonly string[]): string {
  const guess = nearest(value, options);
  const hint = guess === undefined ? macroHint(value) : ` Did you mean '${guess}'?`;
  return `must be one of ${options.join(', ')}, not '${value}'.${hint}`;
}

/** The agent leaves a macro as it is when there is no variable of that name. */
function macroHint(value: string): string {
  return /\$\([^)]+\)/.test(value) ? ' The variable is not set in this pipeline.' : '';
}

/** The agent fills an empty filePath input with the folder it would resolve a relative one against. */
function suppliedPath(environment: AgentEnvironment, value: string | undefined): string | undefined {
  const root = environment.variable('Build.SourcesDirectory') ?? environment.variable('System.DefaultWorkingDirectory');
  if (value === undefined || root === undefined) return value;
  const path = isAbsolute(value) ? resolve(value) : resolve(root, value);
  return path === resolve(root) ? undefined : path;
}
