/** Which jobs are meant: names, patterns, tags, or all that a pipeline run has submitted. */
import { globTest, isGlob } from './glob.ts';
import { isJsonObject, textAt, type Json } from './json.ts';
import { RUN_ID } from './lineage.ts';
import { nameProblem } from './resource-names.ts';

export interface JobSelection {
  /** Jobs that must exist. */
  readonly names: readonly string[];
  /** `*` and `?`; a job fits when one of them does. */
  readonly patterns: readonly string[];
  /** All of these; undefined is any value. */
  readonly tags: readonly (readonly [name: string, value: string | undefined])[];
  /** The run that has submitted them; undefined is any. */
  readonly runId: string | undefined;
}

/**
 * Names and patterns as users write them: one a line, several with commas between them, or JSON: an array of names or an object
 * whose keys are names (what an earlier step's outputs hold). Repeated ones count once.
 */
export function readJobNames(lines: readonly string[]): Pick<JobSelection, 'names' | 'patterns'> {
  const all = new Set(lines.flatMap(namesOfLine));
  return { names: [...all].filter((name) => !isGlob(name)), patterns: [...all].filter((name) => isGlob(name)) };
}

function namesOfLine(line: string): readonly string[] {
  const fromJson = /^[[{]/.test(line) ? namesOfJson(line) : undefined;
  return (fromJson ?? line.split(',')).map((name) => name.trim()).filter((name) => name !== '');
}

/** Undefined for what only begins like JSON: `[ab]*` is a pattern. */
function namesOfJson(line: string): readonly string[] | undefined {
  try {
    const json = JSON.parse(line) as Json;
    if (isJsonObject(json)) return Object.keys(json);
    return Array.isArray(json) ? json.filter((name) => typeof name === 'string') : undefined;
  } catch {
    return undefined;
  }
}

/** `key=value` or `key`, one a line. */
export function readTags(lines: readonly string[]): JobSelection['tags'] {
  return lines.map((line) => {
    const [name = '', ...rest] = line.split('=');
    return [name.trim(), rest.length === 0 ? undefined : rest.join('=').trim()] as const;
  });
}

/** What is wrong with a selection, in one sentence each. */
export function selectionProblems({ names, patterns, tags, runId }: JobSelection): readonly string[] {
  if (names.length + patterns.length + tags.length === 0 && runId === undefined) {
    return ['Say which jobs to wait for: jobNames, tags or onlyThisRun.'];
  }
  const problems = names.flatMap((name) => nameProblem('job', name) ?? []);
  const isAimless = names.length > 0 && patterns.length === 0 && (tags.length > 0 || runId !== undefined);
  if (!isAimless) return problems;
  return [
    ...problems,
    'tags and onlyThisRun search for jobs and say nothing about plain names: add a pattern, or leave the names out.',
  ];
}

/** True when more than plain names are asked for, so that the workspace must be searched. */
export function isSearch({ names, patterns, tags, runId }: JobSelection): boolean {
  return patterns.length > 0 || (names.length === 0 && (tags.length > 0 || runId !== undefined));
}

/** True for a job that a search is for. */
export function isSelected({ patterns, tags, runId }: JobSelection, name: string, job: Json): boolean {
  if (patterns.length > 0 && !patterns.some((pattern) => globTest(pattern)(name))) return false;
  if (runId !== undefined && textAt(job, 'properties', 'properties', RUN_ID) !== runId) return false;
  return tags.every(([tag, value]) => {
    const found = textAt(job, 'properties', 'tags', tag);
    return found !== undefined && (value === undefined || value === found);
  });
}
