/**
 * The pipeline service's OIDC tokens for service connections with workload identity federation, asked for in the two
 * ways clients do: through the REST client (one OPTIONS request to find the route first) or by the plain request URI.
 */
import { pipelinesError } from '../errors.ts';
import type { Evidence, Incoming, Reply, Route } from '../http.ts';
import { stableGuid, type Settings } from '../settings.ts';
import { bearerToken } from './bearer.ts';
import type { TokenIssuer } from './tokens.ts';

export const PIPELINE_AUDIENCE = 'api://AzureADTokenExchange';

/** The tokens live ten minutes. */
const LIFETIME_SECONDS = 600;

/** Issuer of the organisation's tokens. */
export function pipelineIssuer(settings: Settings): string {
  return `https://vstoken.dev.azure.com/${stableGuid(`organization ${settings.connection.organization}`)}`;
}

/** Subject of the service connection's federated credential. */
export function federatedSubject({ connection }: Settings): string {
  return `sc://${connection.organization}/${connection.project}/${connection.name}`;
}

const CONTRACT: Evidence = {
  mark: 'spec',
  source: 'azure-devops-node-api TaskApi, @azure/identity AzurePipelinesCredential',
};
const LOCATION_ID = '69a319f4-28c1-4bfd-93e6-ea0ff5c6f1a2';
const TOKEN_PATH = '/{organization}/{project}/_apis/distributedtask/hubs/{hub}/plans/{plan}/jobs/{job}/oidctoken';

export interface PipelineParts {
  readonly settings: Settings;
  readonly tokens: TokenIssuer;
}

export function pipelineRoutes(parts: PipelineParts): Route[] {
  const locations: Route['handle'] = () => ({ status: 200, body: { count: 1, value: [tokenLocation()] } });
  const route = (method: string, path: string, handle: Route['handle']): Route => ({
    plane: 'pipelines',
    method,
    path,
    evidence: CONTRACT,
    open: true,
    handle,
  });
  return [
    route('OPTIONS', '/{organization}/_apis/distributedtask', locations),
    route('OPTIONS', '/{organization}/_apis', locations),
    route('POST', TOKEN_PATH, (request) => issueOidcToken(parts, request)),
  ];
}

function issueOidcToken({ settings, tokens }: PipelineParts, request: Incoming): Reply {
  requireSystemToken(settings, request);
  if (request.params.organization !== settings.connection.organization) {
    const message = `VS800075: The organization ${request.params.organization ?? ''} does not exist or you do not have permission to access it.`;
    throw pipelinesError(404, 'ServiceHostDoesNotExistException', message);
  }
  const id = request.query.get('serviceConnectionId') ?? '';
  if (id.toLowerCase() !== settings.connection.id.toLowerCase()) {
    const message = `Service connection with id '${id}' does not exist or is not authorized for this pipeline.`;
    throw pipelinesError(404, 'EndpointNotFoundException', message);
  }
  const oidcToken = tokens.issue({
    issuer: pipelineIssuer(settings),
    audience: PIPELINE_AUDIENCE,
    lifetimeSeconds: LIFETIME_SECONDS,
    claims: { sub: federatedSubject(settings) },
  });
  return { status: 200, body: { oidcToken } };
}

/** Throws the service's 401 for whoever does not hold the job's own token. */
export function requireSystemToken(settings: Settings, request: Incoming): void {
  if (holdsSystemToken(settings, request.headers.authorization)) return;
  throw pipelinesError(
    401,
    'UnauthorizedRequestException',
    "TF400813: The user '' is not authorized to access this resource.",
  );
}

/** The job's access token: as a bearer token, or as the password of basic authentication. */
function holdsSystemToken(settings: Settings, authorization: string | undefined): boolean {
  if (bearerToken(authorization) === settings.systemAccessToken) return true;
  const basic = /^Basic\s+(\S+)$/i.exec(authorization ?? '')?.[1];
  const password = Buffer.from(basic ?? '', 'base64')
    .toString('utf8')
    .split(':')
    .slice(1)
    .join(':');
  return password === settings.systemAccessToken;
}

function tokenLocation(): object {
  return {
    id: LOCATION_ID,
    area: 'distributedtask',
    resourceName: 'oidctoken',
    routeTemplate: '{scopeIdentifier}/_apis/{area}/hubs/{hubName}/plans/{planId}/jobs/{jobId}/{resource}',
    resourceVersion: 1,
    minVersion: '5.0',
    maxVersion: '7.2',
    releasedVersion: '0.0',
  };
}
