/**
 * Follows the long-running operations of Azure Resource Manager to their end, in every form the machine learning
 * resource provider uses. Nothing here gives up: a stuck operation is bounded by the caller's signal alone.
 */
import type { Clock, WriteOptions } from '../ports.ts';
import type { ServiceError } from '../errors.ts';
import type { Json } from '../domain/json.ts';
import { at, isJsonObject, textAt } from '../domain/json.ts';
import type { HttpAnswer, Sender } from './http-pipeline.ts';
import { parseJson } from './json-answer.ts';
import { retryAfter } from './retry.ts';
import { operationErrorOf, serviceErrorOf } from './service-error.ts';

/** What has to be watched, read off the first answer. */
export type Operation =
  | { readonly watch: 'nothing' }
  /** `Azure-AsyncOperation`: a document with a status word; `resultUrl` is where a POST's result will be. */
  | { readonly watch: 'status'; readonly url: string; readonly resultUrl: string | undefined }
  /** `Location` alone: 202 until it is done. */
  | { readonly watch: 'location'; readonly url: string }
  /** No header at all, but a resource that is not ready: its own provisioning state. */
  | { readonly watch: 'resource'; readonly url: string };

export type Method = 'PUT' | 'POST' | 'DELETE' | 'PATCH';

/** How an accepted answer goes on. A 201's `Location` is only the resource's own address and starts nothing. */
export function operationOf(method: Method, url: string, answer: HttpAnswer): Operation {
  const status = answer.headers['azure-asyncoperation'] ?? answer.headers['operation-location'];
  const location = answer.headers.location;
  if (status !== undefined && status !== '') return { watch: 'status', url: status, resultUrl: location };
  if (answer.status === 202 && location !== undefined) return { watch: 'location', url: location };
  if ((method === 'PUT' || method === 'PATCH') && answer.text !== '' && isUnfinished(parseJson(answer))) {
    return { watch: 'resource', url };
  }
  return { watch: 'nothing' };
}

export type Phase = 'running' | 'succeeded' | 'failed';

/** `Succeeded` alone is success; every word that is not an end (`Updating`, `Creating`, `InProgress`, …) means: go on. */
export function phaseOf(statusWord: string): Phase {
  switch (statusWord.toLowerCase()) {
    case 'succeeded':
      return 'succeeded';
    case 'failed':
    case 'canceled':
    case 'cancelled':
      return 'failed';
    default:
      return 'running';
  }
}

function isUnfinished(resource: Json): boolean {
  const state = textAt(resource, 'properties', 'provisioningState');
  return state !== undefined && phaseOf(state) === 'running';
}

const firstPollMs = 1_000;
const longestPollMs = 15_000;

/** The wait before poll number `poll` (from 0): short at first, so that what is quick ends quickly; the service's wish wins. */
export function pollDelay(poll: number, asked: number | undefined): number {
  return asked ?? Math.min(Math.round(firstPollMs * 1.5 ** poll), longestPollMs);
}

export interface FollowSettings {
  readonly sender: Sender;
  readonly clock: Clock;
}

/** A status document may be missing for a moment after the operation was accepted. */
const toleratedMisses = 5;
const settlePolls = 10;

/**
 * Waits for the end and returns what the request was for: the resource (PUT), the action's result (POST), null (DELETE).
 * Throws ServiceError with the operation's own code and message when it failed or was cancelled.
 */
export async function followOperation(
  settings: FollowSettings,
  method: Method,
  url: string,
  first: HttpAnswer,
  options: Pick<WriteOptions, 'signal' | 'onProgress'>,
): Promise<Json> {
  const operation = operationOf(method, url, first);
  switch (operation.watch) {
    case 'nothing':
      return parseJson(first);
    case 'status':
      await poll(settings, operation.url, first, options, readStatusDocument);
      return resultOf(settings, method, url, operation.resultUrl, options);
    case 'location': {
      const last = await poll(settings, operation.url, first, options, readLocation);
      return method === 'PUT' || method === 'PATCH' ? readSettled(settings, url, options) : parseJson(last);
    }
    case 'resource':
      return parseJson(await poll(settings, operation.url, first, options, readResource));
  }
}

