import assert from 'node:assert/strict';
import { followOperation, operationOf, phaseOf, pollDelay } from '../../../tasks/common/azure/long-running.ts';
import type { Method } from '../../../tasks/common/azure/long-running.ts';
import type { HttpAnswer, Sender } from '../../../tasks/common/azure/http-pipeline.ts';
import { CancelledError, ServiceError } from '../../../tasks/common/errors.ts';
import type { WriteOptions } from '../../../tasks/common/ports.ts';
import { virtualClock } from '../../fixtures/azure/virtual-clock.ts';

const arm = 'https://management.azure.com';
const resourceUrl = `${arm}/resource?api-version=1`;
const statusUrl = `${arm}/status/1`;

function answer(status: number, body?: unknown, headers: Record<string, string> = {}): HttpAnswer {
  return { status, headers, text: body === undefined ? '' : JSON.stringify(body) };
}

/** A service that answers each URL from a script; the last entry stays. */
function service(script: Record<string, HttpAnswer[]>): Sender & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    send: ({ url, signal }) => {
      signal?.throwIfAborted();
      asked.push(url);
      const answers = script[url] ?? [];
      const next = answers.length > 1 ? answers.shift() : answers[0];
      return next === undefined ? Promise.reject(new Error(`unexpected ${url}`)) : Promise.resolve(next);
    },
    stream: () => Promise.reject(new Error('not used')),
  };
}

function follow(
  method: Method,
  first: HttpAnswer,
  sender: Sender,
  options: Pick<WriteOptions, 'signal' | 'onProgress'> = {},
  clock = virtualClock(),
) {
  return followOperation({ sender, clock }, method, resourceUrl, first, options);
}

const asyncHeaders = { 'azure-asyncoperation': statusUrl, location: `${arm}/result/1` };

describe('long-running operations', () => {
  it('are recognised by header, status and body', () => {
    assert.equal(operationOf('PUT', resourceUrl, answer(201, {}, { location: resourceUrl })).watch, 'nothing');
    assert.equal(operationOf('PUT', resourceUrl, answer(201, {}, asyncHeaders)).watch, 'status');
    assert.equal(operationOf('POST', resourceUrl, answer(202, null, { location: statusUrl })).watch, 'location');
    const creating = answer(201, { properties: { provisioningState: 'Creating' } });
    assert.equal(operationOf('PUT', resourceUrl, creating).watch, 'resource');
    const ready = answer(201, { properties: { provisioningState: 'Succeeded' } });
    assert.equal(operationOf('PUT', resourceUrl, ready).watch, 'nothing');
  });

  it('end with three words only', () => {
    for (const word of ['Updating', 'Creating', 'InProgress', 'Running', 'Accepted', 'Whatever']) {
      assert.equal(phaseOf(word), 'running', word);
    }
    assert.equal(phaseOf('succeeded'), 'succeeded');
    assert.equal(phaseOf('Failed'), 'failed');
    assert.equal(phaseOf('Canceled'), 'failed');
  });

  it('are asked about often at first and every 15 s later, unless the service says when', () => {
    assert.deepEqual(
      [0, 1, 2, 3, 20].map((poll) => pollDelay(poll, undefined)),
      [1000, 1500, 2250, 3375, 15000],
    );
    assert.equal(pollDelay(0, 40_000), 40_000);
  });

  it('PUT: polls the status, then reads the resource, also when reads lag behind', async () => {
    const sender = service({
      [statusUrl]: [
        answer(404),
        answer(200, { status: 'Updating' }),
        answer(200, { status: 'Updating' }, { 'retry-after': '30' }),
        answer(200, { status: 'Succeeded' }),
      ],
      [resourceUrl]: [
        answer(200, { properties: { provisioningState: 'Updating' } }),
        answer(200, { name: 'e', properties: { provisioningState: 'Succeeded', unknown: 1 } }),
      ],
    });
    const clock = virtualClock();
    const words: string[] = [];
    const onProgress = (word: string) => words.push(word);
    const result = await follow('PUT', answer(201, { properties: {} }, asyncHeaders), sender, { onProgress }, clock);
    assert.deepEqual(result, { name: 'e', properties: { provisioningState: 'Succeeded', unknown: 1 } });
    assert.deepEqual(words, ['Updating', 'Updating', 'Succeeded']);
    assert.ok(clock.sleeps.includes(30_000));
  });

  it('DELETE: ends with the status and reads nothing afterwards', async () => {
    const sender = service({ [statusUrl]: [answer(200, { status: 'Succeeded' })] });
    assert.equal(await follow('DELETE', answer(202, null, asyncHeaders), sender), null);
    assert.deepEqual(sender.asked, [statusUrl]);
  });

  it('POST: reads the result where Location says', async () => {
    const sender = service({
      [statusUrl]: [answer(200, { status: 'Succeeded' })],
      [`${arm}/result/1`]: [answer(200, { value: 1 })],
    });
    assert.deepEqual(await follow('POST', answer(202, undefined, asyncHeaders), sender), { value: 1 });
  });

  it('cancel of a job: follows Location until 200 with an empty body', async () => {
    const first = answer(202, null, { location: statusUrl });
    const moved = `${arm}/status/2`;
    const sender = service({ [statusUrl]: [answer(202, {}, { location: moved })], [moved]: [answer(200)] });
    assert.equal(await follow('POST', first, sender), null);
    const without = service({ [statusUrl]: [answer(204)] });
    assert.equal(await follow('POST', first, without), null);
  });

  it('compute: a status without Location, then the resource', async () => {
    const sender = service({
      [statusUrl]: [answer(200, { status: 'InProgress' }), answer(200, { status: 'Succeeded', percentComplete: 100 })],
      [resourceUrl]: [answer(200, { name: 'c' })],
    });
    const first = answer(201, { name: 'c' }, { 'azure-asyncoperation': statusUrl });
    assert.deepEqual(await follow('PUT', first, sender), { name: 'c' });
  });

  it('without any header: polls the resource itself and names why it failed', async () => {
    const first = answer(201, { properties: { provisioningState: 'Creating' } });
    const failed = answer(200, {
      properties: {
        provisioningState: 'Failed',
        provisioningErrors: [{ error: { code: 'ClusterCoreQuotaReached', message: 'Not enough cores.' } }],
      },
    });
    await assert.rejects(follow('PUT', first, service({ [resourceUrl]: [failed] })), (error) => {
      assert.ok(error instanceof ServiceError);
      assert.equal(error.code, 'ClusterCoreQuotaReached');
      return true;
    });
  });

  it("fail with the operation's own reason", async () => {
    const sender = service({
      [statusUrl]: [answer(200, { status: 'Failed', error: { code: 'ResourceNotReady', message: 'It crashed.' } })],
    });
    await assert.rejects(follow('PUT', answer(201, {}, asyncHeaders), sender), (error) => {
      assert.ok(error instanceof ServiceError);
      assert.deepEqual([error.code, error.message], ['ResourceNotReady', 'It crashed.']);
      return true;
    });
  });

  it('that are stuck are bounded by the signal alone', async () => {
    const stuck = service({ [statusUrl]: [answer(200, { status: 'Updating' })] });
    const cancel = new AbortController();
    let polls = 0;
    const onProgress = () => {
      polls += 1;
      if (polls === 500) cancel.abort(new CancelledError());
    };
    const options = { signal: cancel.signal, onProgress };
    await assert.rejects(follow('PUT', answer(201, {}, asyncHeaders), stuck, options), CancelledError);
    assert.equal(polls, 500);
  });
});
