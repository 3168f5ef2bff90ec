import assert from 'node:assert/strict';
import { createMonitor } from '../../../tasks/common/azure/monitor.ts';
import type { RequestOptions } from '../../../tasks/common/ports.ts';

const REQUEST = {
  resource: 'onlineEndpoints/churn',
  names: ['RequestsPerMinute', 'RequestLatency_P95'],
  from: Date.UTC(2026, 0, 1, 12),
  to: Date.UTC(2026, 0, 1, 12, 5),
  filter: "deployment eq 'green' and statusCodeClass eq '*'",
};

const name = (value: string) => ({ value, localizedValue: value });

describe('the metrics of a resource', () => {
  it('are asked for by the documented parameters', async () => {
    const asked: [string, RequestOptions | undefined][] = [];
    const get = (path: string, options?: RequestOptions) => {
      asked.push([path, options]);
      return Promise.resolve({ value: [] });
    };
    assert.deepEqual(await createMonitor({ get }).metrics(REQUEST), []);
    const [path, options] = asked[0] ?? [];
    assert.equal(path, 'onlineEndpoints/churn/providers/Microsoft.Insights/metrics');
    assert.deepEqual(options?.query, {
      'api-version': '2018-01-01',
      metricnames: 'RequestsPerMinute,RequestLatency_P95',
      timespan: '2026-01-01T12:00:00.000Z/2026-01-01T12:05:00.000Z',
      interval: 'PT1M',
      aggregation: 'Average',
      $filter: REQUEST.filter,
    });
  });

  it('are read with their dimensions in lower case, without the minutes that have no value', async () => {
    const series = {
      metadatavalues: [
        { name: name('Deployment'), value: 'green' },
        { name: name('statuscodeclass'), value: '5xx' },
      ],
      data: [
        { timeStamp: '2026-01-01T12:00:00Z', average: 3 },
        { timeStamp: '2026-01-01T12:01:00Z' },
        { timeStamp: '2026-01-01T12:02:00Z', average: 0 },
      ],
    };
    const answer = { value: [{ name: name('RequestsPerMinute'), unit: 'Count', timeseries: [series] }] };
    const found = await createMonitor({ get: () => Promise.resolve(answer) }).metrics(REQUEST);
    assert.deepEqual(found, [
      {
        name: 'RequestsPerMinute',
        dimensions: { deployment: 'green', statuscodeclass: '5xx' },
        points: [
          { time: Date.UTC(2026, 0, 1, 12), value: 3 },
          { time: Date.UTC(2026, 0, 1, 12, 2), value: 0 },
        ],
      },
    ]);
  });

  it('are none where the service has none', async () => {
    for (const answer of [undefined, {}, { value: [{ name: name('X') }] }, { value: 'odd' }]) {
      assert.deepEqual(await createMonitor({ get: () => Promise.resolve(answer) }).metrics(REQUEST), []);
    }
  });
});
