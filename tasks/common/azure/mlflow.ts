/** What training code logged through MLflow: the last value of each metric, parameters and tags. */
import type { Json, JsonObject } from '../domain/json.ts';
import { at, isJsonObject, textAt } from '../domain/json.ts';
import type { Metric, TrackedRun, Tracking } from '../ports.ts';
import { parseJsonWithNaN } from './json-answer.ts';
import type { Regional } from './regional.ts';
import { errorCodeOf, serviceErrorOf } from './service-error.ts';

export function createTracking(regional: Regional): Tracking {
  return {
    async run(runId, options = {}) {
      const answer = await regional.get('mlflow/v2.0', 'api/2.0/mlflow/runs/get', {
        ...options,
        query: { run_id: runId },
      });
      if (answer.status === 404 || (answer.status >= 300 && errorCodeOf(answer) === 'RESOURCE_DOES_NOT_EXIST')) {
        return undefined;
      }
      if (answer.status >= 300) throw serviceErrorOf(answer, `The metrics of ${runId}`);
      return readTrackedRun(parseJsonWithNaN(answer));
    },
  };
}

/** `runs/get` holds the last value of each metric, so that its history need not be paged. */
export function readTrackedRun(body: Json): TrackedRun {
  const data = at(body, 'run', 'data');
  return {
    metrics: entriesOf(at(data, 'metrics')).map(readMetric),
    parameters: pairsOf(at(data, 'params')),
    tags: pairsOf(at(data, 'tags')),
  };
}

/** Numbers come as JSON numbers or, where they are no JSON numbers or 64 bits long, as texts. */
function readMetric(entry: JsonObject): Metric {
  return {
    name: textAt(entry, 'key') ?? '',
    value: numberOf(entry.value),
    step: entry.step === undefined ? 0 : numberOf(entry.step),
    timestamp: entry.timestamp === undefined ? 0 : numberOf(entry.timestamp),
  };
}

function numberOf(value: Json | undefined): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return Number.NaN;
  const infinity = /^([+-]?)inf(?:inity)?$/i.exec(value.trim());
  return infinity === null ? Number(value) : infinity[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function entriesOf(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter(isJsonObject) : [];
}

function pairsOf(value: Json | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(
    entriesOf(value).map((entry) => [textAt(entry, 'key') ?? '', textAt(entry, 'value') ?? ''] as const),
  );
}
