/** A service that knows one trace and nothing else: it answers as recorded, in the order (or at the times) recorded. */
import type { ServerResponse } from 'node:http';
import { at, isJsonObject, textAt, type Json, type JsonObject } from '../../tasks/common/domain/json.ts';
import type { Clock } from '../../tasks/common/ports.ts';
import { answerBasics, sendJson, type SeenRequest } from '../contract/azure/cloud-double.ts';
import { lineOf, requestLine, type Trace, type TraceRequest } from './trace.ts';

/** A request the product has sent. */
export interface SentRequest {
  readonly line: string;
  readonly apiVersion: string | undefined;
  readonly headers: SeenRequest['headers'];
  readonly body: Buffer;
}

/** A recorded answer, and the state of the run it belongs to. */
interface Recorded {
  readonly pattern: RegExp;
  readonly request: TraceRequest;
  /** A read of what the client had made itself: there is nothing to read before that. */
  readonly isMadeBefore: boolean;
  /** Index of the poll of the run's state it follows; 0 where there are none. */
  readonly stage: number;
}

export class TraceService {
  readonly sent: SentRequest[] = [];
  readonly #trace: Trace;
  readonly #clock: Clock;
  readonly #recorded: readonly Recorded[];
  readonly #asked = new Map<string, number>();
  #started: number | undefined;

  constructor(trace: Trace, clock: Clock) {
    this.#trace = trace;
    this.#clock = clock;
    let polls = 0;
    this.#recorded = trace.requests.map((request, index) => {
      if (isRunDetails(request)) polls += 1;
      const isMadeBefore =
        request.method === 'GET' && request.query === undefined && isMade(trace.requests.slice(0, index), request);
      return { pattern: linePattern(lineOf(request)), request, isMadeBefore, stage: Math.max(0, polls - 1) };
    });
  }

  handle(seen: SeenRequest, response: ServerResponse): void {
    this.#started ??= this.#clock.now();
    const url = new URL(seen.path, `https://${seen.host}`);
    if (seen.host.startsWith('login.') && answerBasics(seen, response)) return;
    const path = decodeURIComponent(url.pathname);
    const line = requestLine(seen.method, seen.host, path, url.searchParams);
    const apiVersion = url.searchParams.get('api-version') ?? undefined;
    this.sent.push({ line, apiVersion, headers: seen.headers, body: seen.body });
    const answer = this.#answer(line);
    if (answer !== undefined) send(answer, seen, response);
    else if (line === 'GET {ws}') sendJson(response, 200, WORKSPACE);
    else if (line.includes('comp=list')) response.end(NO_BLOBS);
    else if (seen.host === 'management.azure.com') this.#derive(seen, line, response);
    else sendJson(response, 404, { error: { code: 'ResourceNotFound', message: `The trace has no ${line}.` } });
  }

  #answer(line: string): TraceRequest | undefined {
    const isMade = this.sent.some((sent) => sent.line === line.replace(/^GET /, 'PUT '));
    const matching = this.#recorded.filter(
      ({ pattern, isMadeBefore }) => pattern.test(line) && (isMade || !isMadeBefore),
    );
    const first = matching[0];
    if (first === undefined) return undefined;
    if (this.#trace.waits !== undefined) {
      const stage = this.#stage();
      const found = matching.findLast((recorded) => recorded.stage <= stage) ?? first;
      return this.#withRunState(found.request, stage);
    }
    const count = this.#asked.get(line) ?? 0;
    this.#asked.set(line, count + 1);
    return (matching[count] ?? matching.at(-1))?.request;
  }

  /** How many of the recorded waits have passed: the run's state depends on the time, not on how often it is asked for. */
  #stage(): number {
    let left = (this.#clock.now() - (this.#started ?? 0)) / 1000;
    const waits = this.#trace.waits ?? [];
    const passed = waits.findIndex((seconds) => (left -= seconds) < 0);
    return passed < 0 ? waits.length : passed;
  }

  /** The job itself was read once, before its stream began; its state is that of its run. */
  #withRunState(request: TraceRequest, stage: number): TraceRequest {
    if (!/\/jobs\/[^/]+$/.test(request.path) || !isJsonObject(request.response)) return request;
    const details = this.#trace.requests.filter(isRunDetails)[stage];
    const status = textAt(details?.response, 'status');
    const properties = at(request.response, 'properties');
    if (status === undefined || !isJsonObject(properties)) return request;
    return { ...request, response: { ...request.response, properties: { ...properties, status } } };
  }

  /** One of a collection that was recorded as a list; of anything else there is nothing. */
  #derive(seen: SeenRequest, line: string, response: ServerResponse): void {
    const [, collection, name] = /^GET (.*)\/([^/?]+)$/.exec(line) ?? [];
    const list = this.#recorded.find(({ request }) => lineOf(request) === `GET ${collection ?? ''}`)?.request.response;
    const item = itemsOf(list).find((entry) => entry.name === name);
    if (item !== undefined) sendJson(response, 200, item);
    else if (seen.method === 'GET' && /\/(jobs|deployments|versions)(\?.*)?$/.test(line))
      sendJson(response, 200, { value: [] });
    else sendJson(response, 404, { error: { code: 'ResourceNotFound', message: `The trace has no ${line}.` } });
  }
}

const NO_BLOBS =
  '<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs /><NextMarker /></EnumerationResults>';
const WORKSPACE = {
  location: 'westeurope',
  properties: { discoveryUrl: 'https://westeurope.api.azureml.ms/discovery' },
};

/** True when the path was written before it was read. */
function isMade(earlier: readonly TraceRequest[], { host, path }: TraceRequest): boolean {
  return earlier.some((request) => request.method === 'PUT' && request.host === host && request.path === path);
}

function isRunDetails({ path }: TraceRequest): boolean {
  return path.endsWith('/details');
}

/** `<guid-1>` and its like stand for any name. */
function linePattern(line: string): RegExp {
  const literal = line.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(`^${literal.replaceAll(/<[a-z]+-\d+>/g, '[^/?]+')}$`);
}

function itemsOf(list: Json | undefined): readonly JsonObject[] {
  const value = at(list, 'value');
  return Array.isArray(value) ? (value as readonly Json[]).filter(isJsonObject) : [];
}

function send(recorded: TraceRequest, seen: SeenRequest, response: ServerResponse): void {
  const { status = 200, responseHeaders = {}, responseText } = recorded;
  if (responseText !== undefined) {
    sendText(responseText, seen, response);
    return;
  }
  if (recorded.response === undefined) {
    response.writeHead(status, responseHeaders);
    response.end();
  } else sendJson(response, status, recorded.response, responseHeaders);
}

/** Storage answers the range that was asked for. */
function sendText(text: string, seen: SeenRequest, response: ServerResponse): void {
  const content = Buffer.from(text);
  const [, from] = /^bytes=(\d+)-/.exec(seen.headers.range ?? '') ?? [];
  const start = Number(from ?? 0);
  const isBeyond = from !== undefined && start >= content.length;
  response.writeHead(isBeyond ? 416 : from === undefined ? 200 : 206, { 'content-type': 'text/plain' });
  response.end(isBeyond ? '' : content.subarray(start));
}
