/** Reads an error answer, whichever of the cloud's services wrote it, into a ServiceError. */
import { ServiceError } from '../errors.ts';
import type { Json, JsonObject } from '../domain/json.ts';
import { at, isJsonObject, textAt } from '../domain/json.ts';
import { roleHint } from './role-hint.ts';

/** What an error is read from. */
export interface ErrorAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

interface Reading {
  readonly code: string;
  readonly message: string;
}

/**
 * The answer as a ServiceError. Understood are: management front end (A) and ARM gateway (C), the account service and
 * run history (B), MLflow (D), blob storage (E) in XML or by header alone, and answers without any body (F).
 * The most exact code and message win: the first detail's, else the innermost error's, else the outer ones.
 */
export function serviceErrorOf(answer: ErrorAnswer, what: string): ServiceError {
  const reading = readError(answer, what);
  return new ServiceError({
    status: answer.status,
    code: reading.code,
    message: withoutSecrets(reading.message),
    requestId: requestIdOf(answer),
    hint: hintOf(answer, reading),
  });
}

/** The error member of a failed long-running operation's status body. */
export function operationErrorOf(body: Json, answer: ErrorAnswer): ServiceError {
  const error = at(body, 'error');
  const status = textAt(body, 'status') ?? 'Failed';
  const reading = isJsonObject(error)
    ? readErrorObject(error)
    : { code: `Operation${status}`, message: `The operation ended as ${status} without a reason.` };
  return new ServiceError({
    status: answer.status,
    code: reading.code,
    message: withoutSecrets(reading.message),
    requestId: requestIdOf(answer),
    hint: hintOf(answer, reading),
  });
}

/** The code alone, for decisions (`ParentResourceNotFound`, `KeyBasedAuthenticationNotPermitted` …). */
export function errorCodeOf(answer: ErrorAnswer): string {
  return readError(answer, '').code;
}

/** Removes what must not be written: the query of every URL (a SAS is a query) and bearer tokens. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/\b(https?:\/\/[^\s"'<>?]+)\?[^\s"'<>]*/gi, '$1')
    .replace(/\b(?:sig|signature)=[^\s&"'<>,]+/gi, 'sig=***')
    .replace(/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, '***');
}

function readError(answer: ErrorAnswer, what: string): Reading {
  const text = answer.text.replace(/^\uFEFF/, '').trim();
  const fallback = {
    code: answer.headers['x-ms-error-code'] ?? codeOfStatus(answer.status),
    message: `${what === '' ? 'The request' : what} was answered with status ${answer.status}.`,
  };
  if (text === '') return fallback;
  if (text.startsWith('<')) return readXml(text, fallback);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { ...fallback, message: `${fallback.message} ${text.slice(0, 300)}` };
  }
  if (!isJsonObject(body)) return fallback;
  const error = body.error ?? body.Error;
  if (isJsonObject(error)) return readErrorObject(error, fallback, textAt(body, 'error_code'));
  if (typeof error === 'string') return { code: error, message: textAt(body, 'error_description') ?? fallback.message };
  return readErrorObject(body, fallback, textAt(body, 'error_code'));
}

/** Member names come in lower case and, from MLflow, capitalised. */
function readErrorObject(error: JsonObject, fallback?: Reading, errorCode?: string): Reading {
  const member = (from: JsonObject, name: string): Json | undefined =>
    from[name] ?? from[name.charAt(0).toUpperCase() + name.slice(1)];
  const outer = textOf(member(error, 'code'));
  const inner = innermostCode(error);
  const details = member(error, 'details');
  const detail: Json | undefined = Array.isArray(details) ? (details as readonly Json[])[0] : undefined;
  const detailReading = isJsonObject(detail)
    ? { code: textOf(member(detail, 'code')), message: textOf(member(detail, 'message')) }
    : undefined;
  const message = textOf(member(error, 'message')) ?? fallback?.message ?? 'The service gave no reason.';
  return {
    code: detailReading?.code ?? inner ?? errorCode ?? outer ?? fallback?.code ?? 'Unknown',
    message: joined(message, validationMessages(detailReading?.message)),
  };
}

