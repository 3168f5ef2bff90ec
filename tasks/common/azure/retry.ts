/** When a request is worth repeating, and after how long. Pure: the waiting itself is done by the pipeline. */

export interface Outcome {
  /** The answer's status; undefined when none came. */
  readonly status: number | undefined;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The code of a network failure (`ECONNRESET` …); undefined when an answer came. */
  readonly errorCode: string | undefined;
}

const retriedStatuses = new Set([408, 429, 500, 502, 503, 504]);

/** How often a kind of failure is repeated: an outage passes, a name that does not exist rarely appears. */
const retriesByErrorCode: Readonly<Record<string, number>> = {
  ECONNRESET: 8,
  EPIPE: 8,
  ETIMEDOUT: 4,
  ERESPONSETIMEOUT: 4,
  EAI_AGAIN: 5,
  ENOTFOUND: 2,
  ECONNREFUSED: 4,
  EHOSTUNREACH: 3,
  ENETUNREACH: 3,
  EPROXYREFUSED: 3,
  ETRUNCATED: 8,
};

const retriesOfStatus = 8;
const firstDelayMs = 500;
const longestDelayMs = 30_000;
/** A service that asks for more is asked again after this; whoever has less patience sets a time-out of their own. */
const longestAskedDelayMs = 300_000;

/**
 * Milliseconds to wait before the request is repeated, or undefined when it should not be.
 * `attempt` is 1 after the first try; `random` in [0, 1) spreads clients that failed at the same moment.
 */
export function retryDelay(outcome: Outcome, attempt: number, now: number, random: number): number | undefined {
  const limit =
    outcome.errorCode === undefined
      ? outcome.status !== undefined && retriedStatuses.has(outcome.status)
        ? retriesOfStatus
        : 0
      : (retriesByErrorCode[outcome.errorCode] ?? 0);
  if (attempt > limit) return undefined;
  const asked = retryAfter(outcome.headers, now);
  if (asked !== undefined) return Math.min(asked, longestAskedDelayMs);
  const exponential = Math.min(firstDelayMs * 2 ** (attempt - 1), longestDelayMs);
  return Math.round(exponential * (0.75 + random / 2));
}

/**
 * What the service asks to wait, in milliseconds: `retry-after-ms` and `x-ms-retry-after-ms`, `Retry-After` in seconds
 * or as an HTTP date (RFC 9110 §10.2.3). Undefined when it does not ask, or not legibly.
 */
export function retryAfter(headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const milliseconds = headers['retry-after-ms'] ?? headers['x-ms-retry-after-ms'];
  if (milliseconds !== undefined && /^\d+(?:\.\d+)?$/.test(milliseconds)) return Math.round(Number(milliseconds));
  const value = headers['retry-after']?.trim();
  if (value === undefined) return undefined;
  if (/^\d+(?:\.\d+)?$/.test(value)) return Math.round(Number(value) * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Fewer requests than this left in the service's window, and we slow down before it has to refuse. */
const scarceRequests = 10;
const pauseWhenScarceMs = 5_000;

/**
 * Milliseconds to hold the next request back because the subscription's allowance is nearly used up.
 * The per-resource allowance (`…-resource-requests`) is small by design and no sign of trouble.
 */
export function throttlePause(headers: Readonly<Record<string, string>>): number {
  for (const kind of ['reads', 'writes', 'deletes']) {
    const remaining = headers[`x-ms-ratelimit-remaining-subscription-${kind}`];
    if (remaining !== undefined && /^\d+$/.test(remaining) && Number(remaining) < scarceRequests) {
      return pauseWhenScarceMs;
    }
  }
  return 0;
}
