/**
 * The metrics of online endpoints and their deployments, with the names and dimensions of "Supported metrics for
 * Microsoft.MachineLearningServices/workspaces/onlineEndpoints" and "…/onlineEndpoints/deployments".
 */
import type { JsonObject } from '../json.ts';
import type { ServedGroup } from './serving-minutes.ts';

/** One value's worth of what happened in a minute, with what it may be split by. */
export interface Measurement {
  readonly dimensions: Readonly<Record<string, string>>;
  readonly groups: readonly ServedGroup[];
}

/** A deployment's load in a minute. */
export interface Load {
  readonly cpuPercent: number;
  readonly memoryPercent: number;
  readonly instances: number;
}

export interface MetricDefinition {
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  readonly unit: 'Count' | 'MilliSeconds' | 'Percent';
  readonly dimensions: readonly string[];
  /** Of the requests of a minute; undefined when there were none. */
  readonly ofRequests?: (groups: readonly ServedGroup[]) => number | undefined;
  readonly ofLoad?: (load: Load) => number;
}

const REQUESTS = (dimensions: readonly string[]): MetricDefinition => ({
  name: 'RequestsPerMinute',
  displayName: 'Requests Per Minute',
  description: 'The number of requests sent to the endpoint or deployment within a minute.',
  unit: 'Count',
  dimensions,
  ofRequests: (groups) => latenciesOf(groups).length,
});

const percentile = (percent: number, dimensions: readonly string[]): MetricDefinition => ({
  name: `RequestLatency_P${percent}`,
  displayName: `Request Latency P${percent}`,
  description: `The average P${percent} request latency aggregated by all request latency values collected over a minute.`,
  unit: 'MilliSeconds',
  dimensions,
  ofRequests: (groups) => {
    const sorted = [...latenciesOf(groups)].sort((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  },
});

const percentiles = (dimensions: readonly string[]): readonly MetricDefinition[] =>
  [50, 90, 95, 99].map((percent) => percentile(percent, dimensions));

export const ENDPOINT_METRICS: readonly MetricDefinition[] = [
  REQUESTS(['deployment', 'statusCode', 'statusCodeClass', 'modelStatusCode']),
  {
    name: 'RequestLatency',
    displayName: 'Request Latency',
    description: 'The average complete interval of time taken for a request to be responded in milliseconds.',
    unit: 'MilliSeconds',
    dimensions: ['deployment'],
    ofRequests: (groups) => {
      const all = latenciesOf(groups);
      return all.length === 0 ? undefined : all.reduce((sum, one) => sum + one, 0) / all.length;
    },
  },
  ...percentiles(['deployment']),
];

export const DEPLOYMENT_METRICS: readonly MetricDefinition[] = [
  REQUESTS(['envoy_response_code']),
  ...percentiles([]),
  {
    name: 'CpuUtilizationPercentage',
    displayName: 'CPU Utilization Percentage',
    description: 'Percentage of CPU utilization on an instance. Utilization is reported at one minute intervals.',
    unit: 'Percent',
    dimensions: ['instanceId'],
    ofLoad: ({ cpuPercent }) => cpuPercent,
  },
  {
    name: 'CpuMemoryUtilizationPercentage',
    displayName: 'CPU Memory Utilization Percentage',
    description: 'Percentage of memory utilization on an instance. Utilization is reported at one minute intervals.',
    unit: 'Percent',
    dimensions: ['instanceId'],
    ofLoad: ({ memoryPercent }) => memoryPercent,
  },
  {
    name: 'DeploymentCapacity',
    displayName: 'Deployment Capacity',
    description: 'The number of instances in the deployment.',
    unit: 'Count',
    dimensions: ['instanceId', 'State'],
    ofLoad: ({ instances }) => instances,
  },
];

function latenciesOf(groups: readonly ServedGroup[]): readonly number[] {
  return groups.flatMap(({ latencies }) => latencies);
}

/** What a request's outcome says of each dimension. */
export function outcomeDimensions({ status, modelStatus }: ServedGroup): Readonly<Record<string, string>> {
  return {
    statuscode: String(status),
    statuscodeclass: `${Math.floor(status / 100)}xx`,
    modelstatuscode: modelStatus === undefined ? '' : String(modelStatus),
    envoy_response_code: String(status),
  };
}

/** As the definitions' route tells it. */
export function definitionBody(definition: MetricDefinition, resourceId: string, namespace: string): JsonObject {
  const { name, displayName, description, unit, dimensions } = definition;
  return {
    id: `${resourceId}/providers/microsoft.insights/metricdefinitions/${name}`,
    resourceId,
    namespace,
    name: { value: name, localizedValue: displayName },
    displayDescription: description,
    isDimensionRequired: false,
    unit,
    primaryAggregationType: 'Average',
    supportedAggregationTypes: ['None', 'Average', 'Minimum', 'Maximum', 'Total', 'Count'],
    metricAvailabilities: ['PT1M', 'PT5M', 'PT15M', 'PT30M', 'PT1H', 'PT6H', 'PT12H', 'P1D'].map((timeGrain) => ({
      timeGrain,
      retention: 'P93D',
    })),
    dimensions: dimensions.map((dimension) => ({ value: dimension, localizedValue: dimension })),
  };
}
