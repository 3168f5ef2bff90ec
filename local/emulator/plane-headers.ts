/** The headers every answer of a plane carries, beside those of the answer itself. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from './clock.ts';
import type { ErrorSituation } from './error-shapes.ts';
import type { Plane, Reply } from './http.ts';

export interface AnswerFacts {
  readonly plane: Plane;
  readonly method: string;
  readonly reply: Reply;
  readonly region: string;
  readonly situation: ErrorSituation;
  /** Real milliseconds the handling took. */
  readonly durationMs: number;
}

export interface PlaneHeaders {
  /** What an error body says about its request; the same ids go into the headers. */
  situation(region: string): ErrorSituation;
  of(facts: AnswerFacts): Record<string, string>;
}

/** Calls left in an hour, by kind, as Azure Resource Manager counts them for a subscription. */
const LIMITS = { reads: 11999, writes: 1199, deletes: 14999 } as const;
const HOUR = 3600 * 1000;

/** The recipe for each plane, with the counters of one emulator. */
export function createPlaneHeaders(clock: Clock): PlaneHeaders {
  const application = randomUUID();
  const remaining = createCounters(clock);
  return {
    situation: (region) => ({
      region,
      time: clock.iso(),
      operation: randomBytes(16).toString('hex'),
      request: randomBytes(8).toString('hex'),
      requestId: randomUUID(),
    }),
    of: (facts) => {
      const id = facts.situation.requestId;
      switch (facts.plane) {
        case 'arm':
          return facts.reply.headers?.['x-ms-failure-cause'] === 'gateway'
            ? { ...fromArm(facts), 'x-ms-request-id': id }
            : { ...fromArm(facts), ...throughArm(facts, application), ...remaining(facts.method) };
        case 'regional':
          return { 'Strict-Transport-Security': LONG_TRUST, ...fromProvider(facts) };
        case 'login':
          return { 'Cache-Control': 'no-store, no-cache', Pragma: 'no-cache', 'x-ms-request-id': id };
        case 'pipelines':
          return { 'Cache-Control': 'no-cache', ActivityId: id, 'X-TFS-Session': id };
        case 'scoring':
          return { 'X-Request-ID': id, Server: 'azureml-frontdoor' };
        case 'blob':
          return { 'x-ms-request-id': id, Server: 'Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0' };
      }
    },
  };
}

const LONG_TRUST = 'max-age=15724800; includeSubDomains; preload';

/** What is left of the hour's calls, counting the one it is asked for. */
function createCounters(clock: Clock): (method: string) => Record<string, string> {
  let window = { startedAt: clock.now(), reads: 0, writes: 0, deletes: 0 };
  return (method) => {
    const now = clock.now();
    if (now - window.startedAt > HOUR) window = { startedAt: now, reads: 0, writes: 0, deletes: 0 };
    const kind = method === 'GET' || method === 'HEAD' ? 'reads' : method === 'DELETE' ? 'deletes' : 'writes';
    const left = Math.max(0, LIMITS[kind] - window[kind]);
    window[kind] += 1;
    return { [`x-ms-ratelimit-remaining-subscription-${kind}`]: String(left) };
  };
}

/** Whatever comes through the Resource Manager. */
function fromArm({ region, situation }: AnswerFacts): Record<string, string> {
  const stamp = situation.time.replace(/[-:]|\.\d+.*$/g, '');
  return {
    'Cache-Control': 'no-cache',
    Pragma: 'no-cache',
    Expires: '-1',
    'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
    'X-Content-Type-Options': 'nosniff',
    'x-ms-correlation-request-id': situation.requestId,
    'x-ms-routing-request-id': `${region.toUpperCase()}:${stamp}Z:${situation.requestId}`,
  };
}

/** What the machine learning provider adds to it. */
function throughArm(facts: AnswerFacts, application: string): Record<string, string> {
  const hasBody = facts.reply.body !== undefined && facts.reply.status < 300;
  return {
    'Request-Context': `appId=cid-v1:${application}`,
    ...fromProvider(facts),
    ...(hasBody && { 'Server-Timing': `traceparent;desc="${traceParent(facts.situation)}"` }),
  };
}

function fromProvider(facts: AnswerFacts): Record<string, string> {
  return {
    'x-aml-cluster': `vienna-${facts.region}-01`,
    'x-ms-response-type': facts.reply.status >= 400 ? 'error' : 'standard',
    'x-request-time': (facts.durationMs / 1000).toFixed(3),
  };
}

function traceParent(situation: ErrorSituation): string {
  return `00-${situation.operation}-${situation.request}-01`;
}
