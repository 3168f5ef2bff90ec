/** One organization of Azure DevOps, as far as pools need it. */
import { ClientApiBase } from 'azure-devops-node-api/ClientApiBases.js';
import { BasicCredentialHandler } from 'azure-devops-node-api/handlers/basiccreds.js';
import { BearerCredentialHandler } from 'azure-devops-node-api/handlers/bearertoken.js';
import type { IRequestHandler } from 'azure-devops-node-api/interfaces/common/VsoBaseInterfaces.js';
import { type TaskAgentPool, TaskAgentPoolType } from 'azure-devops-node-api/interfaces/TaskAgentInterfaces.js';
import { type ITaskAgentApi, TaskAgentApi } from 'azure-devops-node-api/TaskAgentApi.js';
import type { Token } from './credential.ts';
import { UserError } from './errors.ts';

const USER_AGENT = 'secure-mlops-pool';
/** Reads are tried again; redirects would carry the token to a sign-in page. */
const REQUESTS = { allowRedirects: false, allowRetries: true, maxRetries: 3, socketTimeout: 60_000 };

/** Plain requests, for what the client has no methods for. Paths begin after the organization. */
export interface Requests {
  get<Answer>(path: string): Promise<Answer | undefined>;
  send<Answer>(method: 'POST' | 'PUT' | 'PATCH', path: string, body: unknown): Promise<Answer>;
}

export interface Organization {
  readonly url: string;
  readonly pools: ITaskAgentApi;
  readonly requests: Requests;
  /** The service that knows an organization's users, on a host of its own. */
  readonly entitlements: Requests;
}

/** A pool that the service has: it has an id. */
export type Pool = TaskAgentPool & { readonly id: number };

/** Opens an organization. `url` is https://dev.azure.com/<name> or https://<name>.visualstudio.com. */
export function openOrganization(url: string, token: Token): Organization {
  const trimmed = url.replace(/\/$/, '');
  return {
    url: trimmed,
    pools: new TaskAgentApi(trimmed, [handlerOf(token)], REQUESTS, USER_AGENT),
    requests: requestsTo(trimmed, token),
    entitlements: requestsTo(entitlementsUrl(trimmed), token),
  };
}

/** A handler belongs to the first host it meets and signs for no other, so each client gets its own. */
function handlerOf({ kind, secret }: Token): IRequestHandler {
  return kind === 'bearer' ? new BearerCredentialHandler(secret) : new BasicCredentialHandler('', secret);
}

/** https://learn.microsoft.com/rest/api/azure/devops/memberentitlementmanagement */
function entitlementsUrl(url: string): string {
  const { hostname, pathname } = new URL(url);
  if (hostname === 'dev.azure.com') return `https://vsaex.dev.azure.com${pathname}`;
  return `https://${hostname.replace(/\.visualstudio\.com$/, '.vsaex.visualstudio.com')}`;
}

function requestsTo(url: string, token: Token): Requests {
  const client = new ClientApiBase(url, [handlerOf(token)], USER_AGENT, REQUESTS);
  const options = { acceptHeader: 'application/json' };
  return {
    get: async <Answer>(path: string) => {
      const { result } = await client.rest.get<Answer>(url + path, options);
      return result ?? undefined;
    },
    send: async <Answer>(method: 'POST' | 'PUT' | 'PATCH', path: string, body: unknown) => {
      const call = { POST: 'create', PUT: 'replace', PATCH: 'update' } as const;
      const { result, statusCode } = await client.rest[call[method]]<Answer>(url + path, body, options);
      if (result === null) throw new Error(`${method} ${path} answered ${statusCode} with nothing`);
      return result;
    },
  };
}

/** A list of the client's: it gives null where the service has nothing. */
export function listOf<Item>(list: readonly Item[] | null): readonly Item[] {
  return list ?? [];
}

/** The pool of that name, or undefined. Names are compared without regard to case, as the service does. */
export async function findPool({ pools }: Organization, name: string): Promise<Pool | undefined> {
  const found = listOf(await pools.getAgentPools(name, undefined, TaskAgentPoolType.Automation));
  return found.find((pool): pool is Pool => pool.id !== undefined && pool.name?.toLowerCase() === name.toLowerCase());
}

/** The pool of that name. Throws a UserError when there is none, or none that this identity may see. */
export async function getPool(organization: Organization, name: string): Promise<Pool> {
  const pool = await findPool(organization, name);
  if (pool !== undefined) return pool;
  throw new UserError(
    `${organization.url} has no agent pool '${name}' that this identity may see; create it with ensure-pool`,
  );
}
