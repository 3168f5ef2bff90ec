/** Azure Monitor's metrics of online endpoints and deployments, computed from what was really served. */
import type { EmulatorContext } from '../context.ts';
import { armRoute, type Evidence, type Incoming, type Reply, type Route } from '../http.ts';
import { at, type JsonObject } from '../json.ts';
import type { OnlineDeploymentRecord, OnlineEndpointRecord, OnlineStore } from '../arm/online-endpoint-records.ts';
import { ENDPOINT_PATH } from '../arm/online-endpoints.ts';
import { workspaceOf } from '../arm/workspace-scope.ts';
import {
  definitionBody,
  DEPLOYMENT_METRICS,
  ENDPOINT_METRICS,
  outcomeDimensions,
  type Load,
  type MetricDefinition,
} from './metric-definitions.ts';
import { BadQuery, readMetricsQuery, type Aggregation, type MetricsQuery } from './metrics-query.ts';
import { MINUTE, type ServedGroup, type ServingMinutes } from './serving-minutes.ts';

export interface MetricsParts {
  readonly context: EmulatorContext;
  readonly store: OnlineStore;
  readonly minutes: ServingMinutes;
}

const SPEC: Evidence = {
  mark: 'spec',
  source:
    'Microsoft.Insights 2018-01-01 Metrics_List, MetricDefinitions_List; names and dimensions from the supported-metrics tables; mirrored requests and load: guessed',
};
const PROVIDER = 'providers/Microsoft.Insights';
const NAMESPACE = 'Microsoft.MachineLearningServices/workspaces/onlineEndpoints';

/** What metrics are asked of. */
interface Target {
  readonly id: string;
  readonly namespace: string;
  readonly region: string;
  readonly definitions: readonly MetricDefinition[];
  readonly deployments: readonly OnlineDeploymentRecord[];
}

/** The routes below endpoints and below deployments. */
export function metricsRoutes(parts: MetricsParts): Route[] {
  const routes = (path: string, targetOf: (request: Incoming) => Target): Route[] => [
    armRoute('GET', `${path}/${PROVIDER}/metrics`, SPEC, (request) => metrics(parts, request, targetOf(request))),
    armRoute('GET', `${path}/${PROVIDER}/metricDefinitions`, SPEC, (request) => definitions(targetOf(request))),
  ];
  return [
    ...routes(ENDPOINT_PATH, (request) => endpointTarget(parts, endpointOf(parts, request))),
    ...routes(`${ENDPOINT_PATH}/deployments/{deployment}`, (request) => {
      const endpoint = endpointOf(parts, request);
      return deploymentTarget(parts.store.requireDeployment(endpoint, request.params.deployment ?? ''));
    }),
  ];
}

function endpointOf({ context, store }: MetricsParts, request: Incoming): OnlineEndpointRecord {
  return store.requireEndpoint(workspaceOf(context, request), request.params.endpoint ?? '');
}

function endpointTarget({ store }: MetricsParts, endpoint: OnlineEndpointRecord): Target {
  const { id, location: region } = endpoint;
  return { id, namespace: NAMESPACE, region, definitions: ENDPOINT_METRICS, deployments: store.deployments(endpoint) };
}

function deploymentTarget(deployment: OnlineDeploymentRecord): Target {
  const { id, location: region } = deployment;
  const namespace = `${NAMESPACE}/deployments`;
  return { id, namespace, region, definitions: DEPLOYMENT_METRICS, deployments: [deployment] };
}

function definitions({ id, namespace, definitions: all }: Target): Reply {
  return { status: 200, body: { value: all.map((definition) => definitionBody(definition, id, namespace)) } };
}

function metrics(parts: MetricsParts, request: Incoming, target: Target): Reply {
  try {
    const query = readMetricsQuery(request.query, parts.context.clock.now());
    const wanted = wantedMetrics(target, query);
    return { status: 200, body: metricsBody(parts, target, query, wanted) };
  } catch (error) {
    if (!(error instanceof BadQuery)) throw error;
    return { status: 400, body: { code: 'BadRequest', message: error.message } };
  }
}

