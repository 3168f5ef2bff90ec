import assert from 'node:assert/strict';
import { asObject, at, textAt, type JsonObject } from '../../local/emulator/json.ts';
import { until, type Answer } from './job-workspace.ts';
import { startOnlineWorkspace, type OnlineWorkspace } from './online-workspace.ts';

const MINUTE = 60_000;
const SENDERS = 8;

describe('the metrics of the emulator’s online endpoints', function () {
  this.timeout(120_000);
  let online: OnlineWorkspace;
  let key: string;
  let began: number;

  before(async () => {
    // Slow enough that all requests fall into a few hours, which is what a query may span.
    const timings = { endpointCreate: 0, endpointUpdate: 2000, deploymentCreate: 2000 };
    online = await startOnlineWorkspace({ speed: 200, timings });
    await online.putAssets();
    await online.putEndpoint('watched');
    for (const name of ['blue', 'green']) {
      await online.deploy('watched', name, { requestSettings: { maxConcurrentRequestsPerInstance: SENDERS } });
    }
    key = await online.keyOf('watched');
    began = online.emulator.context.clock.now();
  });
  after(() => online.close());
  afterEach(() => {
    online.emulator.clearFaults();
  });

  const ask = (resource: string, query: Readonly<Record<string, string>>): Promise<Answer> => {
    const to = online.emulator.context.clock.now();
    const timespan = `${new Date(began).toISOString()}/${new Date(to).toISOString()}`;
    const text = new URLSearchParams({ 'api-version': '2018-01-01', timespan, interval: 'PT1M', ...query }).toString();
    const path = online.id(`onlineEndpoints/${resource}/providers/Microsoft.Insights/metrics`);
    return online.poll(`https://management.azure.com${path}?${text}`);
  };

  interface Series {
    readonly dimensions: Readonly<Record<string, string>>;
    readonly values: readonly number[];
  }

  async function seriesOf(
    resource: string,
    metricnames: string,
    $filter = '',
    aggregation = 'Total',
  ): Promise<Series[]> {
    const { body } = await ask(resource, { metricnames, aggregation, ...($filter !== '' && { $filter }) });
    const [metric] = at(body, 'value') as readonly JsonObject[];
    return (at(metric, 'timeseries') as readonly JsonObject[]).map((series) => ({
      dimensions: Object.fromEntries(
        (at(series, 'metadatavalues') as readonly JsonObject[]).map((one) => [
          textAt(one, 'name', 'value') ?? '',
          textAt(one, 'value') ?? '',
        ]),
      ),
      values: (at(series, 'data') as readonly JsonObject[]).flatMap((point) => {
        const value = point[aggregation.toLowerCase()];
        return typeof value === 'number' ? [value] : [];
      }),
    }));
  }

  /** The statuses of so many requests. */
  async function scoreOften(count: number): Promise<readonly number[]> {
    const statuses: number[] = [];
    let left = count;
    const sender = async (): Promise<void> => {
      while (left-- > 0) statuses.push((await online.score('watched', { numbers: [left] }, { key })).status);
    };
    await Promise.all(Array.from({ length: SENDERS }, sender));
    return statuses;
  }

  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

  /** Totals by a dimension, once they are as many as were served: a minute is told a while after its end. */
  async function totals(resource: string, filter: string, count: number): Promise<Readonly<Record<string, number>>> {
    return until(async () => {
      const found = await seriesOf(resource, 'RequestsPerMinute', filter);
      if (sum(found.map(({ values }) => sum(values))) < count) return undefined;
      return Object.fromEntries(
        found.map(({ dimensions, values }) => [Object.values(dimensions).sort().join(' '), sum(values)]),
      );
    }, `the metrics of ${count} requests`);
  }

  it('count a split of the traffic as it was, by deployment and status', async () => {
    await online.putTraffic('watched', { traffic: { blue: 90, green: 10 } });
    began = online.emulator.context.clock.now();
    assert.deepEqual(new Set(await scoreOften(400)), new Set([200]));
    assert.equal((await online.score('watched', { fail: 'no' }, { key, deployment: 'green' })).status, 424);
    assert.deepEqual(await totals('watched', "deployment eq '*'", 401), { blue: 360, green: 41 });
    assert.deepEqual(await totals('watched', "deployment eq 'green' and statusCode eq '*'", 41), {
      '200 green': 40,
      '424 green': 1,
    });
    assert.deepEqual(await totals('watched', "statusCodeClass eq '2xx' or statusCodeClass eq '4xx'", 401), {
      '2xx': 400,
      '4xx': 1,
    });
    assert.deepEqual(await totals('watched/deployments/green', "envoy_response_code eq '*'", 41), { 200: 40, 424: 1 });
    const p95 = await seriesOf('watched', 'RequestLatency_P95', "deployment eq 'blue'", 'Average');
    assert.deepEqual(p95[0]?.dimensions, { deployment: 'blue' });
    assert.ok(p95[0].values.length > 0 && p95[0].values.every((value) => value > 0 && value < 5000));
    const [cpu] = await seriesOf('watched/deployments/blue', 'CpuUtilizationPercentage', '', 'Maximum');
    assert.ok((cpu?.values.length ?? 0) > 0 && cpu?.values.every((value) => value >= 1 && value <= 100));
  });

  it('have the published names and say which there are', async () => {
    const definitions = async (resource: string): Promise<readonly string[]> => {
      const path = online.id(`${resource}/providers/Microsoft.Insights/metricDefinitions`);
      const { body } = await online.poll(`https://management.azure.com${path}?api-version=2018-01-01`);
      return (at(body, 'value') as readonly JsonObject[]).map((one) => textAt(one, 'name', 'value') ?? '');
    };
    const latency = ['P50', 'P90', 'P95', 'P99'].map((name) => `RequestLatency_${name}`);
    assert.deepEqual(await definitions('onlineEndpoints/watched'), ['RequestsPerMinute', 'RequestLatency', ...latency]);
    const load = ['CpuUtilizationPercentage', 'CpuMemoryUtilizationPercentage', 'DeploymentCapacity'];
    const deployment = await definitions('onlineEndpoints/watched/deployments/blue');
    assert.deepEqual(deployment, ['RequestsPerMinute', ...latency, ...load]);
  });

  it('answer in the shape of Azure Monitor, a minute without requests without a value', async () => {
    const from = began - 10 * MINUTE;
    const timespan = `${new Date(from).toISOString()}/${new Date(from + 5 * MINUTE).toISOString()}`;
    const { body } = await ask('watched/deployments/blue', { timespan, metricnames: 'DeploymentCapacity' });
    assert.deepEqual(Object.keys(body), ['cost', 'timespan', 'interval', 'value', 'namespace', 'resourceregion']);
    const [metric] = at(body, 'value') as readonly JsonObject[];
    const keys = ['id', 'type', 'name', 'displayDescription', 'unit', 'timeseries', 'errorCode'];
    assert.deepEqual(Object.keys(asObject(metric)), keys);
    assert.deepEqual(asObject(metric).errorCode, 'Success');
    const none = await ask('watched', { timespan, metricnames: 'RequestsPerMinute' });
    const [requests] = at(none.body, 'value') as readonly JsonObject[];
    assert.deepEqual(at(requests, 'timeseries'), []);
  });

  it('refuse names, dimensions, filters and times that cannot be', async () => {
    const refusals: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
      [{ metricnames: 'Requests' }, /Failed to find metric configuration.*Valid metrics: RequestsPerMinute,/],
      [{ metricnames: 'RequestLatency', $filter: "colour eq '*'" }, /does not support requested dimension: colour/],
      [{ $filter: 'deployment = blue' }, /is invalid/],
      [{ $filter: "deployment eq 'a' or statusCode eq '200'" }, /or cannot separate/],
      [{ timespan: 'yesterday' }, /Start time/],
      [{ interval: 'PT30S' }, /invalid time grain/],
      [{ aggregation: 'Median' }, /not a supported aggregation/],
    ];
    for (const [query, message] of refusals) {
      const { status, body } = await ask('watched', query);
      assert.deepEqual([status, body.code], [400, 'BadRequest'], JSON.stringify(query));
      assert.match(textAt(body, 'message') ?? '', message);
    }
  });

  it('show failing and slow answers that a fault rule makes, and nothing at all when it hides them', async () => {
    await online.putTraffic('watched', { traffic: { blue: 100 } });
    began = Math.ceil(online.emulator.context.clock.now() / MINUTE) * MINUTE + MINUTE;
    await until(() => Promise.resolve(online.emulator.context.clock.now() > began ? true : undefined), 'a new minute');
    online.emulator.addFaults([
      { switch: 'failScoring', target: '/deployments/blue$', parameters: { percent: 20 } },
      { switch: 'slowScoring', target: '/deployments/blue$', parameters: { ms: 3000 } },
      { switch: 'deploymentLoad', target: '/deployments/blue$', parameters: { cpuPercent: 97, memoryPercent: 60 } },
    ]);
    const statuses = await scoreOften(50);
    assert.equal(statuses.filter((status) => status === 500).length, 10);
    assert.deepEqual(await totals('watched', "statusCode eq '*'", 50), { 200: 40, 500: 10 });
    const [p50] = await seriesOf('watched', 'RequestLatency_P50', '', 'Minimum');
    assert.ok((p50?.values.length ?? 0) > 0 && p50?.values.every((value) => value >= 3000));
    const [cpu] = await seriesOf('watched/deployments/blue', 'CpuUtilizationPercentage', '', 'Average');
    assert.ok(cpu?.values.every((value) => value === 97));
    online.emulator.addFaults([{ switch: 'metricsMissing', target: 'onlineEndpoints/watched$' }]);
    assert.deepEqual(await seriesOf('watched', 'RequestsPerMinute'), []);
  });
});
