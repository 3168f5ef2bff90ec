/** What a request for metrics asks: which, when, how often, how summed up and split by what. */
import { parseDuration } from '../jobs/durations.ts';
import { MINUTE } from './serving-minutes.ts';

export const AGGREGATIONS = ['average', 'total', 'maximum', 'minimum', 'count'] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

/** The values a dimension may have, in lower case; `*` for any, each a series of its own. */
export type DimensionFilter = ReadonlyMap<string, readonly string[]>;

export interface MetricsQuery {
  /** As they were asked for. */
  readonly names: readonly string[];
  /** Virtual milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** The text and its milliseconds. */
  readonly interval: { readonly text: string; readonly ms: number };
  readonly aggregations: readonly Aggregation[];
  readonly filter: DimensionFilter;
}

/** The service refuses the request; its sentence. */
export class BadQuery extends Error {
  override readonly name = 'BadQuery';
}

const HOUR = 60 * MINUTE;
const MOST_POINTS = 2880;

/** Reads the query of a request. Throws BadQuery. */
export function readMetricsQuery(query: URLSearchParams, now: number): MetricsQuery {
  const [from, to] = readTimespan(query.get('timespan'), now);
  const text = query.get('interval') ?? 'PT1M';
  const ms = parseDuration(text);
  if (ms === undefined || ms < MINUTE || ms % MINUTE !== 0) {
    throw new BadQuery(
      `Detected invalid time grain input, supported ones are: PT1M,PT5M,PT15M,PT30M,PT1H,PT6H,PT12H,P1D`,
    );
  }
  if ((to - from) / ms > MOST_POINTS)
    throw new BadQuery(`The timespan has more than ${MOST_POINTS} intervals of ${text}.`);
  const names = (query.get('metricnames') ?? '')
    .split(',')
    .flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
  return {
    names,
    from,
    to,
    interval: { text, ms },
    aggregations: readAggregations(query.get('aggregation')),
    filter: readFilter(query.get('$filter') ?? ''),
  };
}

function readTimespan(text: string | null, now: number): readonly [number, number] {
  if (text === null || text === '') return [now - HOUR, now];
  const [start = '', end = ''] = text.split('/');
  const [from, to] = [Date.parse(start), Date.parse(end)];
  if (Number.isNaN(from) || Number.isNaN(to) || from >= to) {
    throw new BadQuery(`Start time cannot be equal to or later than end time, and both must be times: ${text}`);
  }
  return [from, to];
}

function readAggregations(text: string | null): readonly Aggregation[] {
  if (text === null || text === '') return ['average'];
  return text.split(',').map((word) => {
    const found = AGGREGATIONS.find((one) => one === word.trim().toLowerCase());
    if (found === undefined) throw new BadQuery(`${word} is not a supported aggregation type.`);
    return found;
  });
}

const CLAUSE = /^\s*([\w.-]+)\s+eq\s+'((?:[^']|'')*)'\s*$/i;

/** `A eq 'a1' and B eq 'b1' or B eq 'b2' and C eq '*'`: `or` joins values of one dimension, `and` dimensions. */
function readFilter(text: string): DimensionFilter {
  const filter = new Map<string, readonly string[]>();
  if (text.trim() === '') return filter;
  for (const part of text.split(/\s+and\s+/i)) {
    const clauses = part.split(/\s+or\s+/i).map((clause) => {
      const [, name, value] = CLAUSE.exec(clause) ?? [];
      if (name === undefined || value === undefined) throw new BadQuery(`The filter ${text} is invalid at: ${clause}`);
      return { name: name.toLowerCase(), value: value.replaceAll("''", "'") };
    });
    const [first] = clauses;
    if (first === undefined || clauses.some(({ name }) => name !== first.name)) {
      throw new BadQuery(`The filter ${text} is invalid: or cannot separate two different dimensions.`);
    }
    filter.set(
      first.name,
      clauses.map(({ value }) => value.toLowerCase()),
    );
  }
  return filter;
}