/** Without names, the first metric is meant. Throws BadQuery for a name or a dimension there is not. */
function wantedMetrics(target: Target, { names, filter }: MetricsQuery): readonly MetricDefinition[] {
  const asked = names.length === 0 ? target.definitions.slice(0, 1).map(({ name }) => name) : names;
  return asked.map((name) => {
    const found = target.definitions.find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (found === undefined) {
      const [provider = '', ...type] = target.namespace.split('/');
      const valid = target.definitions.map((one) => one.name).join(',');
      throw new BadQuery(
        `Failed to find metric configuration for provider: ${provider}, resource Type: ${type.join('/')}, metric: ${name}, Valid metrics: ${valid}`,
      );
    }
    const dimensions = found.dimensions.map((dimension) => dimension.toLowerCase());
    const unknown = [...filter.keys()].find((dimension) => !dimensions.includes(dimension));
    if (unknown !== undefined)
      throw new BadQuery(`Metric: ${found.name} does not support requested dimension: ${unknown}`);
    return found;
  });
}

function metricsBody(
  parts: MetricsParts,
  target: Target,
  query: MetricsQuery,
  wanted: readonly MetricDefinition[],
): JsonObject {
  const { from, to, interval } = query;
  const zulu = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    cost: Math.round((to - from) / MINUTE),
    timespan: `${zulu(from)}/${zulu(to)}`,
    interval: interval.text,
    value: wanted.map((definition) => ({
      id: `${target.id}/providers/Microsoft.Insights/metrics/${definition.name}`,
      type: 'Microsoft.Insights/metrics',
      name: { value: definition.name, localizedValue: definition.displayName },
      displayDescription: definition.description,
      unit: definition.unit,
      timeseries: timeseries(parts, target, query, definition),
      errorCode: 'Success',
    })),
    namespace: target.namespace,
    resourceregion: target.region,
  };
}

/** The value of a minute of each series, by the series' dimensions. */
type MinuteValues = ReadonlyMap<
  string,
  { readonly dimensions: Readonly<Record<string, string>>; readonly value: number }
>;

function timeseries(
  parts: MetricsParts,
  target: Target,
  query: MetricsQuery,
  definition: MetricDefinition,
): readonly JsonObject[] {
  const { context } = parts;
  if (context.faults.isSet('metricsMissing', target.id)) return [];
  // A minute is told once it is over and a while has passed.
  const known = context.clock.now() - context.timings.metricsLag - MINUTE;
  const minutes = new Map<number, MinuteValues>();
  for (let minute = Math.floor(query.from / MINUTE) * MINUTE; minute < query.to; minute += MINUTE) {
    if (minute <= known) minutes.set(minute, minuteValues(parts, target, query, definition, minute));
  }
  const series = new Map(
    [...minutes.values()].flatMap((values) => [...values].map(([key, one]) => [key, one.dimensions])),
  );
  return [...series].map(([key, dimensions]) => ({
    metadatavalues: Object.entries(dimensions).map(([name, value]) => ({
      name: { value: name, localizedValue: name },
      value,
    })),
    data: points(query, (minute) => minutes.get(minute)?.get(key)?.value),
  }));
}

function points(query: MetricsQuery, valueOf: (minute: number) => number | undefined): readonly JsonObject[] {
  const found: JsonObject[] = [];
  const start = Math.floor(query.from / query.interval.ms) * query.interval.ms;
  for (let time = start; time < query.to; time += query.interval.ms) {
    const values: number[] = [];
    for (let minute = time; minute < time + query.interval.ms; minute += MINUTE) {
      const value = valueOf(minute);
      if (value !== undefined) values.push(value);
    }
    const sums = values.length === 0 ? [] : query.aggregations.map((name) => [name, aggregate(name, values)] as const);
    found.push({ timeStamp: new Date(time).toISOString().replace(/\.\d+Z$/, 'Z'), ...Object.fromEntries(sums) });
  }
  return found;
}

