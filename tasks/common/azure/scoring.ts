/** Calls online endpoints. Every status is an answer: what it means is the caller's to judge. */
import { ServiceError, TimedOutError, UserError } from '../errors.ts';
import type { Scoring, ScoreRequest } from '../ports.ts';
import type { Cloud } from './clouds.ts';
import { isInferenceHost } from './clouds.ts';
import type { Sender } from './http-pipeline.ts';
import type { Reached } from './network-error.ts';
import { publicRouteOf } from './network-error.ts';

export interface ScoringSettings {
  readonly cloud: Cloud;
  /** Sends without a token, once. */
  readonly anonymous: Sender;
  /** Sends with a token for machine learning, once. */
  readonly authorized: Sender;
  readonly reached: (url: string) => Reached;
  readonly maskSecret: (value: string) => void;
}

/** A call is never repeated: a model may count, bill or write. */
export function createScoring(settings: ScoringSettings): Scoring {
  return {
    async score(request) {
      checkTarget(settings.cloud, request);
      const deadline = request.timeoutMs === undefined ? undefined : AbortSignal.timeout(request.timeoutMs);
      const signals = [request.signal, deadline].filter((signal) => signal !== undefined);
      const started = performance.now();
      try {
        const sender = request.authorization.kind === 'entra' ? settings.authorized : settings.anonymous;
        const answer = await sender.send({
          method: 'POST',
          url: request.scoringUri,
          headers: headersOf(request, settings.maskSecret),
          body: request.body,
          signal: signals.length === 0 ? undefined : AbortSignal.any(signals),
        });
        const { status, headers, text } = answer;
        return { status, headers, body: text, durationMs: Math.round(performance.now() - started) };
      } catch (error) {
        request.signal?.throwIfAborted();
        if (deadline?.aborted === true) {
          throw new TimedOutError(
            `${new URL(request.scoringUri).host} did not answer within ${String((request.timeoutMs ?? 0) / 1000)} s.`,
            { cause: error },
          );
        }
        throw error;
      }
    },
    publicRoute: (scoringUri) => publicRouteOf(settings.reached(scoringUri)),
  };
}

/** Entra tokens go to the cloud's endpoints only; an endpoint's own key may go to a Kubernetes host, but never unencrypted. */
function checkTarget(cloud: Cloud, request: ScoreRequest): void {
  const url = URL.canParse(request.scoringUri) ? new URL(request.scoringUri) : undefined;
  if (url === undefined) throw new UserError(`'${request.scoringUri}' is not an endpoint's address.`);
  if (url.protocol !== 'https:') {
    throw new UserError(
      `The endpoint's address ${url.origin} is not https: its key would travel readable. Enable TLS on the Kubernetes inference router.`,
    );
  }
  if (request.authorization.kind === 'entra' && !isInferenceHost(cloud, url.hostname)) {
    throw new ServiceError({
      status: 0,
      code: 'ForeignHost',
      message: `${url.host} is no endpoint of ${cloud.name}; no Entra token is sent there.`,
      hint: "Use an endpoint with key authentication, or check the service connection's cloud.",
    });
  }
}

function headersOf(request: ScoreRequest, maskSecret: (value: string) => void): Record<string, string> {
  const headers: Record<string, string> = { ...request.headers, 'content-type': request.contentType };
  if (request.deployment !== undefined) headers['azureml-model-deployment'] = request.deployment;
  if (request.authorization.kind === 'bearer') {
    maskSecret(request.authorization.value);
    headers.authorization = `Bearer ${request.authorization.value}`;
  }
  return headers;
}
