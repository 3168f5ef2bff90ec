/** Reads from Azure Monitor what an analysis judges: requests, errors and latency of the endpoint by deployment, load of the deployment. */
import type { Measured } from '../domain/rollout-analysis.ts';
import type { Analysis, Measure } from '../domain/rollout-plan.ts';
import type { MetricSeries } from '../ports.ts';
import type { Context } from './task-context.ts';

/** Metrics of Microsoft.MachineLearningServices/workspaces/onlineEndpoints, by the dimension `deployment`. */
const REQUESTS = 'RequestsPerMinute';
const LATENCY: Readonly<Partial<Record<Measure, string>>> = {
  averageMilliseconds: 'RequestLatency',
  p50Milliseconds: 'RequestLatency_P50',
  p90Milliseconds: 'RequestLatency_P90',
  p95Milliseconds: 'RequestLatency_P95',
  p99Milliseconds: 'RequestLatency_P99',
};
/** Metrics of …/onlineEndpoints/deployments. */
const LOAD: Readonly<Partial<Record<Measure, string>>> = {
  cpuPercent: 'CpuUtilizationPercentage',
  memoryPercent: 'CpuMemoryUtilizationPercentage',
};

/** Statuses that are the deployment's fault, not its caller's: time-outs, errors of the model, too many requests for it. */
const DEPLOYMENT_FAULTS = new Set(['408', '424', '429']);

/** What was measured between two times (milliseconds since 1970), as far as the analysis asks for it. */
export async function measureDeployment(
  context: Context,
  endpoint: string,
  deployment: string,
  { limits }: Analysis,
  time: { readonly from: number; readonly to: number },
): Promise<Measured> {
  const { workspace, agent } = context;
  const wanted = new Set(limits.map(({ measure }) => measure));
  const from = wholeMinute(time.from);
  // The service refuses a span of no length.
  const span = { from, to: Math.max(time.to, from + MINUTE_MS), signal: agent.signal };
  const ask = async (resource: string, names: readonly string[], filter?: string): Promise<readonly MetricSeries[]> =>
    names.length === 0 ? [] : workspace.monitor.metrics({ resource, names, filter, ...span });
  const byDeployment = `deployment eq '${deployment}'`;
  const resource = `onlineEndpoints/${endpoint}`;
  const requests = await ask(resource, [REQUESTS], `${byDeployment} and statusCode eq '*'`);
  const latency = await ask(resource, namesOf(LATENCY, wanted), byDeployment);
  const load = await ask(`${resource}/deployments/${deployment}`, namesOf(LOAD, wanted));
  return {
    ...requestMeasures(requests),
    ...averages(LATENCY, latency),
    ...averages(LOAD, load),
  };
}

const MINUTE_MS = 60_000;

/** Values belong to whole minutes. */
function wholeMinute(time: number): number {
  return Math.floor(time / MINUTE_MS) * MINUTE_MS;
}

function namesOf(table: Readonly<Partial<Record<Measure, string>>>, wanted: ReadonlySet<Measure>): readonly string[] {
  return Object.entries(table).flatMap(([measure, name]) => (wanted.has(measure as Measure) ? [name] : []));
}

/** Each minute's value is the number of requests in it. Nothing at all is no measurement, not none. */
function requestMeasures(series: readonly MetricSeries[]): Measured {
  if (series.every(({ points }) => points.length === 0)) return {};
  const count = (some: readonly MetricSeries[]): number =>
    some.reduce((sum, { points }) => sum + points.reduce((total, { value }) => total + value, 0), 0);
  const requests = count(series);
  const errors = count(series.filter(({ dimensions }) => isError(dimensions.statuscode ?? '')));
  return { requests, errors, ...(requests === 0 ? {} : { errorPercent: (errors / requests) * 100 }) };
}

function isError(status: string): boolean {
  return status.startsWith('5') || DEPLOYMENT_FAULTS.has(status);
}

/** The mean of the minutes that have a value, over all series of a metric. */
function averages(table: Readonly<Partial<Record<Measure, string>>>, series: readonly MetricSeries[]): Measured {
  const entries = Object.entries(table).flatMap(([measure, name]) => {
    const values = series.filter((one) => one.name === name).flatMap(({ points }) => points.map(({ value }) => value));
    if (values.length === 0) return [];
    return [[measure, values.reduce((sum, value) => sum + value, 0) / values.length] as const];
  });
  return Object.fromEntries(entries);
}
