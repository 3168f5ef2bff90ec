import assert from 'node:assert/strict';
import { retryAfter, retryDelay, throttlePause } from '../../../tasks/common/azure/retry.ts';

const now = Date.parse('2026-01-15T12:00:00Z');

function delay(status: number, headers: Record<string, string> = {}, attempt = 1): number | undefined {
  return retryDelay({ status, headers, errorCode: undefined }, attempt, now, 0.5);
}

function delayAfter(errorCode: string, attempt = 1): number | undefined {
  return retryDelay({ status: undefined, headers: {}, errorCode }, attempt, now, 0.5);
}

describe('retry rules', () => {
  it('repeats what is transient and nothing else', () => {
    for (const status of [408, 429, 500, 502, 503, 504]) assert.equal(delay(status), 500, String(status));
    for (const status of [200, 201, 202, 304, 400, 401, 403, 404, 409, 412, 501]) {
      assert.equal(delay(status), undefined, String(status));
    }
  });

  it('waits longer each time, but never beyond half a minute and not for ever', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((attempt) => delay(503, {}, attempt));
    assert.deepEqual(delays, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, undefined]);
  });

  it('spreads clients by a quarter in both directions', () => {
    const outcome = { status: 503, headers: {}, errorCode: undefined };
    assert.equal(retryDelay(outcome, 1, now, 0), 375);
    assert.equal(retryDelay(outcome, 1, now, 0.999), 625);
  });

  it('does as the service asks, in every form it asks in', () => {
    assert.equal(delay(429, { 'retry-after': '7' }), 7000);
    assert.equal(delay(429, { 'retry-after-ms': '250' }), 250);
    assert.equal(delay(429, { 'x-ms-retry-after-ms': '1200', 'retry-after': '9' }), 1200);
    assert.equal(delay(503, { 'retry-after': 'Thu, 15 Jan 2026 12:00:20 GMT' }), 20_000);
    assert.equal(retryAfter({ 'retry-after': 'Thu, 15 Jan 2026 11:00:00 GMT' }, now), 0);
    assert.equal(retryAfter({ 'retry-after': 'soon' }, now), undefined);
    assert.equal(delay(429, { 'retry-after': '86400' }), 300_000);
  });

  it('repeats broken connections, hardly ever a name that does not exist, never a certificate or a password', () => {
    assert.equal(delayAfter('ECONNRESET', 8), 30_000);
    assert.equal(delayAfter('ENOTFOUND', 2), 1000);
    assert.equal(delayAfter('ENOTFOUND', 3), undefined);
    assert.equal(delayAfter('SELF_SIGNED_CERT_IN_CHAIN'), undefined);
    assert.equal(delayAfter('EPROXYAUTH'), undefined);
  });

  it('slows down when the subscription has few requests left', () => {
    assert.equal(throttlePause({ 'x-ms-ratelimit-remaining-subscription-reads': '11999' }), 0);
    assert.equal(throttlePause({ 'x-ms-ratelimit-remaining-subscription-writes': '3' }), 5000);
    assert.equal(throttlePause({ 'x-ms-ratelimit-remaining-subscription-resource-requests': '2' }), 0);
  });
});