function aggregate(name: Aggregation, values: readonly number[]): number {
  const total = values.reduce((sum, value) => sum + value, 0);
  switch (name) {
    case 'average':
      return total / values.length;
    case 'total':
      return total;
    case 'maximum':
      return Math.max(...values);
    case 'minimum':
      return Math.min(...values);
    case 'count':
      return values.length;
  }
}

function minuteValues(
  parts: MetricsParts,
  target: Target,
  query: MetricsQuery,
  definition: MetricDefinition,
  minute: number,
): MinuteValues {
  const groups = new Map<string, { dimensions: Record<string, string>; groups: ServedGroup[]; loads: Load[] }>();
  const add = (all: Readonly<Record<string, string>>, group?: ServedGroup, load?: Load): void => {
    const dimensions = splitBy(query, all);
    if (dimensions === undefined) return;
    const key = JSON.stringify(dimensions);
    const entry = groups.get(key) ?? { dimensions, groups: [], loads: [] };
    if (group !== undefined) entry.groups.push(group);
    if (load !== undefined) entry.loads.push(load);
    groups.set(key, entry);
  };
  for (const deployment of target.deployments) {
    if (definition.ofLoad !== undefined) {
      const load = loadOf(parts, deployment, minute);
      if (load !== undefined) add({ instanceid: `${deployment.name}-0`, state: 'Running' }, undefined, load);
      continue;
    }
    for (const group of parts.minutes.groups(deployment.id, minute)) {
      add({ deployment: deployment.name, ...outcomeDimensions(group) }, group);
    }
  }
  const values = [...groups].flatMap(([key, { dimensions, groups: served, loads }]) => {
    const [load] = loads;
    const value = load === undefined ? definition.ofRequests?.(served) : definition.ofLoad?.(load);
    return value === undefined ? [] : [[key, { dimensions, value }] as const];
  });
  return new Map(values);
}

/** The dimensions a filter names, with the values of this measurement; undefined when the filter leaves it out. */
function splitBy({ filter }: MetricsQuery, all: Readonly<Record<string, string>>): Record<string, string> | undefined {
  const kept: Record<string, string> = {};
  for (const [name, wanted] of filter) {
    const value = all[name] ?? '';
    if (!wanted.includes('*') && !wanted.includes(value.toLowerCase())) return undefined;
    kept[name] = value;
  }
  return kept;
}

/** What a deployment that has nothing to do takes. */
const IDLE: Omit<Load, 'instances'> = { cpuPercent: 1, memoryPercent: 10 };

/** The load of a deployment that was up; its processor is as busy as its requests kept it. A fault rule may say otherwise. */
function loadOf(
  { context, minutes }: MetricsParts,
  deployment: OnlineDeploymentRecord,
  minute: number,
): Load | undefined {
  if (!deployment.hasServed || minute < Date.parse(deployment.systemData.createdAt) - MINUTE) return undefined;
  const busyMs = minutes
    .groups(deployment.id, minute)
    .flatMap(({ latencies }) => latencies)
    .reduce((sum, latency) => sum + latency, 0);
  const busy = (busyMs / (MINUTE * deployment.capacity)) * 100;
  const forced = context.faults.isSet('deploymentLoad', deployment.id)
    ? context.faults.take('deploymentLoad', deployment.id)?.parameters
    : undefined;
  const percent = (name: string, otherwise: number): number => {
    const value = at(forced, name);
    return typeof value === 'number' ? value : otherwise;
  };
  return {
    cpuPercent: percent('cpuPercent', Math.min(100, IDLE.cpuPercent + busy)),
    memoryPercent: percent('memoryPercent', IDLE.memoryPercent),
    instances: deployment.capacity,
  };
}