interface Reading {
  readonly phase: Phase;
  readonly word: string;
}

async function poll(
  { sender, clock }: FollowSettings,
  firstUrl: string,
  first: HttpAnswer,
  options: Pick<WriteOptions, 'signal' | 'onProgress'>,
  read: (answer: HttpAnswer) => Reading,
): Promise<HttpAnswer> {
  const started = clock.now();
  let url = firstUrl;
  let misses = 0;
  for (let count = 0, last = first; ; count++) {
    await clock.sleep(pollDelay(count, retryAfter(last.headers, clock.now())), options.signal);
    const answer = await sender.send({ method: 'GET', url, signal: options.signal });
    if (answer.status === 404 && misses++ < toleratedMisses) continue;
    if (answer.status >= 300) throw serviceErrorOf(answer, 'The state of the operation');
    const { phase, word } = read(answer);
    options.onProgress?.(word, clock.now() - started);
    if (phase === 'failed') throw operationErrorOf(parseJson(answer), answer);
    if (phase === 'succeeded') return answer;
    // A `Location` may move on with each answer; a status document stays where it is.
    url = (read === readLocation ? answer.headers.location : undefined) ?? url;
    last = answer;
  }
}

function readStatusDocument(answer: HttpAnswer): Reading {
  const word = textAt(parseJson(answer), 'status') ?? 'InProgress';
  return { phase: phaseOf(word), word };
}

function readLocation(answer: HttpAnswer): Reading {
  return answer.status === 202 ? { phase: 'running', word: 'InProgress' } : { phase: 'succeeded', word: 'Succeeded' };
}

function readResource(answer: HttpAnswer): Reading {
  const resource = parseJson(answer);
  const word = textAt(resource, 'properties', 'provisioningState') ?? 'Succeeded';
  const phase = phaseOf(word);
  if (phase === 'failed') throw provisioningError(resource, word, answer);
  return { phase, word };
}

/** Compute names its reasons in `provisioningErrors`; other resources leave them to their logs. */
function provisioningError(resource: Json, word: string, answer: HttpAnswer): ServiceError {
  const errors = at(resource, 'properties', 'provisioningErrors');
  const first: Json | undefined = Array.isArray(errors) ? (errors as readonly Json[])[0] : undefined;
  if (isJsonObject(first)) return operationErrorOf({ status: word, error: first.error ?? first }, answer);
  return operationErrorOf({ status: word }, answer);
}

async function resultOf(
  settings: FollowSettings,
  method: Method,
  url: string,
  resultUrl: string | undefined,
  options: Pick<WriteOptions, 'signal'>,
): Promise<Json> {
  if (method === 'DELETE') return null;
  if (method !== 'POST') return readSettled(settings, url, options);
  if (resultUrl === undefined) return null;
  const answer = await settings.sender.send({ method: 'GET', url: resultUrl, signal: options.signal });
  if (answer.status >= 300) throw serviceErrorOf(answer, 'The result of the operation');
  return parseJson(answer);
}

/** The resource after its operation succeeded; reads may lag behind for a moment. */
async function readSettled(
  { sender, clock }: FollowSettings,
  url: string,
  options: Pick<WriteOptions, 'signal'>,
): Promise<Json> {
  for (let count = 0; ; count++) {
    const answer = await sender.send({ method: 'GET', url, signal: options.signal });
    const isMissing = answer.status === 404;
    if (answer.status >= 300 && !isMissing) throw serviceErrorOf(answer, 'The resource');
    if (!isMissing && !isUnfinished(parseJson(answer))) return parseJson(answer);
    if (count >= settlePolls) {
      if (isMissing) throw serviceErrorOf(answer, 'The resource');
      return parseJson(answer);
    }
    await clock.sleep(pollDelay(count, undefined), options.signal);
  }
}
