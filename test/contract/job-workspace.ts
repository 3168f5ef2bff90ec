/** An emulator with what jobs need, and plain requests to it through its proxy, as any client would send them. */
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import tls from 'node:tls';
import { startEmulator } from '../../local/emulator/emulator.ts';
import type { Emulator, EmulatorOptions } from '../../local/emulator/emulator.ts';
import { asObject, textAt } from '../../local/emulator/json.ts';
import type { JsonObject } from '../../local/emulator/json.ts';

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  /** Empty when the answer is no JSON object. */
  readonly body: JsonObject;
}

export interface JobWorkspace {
  readonly emulator: Emulator;
  /** ARM id of the workspace. */
  readonly id: string;
  readonly api: string;
  /** To the Resource Manager; the path is below the workspace when it does not start with a slash. */
  arm(method: string, path: string, body?: unknown, apiVersion?: string): Promise<Answer>;
  /** To the region's data plane: `history/v1.0`, then a path below the workspace. */
  data(method: string, service: string, path: string, body?: unknown): Promise<Answer>;
  mlflow(method: string, path: string, body?: unknown): Promise<Answer>;
  /** To any URL of the emulated cloud, without a token. */
  open(url: string, headers?: Record<string, string>): Promise<Answer>;
  putCode(name: string, files: Readonly<Record<string, string>>): Promise<string>;
  putEnvironment(name: string): Promise<string>;
  putComponent(name: string, spec: JsonObject): Promise<string>;
  putCommandJob(name: string, properties: JsonObject): Promise<Answer>;
  /** The job once it is in one of the states; rejects with its present state after the deadline. */
  waitForState(job: string, ...states: string[]): Promise<JsonObject>;
  close(): Promise<void>;
}

const VERSION = '2024-01-01-preview';
const ENDED = ['Completed', 'Failed', 'Canceled'];

export async function startJobWorkspace(options: EmulatorOptions = {}): Promise<JobWorkspace> {
  const emulator = await startEmulator({ timings: SHORT, ...options });
  const { settings, cloud } = emulator;
  const id = `/subscriptions/${settings.subscriptionId}/resourceGroups/${settings.resourceGroup}/providers/Microsoft.MachineLearningServices/workspaces/${settings.workspace}`;
  const api = `https://${settings.region}.${cloud.regionalSuffix}`;
  const token = (audience: string): string =>
    emulator.context.tokens.issue({
      issuer: `https://sts.windows.net/${settings.tenantId}/`,
      audience,
      lifetimeSeconds: 36_000_000,
      claims: { oid: settings.principal.objectId, appid: settings.principal.clientId, tid: settings.tenantId },
    });
  const bearer = (audience: string): Record<string, string> => ({ authorization: `Bearer ${token(audience)}` });

  const arm: JobWorkspace['arm'] = (method, path, body, apiVersion = VERSION) => {
    const whole = path.startsWith('/') ? path : `${id}/${path}`;
    const separator = whole.includes('?') ? '&' : '?';
    const url = `https://${cloud.arm}${whole}${separator}api-version=${apiVersion}`;
    return send(emulator, method, url, bearer(`https://${cloud.arm}`), body);
  };
  const data: JobWorkspace['data'] = (method, service, path, body) =>
    send(emulator, method, `${api}/${service}${id}/${path}`, bearer(cloud.mlAudience), body);
  const made = async (path: string, properties: JsonObject): Promise<string> => {
    const answer = await arm('PUT', path, { properties });
    if (answer.status > 201) throw new Error(`PUT ${path}: ${answer.status} ${answer.text}`);
    return `${id}/${path}`;
  };

  return {
    emulator,
    id,
    api,
    arm,
    data,
    mlflow: (method, path, body) => data(method, 'mlflow/v2.0', `api/2.0/mlflow/${path}`, body),
    open: (url, headers = {}) => send(emulator, 'GET', url, headers),
    putCode: async (name, files) => {
      const { blobs } = emulator.context;
      const workspace = textAt((await arm('GET', id)).body, 'properties', 'workspaceId') ?? '';
      const container = `azureml-blobstore-${workspace}`;
      for (const [file, content] of Object.entries(files)) {
        await blobs.write({ account: settings.storageAccount, container, name: `code/${name}/${file}` }, content);
      }
      return made(`codes/${name}/versions/1`, {
        codeUri: blobs.url(settings.storageAccount, container, `code/${name}`),
      });
    },
    putEnvironment: (name) => made(`environments/${name}/versions/1`, { image: 'python:3.11' }),
    putComponent: (name, spec) =>
      made(`components/${name}/versions/1`, { componentSpec: { name, version: '1', type: 'command', ...spec } }),
    putCommandJob: (name, properties) =>
      arm('PUT', `jobs/${name}`, {
        properties: { jobType: 'Command', environmentId: 'azureml:AzureML-minimal:1', ...properties },
      }),
    waitForState: async (job, ...states) => {
      const wanted = states.length > 0 ? states : ENDED;
      return until(
        async () => {
          const { body } = await arm('GET', `jobs/${job}`);
          const status = textAt(body, 'properties', 'status') ?? '';
          if (wanted.includes(status)) return body;
          if (ENDED.includes(status)) throw new Error(`${job} ended as ${status}, not ${wanted.join(' or ')}.`);
          return undefined;
        },
        `${job} to be ${wanted.join(' or ')}`,
      );
    },
    close: () => emulator.close(),
  };
}

/** States pass quickly, in order all the same. */
const SHORT = {
  jobStarting: 10,
  jobPreparing: 10,
  jobQueued: 10,
  jobFinalizing: 10,
  jobCancel: 10,
  pipelineNotStarted: 10,
  listLag: 0,
};

/** Asks again and again until there is an answer; rejects after the deadline (real milliseconds). */
export async function until<T>(ask: () => Promise<T | undefined>, what: string, deadline = 50_000): Promise<T> {
  const end = Date.now() + deadline;
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`Waited in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** One request through the emulator's CONNECT proxy. */
export async function send(
  emulator: Emulator,
  method: string,
  url: string,
  headers: Record<string, string>,
  body?: unknown,
): Promise<Answer> {
  const target = new URL(url);
  const connect = http.request(emulator.url, { method: 'CONNECT', path: `${target.hostname}:443`, agent: false }).end();
  const [, socket] = (await once(connect, 'connect')) as [unknown, Socket];
  const secure = tls.connect({ socket, servername: target.hostname, ca: emulator.caPem });
  const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const request = https.request(url, {
    method,
    createConnection: () => secure,
    headers: {
      ...(sent !== undefined && {
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(sent)),
      }),
      connection: 'close',
      ...headers,
    },
  });
  request.end(sent);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return { status: response.statusCode ?? 0, headers: response.headers, text, body: parsed(text) };
}

function parsed(text: string): JsonObject {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return {};
  }
}
