/** The answers fault rules force, in the words of the service that would have answered. */
import {
  authorizationFailed,
  blobError,
  dataPlaneError,
  EmulatedError,
  gatewayError,
  mfeError,
  mlflowError,
  tooManyRequests,
} from './errors.ts';
import type { FaultAction, FaultSubject } from './faults.ts';
import type { Reply } from './http.ts';
import type { Settings } from './settings.ts';

/** The first forced answer among the actions: a reply, an error still to be put into its shape, or none. */
export function faultReply(
  actions: readonly FaultAction[],
  subject: FaultSubject,
  settings: Settings,
): Reply | EmulatedError | undefined {
  for (const action of actions) {
    if (action.kind === 'respond') return respond(action, subject);
    if (action.kind === 'throttle') return throttle(action.retryAfterSeconds, subject);
    if (action.kind === 'forbid') return forbid(subject, settings);
  }
  return undefined;
}

function respond(action: Extract<FaultAction, { kind: 'respond' }>, subject: FaultSubject): Reply | EmulatedError {
  if (action.body !== undefined || (action.code === undefined && action.message === undefined)) {
    return { status: action.status, headers: action.headers ?? {}, body: action.body };
  }
  const code = action.code ?? (action.status >= 500 ? 'ServiceError' : 'UserError');
  return serviceError(subject, action.status, code, action.message ?? code, action.headers);
}

function throttle(retryAfterSeconds: number, subject: FaultSubject): EmulatedError {
  const headers = { 'Retry-After': String(retryAfterSeconds) };
  if (subject.plane === 'arm') return tooManyRequests(retryAfterSeconds);
  // The blob service asks for patience with 503, not 429.
  if (subject.plane === 'blob') return serviceError(subject, 503, 'ServerBusy', 'The server is busy.', headers);
  return serviceError(subject, 429, 'RequestThrottled', 'Too many requests.', headers);
}

function forbid(subject: FaultSubject, settings: Settings): EmulatedError {
  if (subject.plane === 'arm') {
    return authorizationFailed(settings.principal, armAction(subject), subject.path.replace(/\/$/, ''));
  }
  if (subject.plane === 'blob') {
    const message = 'This request is not authorized to perform this operation using this permission.';
    return serviceError(subject, 403, 'AuthorizationPermissionMismatch', message);
  }
  return serviceError(subject, 403, 'Forbidden', 'The principal does not have the required role.');
}

function serviceError(
  subject: FaultSubject,
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): EmulatedError {
  switch (subject.plane) {
    case 'arm':
      return status === 403 || status === 401
        ? gatewayError(status, code, message, { headers })
        : mfeError(status, code, message, { headers });
    case 'blob':
      return blobError(status, code, message, headers);
    case 'login':
      return new EmulatedError({ answerer: 'entra', status, code, message, headers });
    case 'pipelines':
      return new EmulatedError({ answerer: 'pipelines', status, code, message, headers });
    default:
      if (!subject.path.includes('/mlflow/')) return dataPlaneError('emulator', status, code, message, { headers });
      return new EmulatedError({ ...mlflowError(status, code, message).description, headers });
  }
}

/** `Microsoft.MachineLearningServices/workspaces/jobs/read` for what a request does to which type of resource. */
function armAction(subject: FaultSubject): string {
  const [, afterProviders = ''] = subject.path.split(/\/providers\//i);
  const [namespace = 'Microsoft.Resources', ...rest] = afterProviders.split('/').filter((part) => part !== '');
  const types = rest.filter((_, index) => index % 2 === 0);
  if (subject.method === 'POST') return [namespace, ...types, 'action'].join('/');
  const verb =
    subject.method === 'GET' || subject.method === 'HEAD' ? 'read' : subject.method === 'DELETE' ? 'delete' : 'write';
  return [namespace, ...types, verb].join('/');
}
