/** Reads what MLflow's clients log, and refuses it as the tracking service does. */
import { mlflowError } from '../errors.ts';
import { asObject, isJsonObject, textAt } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import type { MetricPoint } from '../jobs/records.ts';

export type LoggedMetric = MetricPoint & { readonly key: string };

/** Values one log-batch may carry. */
const MOST_VALUES = 250;

/** The members of a request: its body, or its query where there is none. */
export function mlflowArguments(body: unknown, query: URLSearchParams): JsonObject {
  return { ...Object.fromEntries(query), ...asObject(body) };
}

/** A member that must be there. */
export function required(given: JsonObject, name: string): string {
  const value = given[name];
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'number') return String(value);
  throw mlflowError(
    400,
    'INVALID_PARAMETER_VALUE',
    `Missing value for required parameter '${name}'. See the API docs for more information about request parameters.`,
  );
}

/** The run's id: older clients send `run_uuid` beside or instead of `run_id`. */
export function runIdOf(given: JsonObject): string {
  return textAt(given, 'run_id') ?? textAt(given, 'run_uuid') ?? required(given, 'run_id');
}

/** One metric; `now` stands in for a missing timestamp. */
export function readMetric(given: JsonObject, now: number): LoggedMetric {
  return {
    key: required(given, 'key'),
    value: metricValue(given.value),
    timestamp: Number(given.timestamp ?? now),
    step: Number(given.step ?? 0),
  };
}

export interface Batch {
  readonly metrics: readonly LoggedMetric[];
  readonly parameters: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

/** A log-batch request. Throws the 400 for more values than one request may carry. */
export function readBatch(given: JsonObject, now: number): Batch {
  const metrics = objects(given.metrics);
  if (metrics.length > MOST_VALUES) {
    throw mlflowError(
      400,
      'INVALID_PARAMETER_VALUE',
      `A field of the entity is over the size limit. FieldName=MetricV2Dto.Value/Count, Limit=${MOST_VALUES}, Size=${metrics.length}. See https://aka.ms/azure-machine-learning-limits for service limits documentation.`,
      'ValidationError',
    );
  }
  return {
    metrics: metrics.map((metric) => readMetric(metric, now)),
    parameters: keyValues(given.params),
    tags: keyValues(given.tags),
  };
}

/** Refuses a parameter that was logged before with another value: parameters never change. */
export function checkParameters(
  before: Readonly<Record<string, string>>,
  added: Readonly<Record<string, string>>,
  runId: string,
): void {
  for (const [key, value] of Object.entries(added)) {
    const old = before[key];
    if (old === undefined || old === value) continue;
    throw mlflowError(
      400,
      'INVALID_PARAMETER_VALUE',
      `Changing param values is not allowed. Param with key='${key}' was already logged with value='${old}' for run ID='${runId}'. Attempted logging new value '${value}'.`,
    );
  }
}

/** A list of `{key, value}` as a map. */
export function keyValues(list: Json | undefined): Record<string, string> {
  return Object.fromEntries(
    objects(list).map((entry) => {
      const { value } = entry;
      return [required(entry, 'key'), typeof value === 'string' ? value : JSON.stringify(value ?? '')];
    }),
  );
}

/** The page a request asks for, with the limit of the service: `max_results` must stay below 1000. */
export function readPage(given: JsonObject, usual: number): { readonly start: number; readonly size: number } {
  const asked = given.max_results === undefined ? usual : Number(given.max_results);
  if (asked >= 1000 && given.max_results !== undefined) {
    throw mlflowError(400, 'BAD_REQUEST', `MaxResults = ${asked} is invalid: MaxResults must be less than 1000.`);
  }
  return { start: Number(textAt(given, 'page_token') ?? 0) || 0, size: asked > 0 ? asked : usual };
}

function objects(list: Json | undefined): readonly JsonObject[] {
  return Array.isArray(list) ? (list as readonly Json[]).filter(isJsonObject) : [];
}

/** JSON has no words for them: MLflow writes NaN and the infinities as text. */
function metricValue(value: Json | undefined): MetricPoint['value'] {
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return value;
  const number = typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : Number.NaN;
  if (Number.isFinite(number)) return number;
  throw mlflowError(400, 'INVALID_PARAMETER_VALUE', `Invalid value ${JSON.stringify(value)} for a metric.`);
}
