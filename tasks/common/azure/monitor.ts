/**
 * Azure Monitor's platform metrics of the workspace's resources.
 * REST: Metrics - List, `GET {resource}/providers/Microsoft.Insights/metrics`, api-version 2018-01-01. The names, dimensions and
 * the one-minute grain: supported metrics of Microsoft.MachineLearningServices/workspaces/onlineEndpoints(/deployments).
 */
import { at, isJsonObject, textAt, type Json } from '../domain/json.ts';
import type { MetricSeries, MetricsRequest, Monitor } from '../ports.ts';
import type { Arm } from './arm.ts';

const API_VERSION = '2018-01-01';

export function createMonitor(arm: Pick<Arm, 'get'>): Monitor {
  return {
    async metrics(request) {
      const answer = await arm.get(`${request.resource}/providers/Microsoft.Insights/metrics`, {
        query: queryOf(request),
        signal: request.signal,
      });
      return listAt(answer, 'value').flatMap(seriesOf);
    },
  };
}

function queryOf({ names, from, to, filter }: MetricsRequest) {
  return {
    'api-version': API_VERSION,
    metricnames: names.join(','),
    timespan: `${new Date(from).toISOString()}/${new Date(to).toISOString()}`,
    interval: 'PT1M',
    aggregation: 'Average',
    $filter: filter,
  };
}

function seriesOf(metric: Json): readonly MetricSeries[] {
  const name = textAt(metric, 'name', 'value') ?? '';
  return listAt(metric, 'timeseries').map((series) => ({
    name,
    dimensions: dimensionsOf(series),
    points: listAt(series, 'data').flatMap(pointOf),
  }));
}

/** The service writes the names of dimensions in whatever case it likes. */
function dimensionsOf(series: Json): Readonly<Record<string, string>> {
  const entries = listAt(series, 'metadatavalues').map(
    (dimension) =>
      [(textAt(dimension, 'name', 'value') ?? '').toLowerCase(), textAt(dimension, 'value') ?? ''] as const,
  );
  return Object.fromEntries(entries);
}

/** A minute in which nothing was measured has its time and no value. */
function pointOf(point: Json): MetricSeries['points'] {
  const [time, value] = [Date.parse(textAt(point, 'timeStamp') ?? ''), at(point, 'average')];
  return Number.isNaN(time) || typeof value !== 'number' ? [] : [{ time, value }];
}

function listAt(value: Json | undefined, key: string): readonly Json[] {
  const found = at(value, key);
  return Array.isArray(found) ? (found as readonly Json[]).filter(isJsonObject) : [];
}
