/** Reads the emulated workspace as anyone could: a token from Entra, GETs of the Resource Manager, through the proxy. */
import type { EmulatedService } from './emulated-service.ts';
import { sendThroughProxy } from './proxied-request.ts';

const API_VERSION = '2024-10-01';

export interface WorkspaceReader {
  /** A resource below the workspace; undefined when there is none. */
  get(path: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** Every resource of a collection below the workspace. */
  list(path: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/** Requests fail with an Error that names method, URL and status. */
export function createWorkspaceReader(service: EmulatedService): WorkspaceReader {
  const base =
    `${service.resourceManagerUrl}subscriptions/${service.subscriptionId}/resourceGroups/${service.resourceGroup}` +
    `/providers/Microsoft.MachineLearningServices/workspaces/${service.workspace}`;
  const read = async (url: string): Promise<Readonly<Record<string, unknown>> | undefined> => {
    const authorization = `Bearer ${await token(service)}`;
    const response = await sendThroughProxy(service, { method: 'GET', url, headers: { authorization } });
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw new Error(`GET ${url} answered ${response.status}: ${response.body}`);
    return object(JSON.parse(response.body));
  };
  return {
    get: (path) => read(`${base}/${path}?api-version=${API_VERSION}`),
    list: async (path) => {
      const items: Readonly<Record<string, unknown>>[] = [];
      let next: string | undefined = `${base}/${path}?api-version=${API_VERSION}`;
      while (next !== undefined) {
        const page: Readonly<Record<string, unknown>> = (await read(next)) ?? {};
        if (Array.isArray(page.value)) items.push(...page.value.map(object));
        next = typeof page.nextLink === 'string' ? page.nextLink : undefined;
      }
      return items;
    },
  };
}

/** The value at a path of keys, or undefined where there is none. */
export function valueAt(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((at, key) => object(at)[key], value);
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

async function token(service: EmulatedService): Promise<string> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: service.clientId,
    client_secret: service.clientSecret,
    scope: `${service.resourceManagerUrl}.default`,
  });
  const { status, body } = await sendThroughProxy(service, {
    method: 'POST',
    url: `${service.authorityUrl}${service.tenantId}/oauth2/v2.0/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  });
  const answer = valueAt(JSON.parse(body), 'access_token');
  if (status !== 200 || typeof answer !== 'string') throw new Error(`No token was issued: ${body}`);
  return answer;
}