/** `innerError.code` as deep as it goes, from the member itself (B) or the additional information (A). */
function innermostCode(error: JsonObject): string | undefined {
  const additional = error.additionalInfo;
  const listed = Array.isArray(additional)
    ? (additional as readonly Json[]).find((info) => textAt(info, 'type') === 'InnerError')
    : undefined;
  let current = at(listed, 'info', 'value') ?? error.innerError ?? error.InnerError;
  let code: string | undefined;
  while (isJsonObject(current)) {
    code = textOf(current.code ?? current.Code) ?? code;
    current = current.innerError ?? current.InnerError;
  }
  return code;
}

/** Online deployments wrap a validation problem in JSON inside the message; its sentences are what a person needs. */
function validationMessages(message: string | undefined): string | undefined {
  const start = message?.indexOf('{"errors"') ?? -1;
  if (message === undefined || start < 0) return message;
  try {
    const errors = at(JSON.parse(message.slice(start)) as Json, 'errors');
    const sentences = isJsonObject(errors)
      ? Object.values(errors)
          .flat()
          .filter((text) => typeof text === 'string')
      : [];
    return sentences.length > 0 ? sentences.join(' ') : message;
  } catch {
    return message;
  }
}

function joined(message: string, detail: string | undefined): string {
  if (detail === undefined || detail === '' || message.includes(detail)) return message;
  return `${message.replace(/[.\s]*$/, '')}: ${detail}`;
}

function readXml(text: string, fallback: Reading): Reading {
  const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1];
  // The second and third line repeat the request id and the time.
  const message = /<Message>([^<]*)<\/Message>/.exec(text)?.[1]?.split('\n')[0];
  return { code: code ?? fallback.code, message: message ?? fallback.message };
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function codeOfStatus(status: number): string {
  const names: Readonly<Record<number, string>> = {
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'NotFound',
    409: 'Conflict',
    412: 'PreconditionFailed',
    429: 'TooManyRequests',
  };
  return names[status] ?? `Http${String(status)}`;
}

function requestIdOf(answer: ErrorAnswer): string | undefined {
  const fromHeader =
    answer.headers['x-ms-correlation-request-id'] ??
    answer.headers['x-ms-request-id'] ??
    answer.headers['x-ms-client-request-id'];
  return fromHeader ?? /"operation"\s*:\s*"([0-9a-f]{32})"/i.exec(answer.text)?.[1];
}

const hintsByCode: Readonly<Record<string, string>> = {
  KeyBasedAuthenticationNotPermitted:
    'The storage account refuses account keys, and a SAS made with one. Give the service connection the role "Storage Blob Data Contributor" on the storage account.',
  AuthorizationFailure:
    "The storage account's firewall does not let this agent in. Let the agent reach the account through its private endpoint (zone privatelink.blob of the cloud linked to the agent's network).",
  AuthenticationFailed:
    "The signature or token was refused; it may have expired. Check the agent's clock and run the task again.",
  RequestDisallowedByPolicy: 'An Azure Policy forbids this resource as it is written; the message names the policy.',
  ResourceNotReady: "The container did not become healthy: read the deployment's logs.",
  EndpointNotFound: 'Check the name of the endpoint.',
  InvalidSubscriptionId: 'Check the subscription of the service connection.',
};

function hintOf(answer: ErrorAnswer, reading: Reading): string | undefined {
  if (answer.status === 401 || answer.status === 403) {
    const role = roleHint(reading.code, reading.message);
    if (role !== undefined) return role;
  }
  if (/in Updating provisioning state/i.test(reading.message)) {
    return 'Somebody else is changing the endpoint: let one run at a time deploy to it (an exclusive lock on the environment).';
  }
  if (/quota/i.test(reading.message)) {
    return 'The subscription lacks quota for this size in this region: ask for more, or choose another instance type.';
  }
  if (/private ?link|public (?:network )?access|public ip/i.test(reading.message) && answer.status === 403) {
    return "The workspace accepts private endpoints only: run this on an agent whose network is linked to the workspace's private DNS zones.";
  }
  return hintsByCode[reading.code];
}
