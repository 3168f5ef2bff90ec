/** Sends requests to an online endpoint with whatever credentials it asks for. */
import { textAt, type Json } from '../domain/json.ts';
import type { ResponseAssertion } from '../domain/response-assertions.ts';
import { responseFailures } from '../domain/response-assertions.ts';
import { ServiceError, UserError } from '../errors.ts';
import type { Resource, ScoreRequest, ScoreResponse } from '../ports.ts';
import type { Context } from './task-context.ts';

/** What is needed to call an endpoint; the secret in it is masked. */
export interface EndpointAccess {
  readonly scoringUri: string;
  readonly authorization: ScoreRequest['authorization'];
}

/** Where an endpoint is called, online or batch. Throws ServiceError for one that has no address yet. */
export function scoringUriOf(endpoint: Resource, name: string): string {
  const scoringUri = textAt(endpoint, 'properties', 'scoringUri');
  if (scoringUri === undefined) {
    throw new ServiceError({
      status: 200,
      code: 'NoScoringUri',
      message: `The endpoint ${name} has no address yet (it is ${textAt(endpoint, 'properties', 'provisioningState') ?? 'unknown'}).`,
    });
  }
  return scoringUri;
}

/** Where and how an endpoint is called. Throws ServiceError for one that has no address yet. */
export async function endpointAccess(
  { workspace, agent }: Context,
  endpoint: Resource,
  name: string,
): Promise<EndpointAccess> {
  const scoringUri = scoringUriOf(endpoint, name);
  const mode = textAt(endpoint, 'properties', 'authMode')?.toLowerCase();
  if (mode === 'aadtoken') return { scoringUri, authorization: { kind: 'entra' } };
  const [action, field] =
    mode === 'amltoken' ? (['token', 'accessToken'] as const) : (['listKeys', 'primaryKey'] as const);
  const answer = await workspace.post(`onlineEndpoints/${name}/${action}`, undefined, { signal: agent.signal });
  const value = textAt(answer, field);
  if (value === undefined) {
    throw new ServiceError({ status: 200, code: 'NoCredential', message: `The endpoint ${name} gave no ${field}.` });
  }
  agent.maskSecret(value);
  return { scoringUri, authorization: { kind: 'bearer', value } };
}

export interface RequestBody {
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

/** The bytes of a request file. Throws UserError when it is missing. */
export async function readRequest({ agent }: Context, path: string, contentType: string): Promise<RequestBody> {
  if ((await agent.files.stat(path))?.kind !== 'file') throw new UserError(`There is no request file ${path}.`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of agent.files.read(path)) chunks.push(new Uint8Array(chunk));
  const body = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  chunks.reduce((offset, chunk) => {
    body.set(chunk, offset);
    return offset + chunk.length;
  }, 0);
  return { contentType, body };
}

/** One request; with a deployment's name, past the traffic rule. */
export function score(
  { workspace, agent }: Context,
  access: EndpointAccess,
  request: RequestBody,
  options: { readonly deployment?: string | undefined; readonly timeoutMs: number },
): Promise<ScoreResponse> {
  return workspace.scoring.score({ ...access, ...request, ...options, signal: agent.signal });
}

/** What is wrong with an answer, a sentence each; the answer's own words stand behind a wrong status. */
export function judge(assertions: readonly ResponseAssertion[], response: ScoreResponse): readonly string[] {
  const failures = responseFailures(assertions, { status: response.status, json: parse(response.body) });
  const words = response.body.trim().slice(0, 500);
  const isError = response.status >= 400 && words !== '';
  return failures.map((failure, index) =>
    isError && index === 0 ? `${failure} The endpoint says: ${words}` : failure,
  );
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
