/** MLflow's filter and order of `runs/search`, as its clients write them. */
import { mlflowError } from '../errors.ts';
import type { MetricPoint, RunRecord, TrackingRecord } from '../jobs/records.ts';
import { latestMetrics, mlflowStatus, runTags } from './mlflow-bodies.ts';

export interface SearchedRun {
  readonly run: RunRecord;
  readonly tracked: TrackingRecord;
}

type Value = string | number | undefined;

const CLAUSE =
  /^\s*([\w.]+|[\w]+\.`[^`]+`|[\w]+\."[^"]+")\s*(=|!=|>=|<=|>|<|LIKE|ILIKE)\s*('[^']*'|"[^"]*"|[-+\w.]+)\s*$/i;

/**
 * The test a filter such as `metrics.auc > 0.9 and tags.team = 'a'` stands for; an empty one takes every run. Throws
 * MLflow's 400 for one that cannot be read.
 */
export function runFilter(filter: string): (searched: SearchedRun) => boolean {
  const tests = filter
    .split(/\s+and\s+/i)
    .filter((clause) => clause.trim() !== '')
    .map(readClause);
  return (searched) => tests.every((test) => test(searched));
}

/** Compares two runs by `order_by` entries such as `metrics.auc DESC`; runs without the value come last. */
export function runOrder(orderBy: readonly string[]): (a: SearchedRun, b: SearchedRun) => number {
  const keys = orderBy.map((text) => {
    const [, name = '', direction = 'ASC'] = /^\s*(.+?)(?:\s+(ASC|DESC))?\s*$/i.exec(text) ?? [];
    return { name, sign: direction.toUpperCase() === 'DESC' ? -1 : 1 };
  });
  return (a, b) => {
    for (const { name, sign } of keys) {
      const [left, right] = [valueOf(a, name), valueOf(b, name)];
      if (left === right) continue;
      if (left === undefined) return 1;
      if (right === undefined) return -1;
      return (left < right ? -1 : 1) * sign;
    }
    return b.run.createdAt - a.run.createdAt;
  };
}

function readClause(text: string): (searched: SearchedRun) => boolean {
  const match = CLAUSE.exec(text);
  if (match === null) {
    throw mlflowError(400, 'INVALID_PARAMETER_VALUE', `Invalid clause(s) in filter string: '${text.trim()}'`);
  }
  const [, name = '', operator = '=', raw = ''] = match;
  const wanted = /^['"]/.test(raw) ? raw.slice(1, -1) : Number(raw);
  return (searched) => compare(valueOf(searched, name), operator.toUpperCase(), wanted);
}

function compare(value: Value, operator: string, wanted: string | number): boolean {
  if (value === undefined) return false;
  const [left, right] = typeof wanted === 'number' ? [Number(value), wanted] : [String(value), wanted];
  switch (operator) {
    case '=':
      return left === right;
    case '!=':
      return left !== right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    default:
      return likePattern(String(right), operator === 'ILIKE').test(String(left));
  }
}

function likePattern(pattern: string, ignoreCase: boolean): RegExp {
  const parts = pattern.split('%').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, ignoreCase ? 'is' : 's');
}

function valueOf({ run, tracked }: SearchedRun, name: string): Value {
  const [scope = '', ...rest] = name.split('.');
  const key = rest.join('.').replace(/^[`"]|[`"]$/g, '');
  switch (scope.toLowerCase()) {
    case 'metric':
    case 'metrics':
      return numberOf(latestMetrics(tracked.metrics)[key]?.value);
    case 'param':
    case 'params':
    case 'parameter':
    case 'parameters':
      return tracked.parameters[key];
    case 'tag':
    case 'tags':
      return runTags(run)[key];
    default:
      return attribute(run, key === '' ? scope : key);
  }
}

function attribute(run: RunRecord, name: string): Value {
  switch (name.toLowerCase()) {
    case 'run_id':
      return run.id;
    case 'run_name':
      return run.displayName ?? '';
    case 'status':
      return mlflowStatus(run.status);
    case 'start_time':
      return run.startedAt ?? run.createdAt;
    case 'end_time':
      return run.endedAt ?? undefined;
    case 'user_id':
      return run.createdBy;
    default:
      throw mlflowError(400, 'INVALID_PARAMETER_VALUE', `Invalid attribute key '${name}' specified.`);
  }
}

function numberOf(value: MetricPoint['value'] | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}
