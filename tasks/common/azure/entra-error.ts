/** Turns a refusal of the Entra authority (or of the managed identity endpoint) into one sentence with a cure. */
import type { Connection } from '../ports.ts';
import { ServiceError } from '../errors.ts';
import { isJsonObject } from '../domain/json.ts';
import type { Json } from '../domain/json.ts';
import { withoutSecrets } from './service-error.ts';

interface Refusal {
  readonly status: number;
  readonly text: string;
}

/** By error number (AADSTS…), as in Entra's list of authentication errors. */
const hints: Readonly<Record<string, (connection: string) => string>> = {
  '7000222': (name) =>
    `The client secret of the service connection '${name}' has expired. Convert the connection to workload identity federation, or renew the secret.`,
  '7000215': (name) =>
    `The client secret of the service connection '${name}' is wrong: enter the secret's value, not its id.`,
  '700016': (name) =>
    `The application does not exist in this tenant. Check the client id and the tenant id of the service connection '${name}'.`,
  '90002': (name) =>
    `The tenant does not exist. Check the tenant id, and the cloud, of the service connection '${name}'.`,
  '900023': (name) => `The tenant id of the service connection '${name}' is not one.`,
  '70021': federatedSubject,
  '700211': federatedSubject,
  '700212': federatedSubject,
  '700213': federatedSubject,
  '700223': federatedSubject,
  '700024': () => "The pipeline's token is outside its time: check the agent's clock.",
  '700027': (name) =>
    `The certificate of the service connection '${name}' is not registered with the application, or has expired: upload it there, or renew it here.`,
  '500011': () =>
    'The tenant does not know the service this token is for: check that the connection names the right cloud.',
  '7000112': () => 'The application is disabled in Entra: enable it, or use another service connection.',
  '53003': () => 'A conditional access policy blocks this sign-in: allow workload identities from the agents’ network.',
  '530035': () =>
    'A conditional access policy blocks this sign-in: allow workload identities from the agents’ network.',
};

function federatedSubject(name: string): string {
  return `No federated credential of the application matches the pipeline's token. Its issuer and subject must be those shown in the service connection '${name}' (they change when the connection, project or organization is renamed).`;
}

/** The refusal as a ServiceError; its code is the error number where the authority gave one. */
export function entraErrorOf(refusal: Refusal | undefined, cause: unknown, connection: Connection): ServiceError {
  const { description, error } = readRefusal(refusal, cause);
  const number = /AADSTS(\d+)/.exec(description)?.[1];
  // The description's further lines repeat the trace id, the correlation id and the time.
  const firstLine = description.split(/\r?\n| Trace ID:/)[0] ?? description;
  const correlation = /Correlation ID: ([0-9a-f-]+)/i.exec(description)?.[1];
  return new ServiceError({
    status: refusal?.status ?? 0,
    code: number === undefined ? error : `AADSTS${number}`,
    message: `No token for the service connection '${connection.name}': ${withoutSecrets(firstLine)}`,
    requestId: correlation,
    hint: number === undefined ? managedIdentityHint(connection, refusal) : hints[number]?.(connection.name),
    cause,
  });
}

function readRefusal(refusal: Refusal | undefined, cause: unknown): { description: string; error: string } {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (refusal === undefined) return { description: message, error: 'TokenRequestFailed' };
  let body: Json = null;
  try {
    body = JSON.parse(refusal.text) as Json;
  } catch {
    return { description: `status ${refusal.status}. ${refusal.text.slice(0, 200)}`, error: 'TokenRequestFailed' };
  }
  const text = (name: string): string | undefined => {
    const value = isJsonObject(body) ? body[name] : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  return {
    description: text('error_description') ?? text('Message') ?? text('error') ?? message,
    error: text('error') ?? 'TokenRequestFailed',
  };
}

function managedIdentityHint(connection: Connection, refusal: Refusal | undefined): string | undefined {
  if (connection.auth.scheme !== 'managedIdentity') return undefined;
  return refusal?.status === 400 || refusal?.status === 404
    ? "This agent's machine has no such managed identity: assign it to the virtual machine or scale set."
    : 'A managed identity needs an agent that runs in Azure and reaches 169.254.169.254 without a proxy.';
}
