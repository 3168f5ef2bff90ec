/** A workspace in memory, with the manners of the service that operations depend on. */
import { createHash } from 'node:crypto';
import { isJsonObject, textAt, type Json, type JsonObject } from '../../../tasks/common/domain/json.ts';
import { childArmId } from '../../../tasks/common/domain/workspace-id.ts';
import { ServiceError } from '../../../tasks/common/errors.ts';
import type {
  BlobEntry,
  BlobFingerprint,
  ListOptions,
  LocalFile,
  Metric,
  MetricSeries,
  MetricsRequest,
  RequestOptions,
  Resource,
  Run,
  ScoreRequest,
  ScoreResponse,
  UploadRequest,
  Workspace,
  WriteOptions,
} from '../../../tasks/common/ports.ts';

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly body: JsonObject | undefined;
}

/** Resources on a page of a list; each page is a call of its own. */
const PAGE = 50;

export function serviceError(status: number, code = 'Test', message = 'refused by the test'): ServiceError {
  return new ServiceError({ status, code, message });
}

export function run(id: string, fields: Partial<Run> = {}): Run {
  const times = { startTime: '2026-01-01T00:00:00Z', endTime: '2026-01-01T00:01:05Z' };
  return {
    id,
    displayName: id,
    status: 'Completed',
    parentId: undefined,
    error: undefined,
    properties: {},
    ...times,
    ...fields,
  };
}

export class FakeWorkspace implements Workspace {
  readonly id = { subscriptionId: 'sub', resourceGroup: 'rg', name: 'ws' };
  readonly resources = new Map<string, Resource>();
  readonly calls: Call[] = [];
  /** Called before each call is answered; what it throws is the answer. */
  fault: (method: string, path: string) => void = () => undefined;
  /** States a job takes, one for each time it is read; the last one stays. */
  readonly states = new Map<string, string[]>();
  readonly children = new Map<string, Run[]>();
  readonly runErrors = new Map<string, { code: string; message: string }>();
  readonly metrics = new Map<string, Readonly<Record<string, number>>>();
  readonly logFiles = new Map<string, Readonly<Record<string, string>>>();
  /** Text behind a log's URL; may grow. */
  readonly logs = new Map<string, Uint8Array>();
  readonly ranges: { readonly url: string; readonly from: number; readonly bytes: number }[] = [];
  readonly uploads: UploadRequest[] = [];
  readonly blobs = new Map<string, string>();
  readonly downloads = new Map<string, string>();
  readonly scored: ScoreRequest[] = [];
  scorer: (request: ScoreRequest) => Partial<ScoreResponse> = () => ({});
  /** What Azure Monitor answers. */
  measured: (request: MetricsRequest) => readonly MetricSeries[] = () => [];
  publicRoute: string | undefined;
  #created = 0;

  constructor() {
    this.seed('', { location: 'westeurope', properties: {} });
  }

  /** Puts a resource there without a call. */
  seed(path: string, fields: JsonObject): Resource {
    const resource = {
      id: childArmId(this.id, ...path.split('/').filter((segment) => segment !== '')),
      name: path.split('/').at(-1) ?? '',
      systemData: { createdAt: String(++this.#created).padStart(9, '0') },
      ...fields,
    };
    this.resources.set(path, resource);
    return resource;
  }

  seedJob(name: string, status: string, fields: JsonObject = {}): void {
    this.seed(`jobs/${name}`, { properties: { jobType: 'Command', status, ...fields } });
  }

  writes(method = 'PUT'): readonly Call[] {
    return this.calls.filter((call) => call.method === method);
  }

  location(): Promise<string> {
    return Promise.resolve('westeurope');
  }

  async get(path: string, options: RequestOptions = {}): Promise<Resource | undefined> {
    await this.#begin('GET', path, undefined, options);
    const resource = this.resources.get(path) ?? this.#container(path);
    return resource === undefined ? undefined : this.#asItStands(path, resource);
  }

  /** A job moves on to its next state whenever somebody looks. */
  #asItStands(path: string, resource: Resource): Resource {
    const [kind, name = ''] = path.split('/');
    const states = kind === 'jobs' ? this.states.get(name) : undefined;
    if (states === undefined) return resource;
    const status = (states.length > 1 ? states.shift() : states[0]) ?? 'Running';
    return this.#withProperties(path, resource, { status });
  }

  async *list(path: string, options: ListOptions = {}): AsyncIterable<Resource> {
    await options.beforePage?.();
    await this.#begin('LIST', path, undefined, options);
    const depth = path.split('/').length + 1;
    const hash = options.query?.hash;
    const found = [...this.resources].filter(([key, resource]) => {
      if (hash !== undefined) return textAt(resource, 'properties', 'properties', 'hash_sha256') === hash;
      return key.startsWith(`${path}/`) && key.split('/').length === depth;
    });
    const age = (resource: Resource): string => textAt(resource, 'systemData', 'createdAt') ?? '';
    const newestFirst = found.toSorted(([, a], [, b]) => (age(a) < age(b) ? 1 : -1));
    for (const [index, [key, resource]] of newestFirst.slice(0, Number(options.query?.$top ?? Infinity)).entries()) {
      if (index > 0 && index % PAGE === 0) {
        await options.beforePage?.();
        await this.#begin('LIST', path, undefined, options);
      }
      yield this.#asItStands(key, resource);
    }
  }

  async put(path: string, body: JsonObject, options: WriteOptions = {}): Promise<Resource> {
    await this.#begin('PUT', path, body, options);
    options.onProgress?.('Updating', 1000);
    const properties = isJsonObject(body.properties) ? body.properties : {};
    if (path.startsWith('jobs/')) {
      const services = { Studio: { endpoint: `https://ml.azure.com/runs/${path.slice(5)}` } };
      return this.seed(path, { ...body, properties: { status: 'NotStarted', services, ...properties } });
    }
    const uri = path.startsWith('onlineEndpoints/')
      ? { scoringUri: 'https://e.westeurope.inference.ml.azure.com/score' }
      : {};
    return this.seed(path, { ...body, properties: { ...uri, ...properties, provisioningState: 'Succeeded' } });
  }

  async patch(path: string, body: JsonObject, options: WriteOptions = {}): Promise<Resource> {
    await this.#begin('PATCH', path, body, options);
    const changed = { ...this.resources.get(path), ...body };
    this.resources.set(path, changed);
    return changed;
  }

  async delete(path: string, options: WriteOptions = {}): Promise<boolean> {
    await this.#begin('DELETE', path, undefined, options);
    return this.resources.delete(path);
  }

  async post(path: string, body?: JsonObject, options: WriteOptions = {}): Promise<Json> {
    await this.#begin('POST', path, body, options);
    if (path.endsWith('/startPendingUpload')) {
      const blobUri = `https://store.blob.core.windows.net/${path.split('/')[1] ?? ''}`;
      return { blobReferenceForConsumption: { blobUri, credential: { sasUri: `${blobUri}?sig=x` } } };
    }
    if (path.endsWith('/cancel')) return this.#cancel(path.slice(0, -'/cancel'.length));
    if (path.endsWith('/listKeys')) return { primaryKey: 'key-1', secondaryKey: 'key-2' };
    if (path.endsWith('/getLogs')) return { content: 'Traceback: no model\n' };
    return null;
  }

  #cancel(path: string): null {
    const job = this.resources.get(path);
    if (job === undefined) throw serviceError(404, 'UserError', 'Job not found.');
    this.states.delete(path.slice('jobs/'.length));
    this.#withProperties(path, job, { status: 'Canceled' });
    return null;
  }

  #withProperties(path: string, resource: Resource, changes: JsonObject): Resource {
    const properties = isJsonObject(resource.properties) ? resource.properties : {};
    const changed = { ...resource, properties: { ...properties, ...changes } };
    this.resources.set(path, changed);
    return changed;
  }

  /** Assets have a container that knows their versions. */
  #container(path: string): Resource | undefined {
    const versions = [...this.resources.keys()].flatMap((key) =>
      key.startsWith(`${path}/versions/`) ? [key.slice(`${path}/versions/`.length)] : [],
    );
    const latest = versions.at(-1);
    if (latest === undefined) return undefined;
    const nextVersion = String(Math.max(0, ...versions.map((version) => Number(version) || 0)) + 1);
    return { name: path.split('/').at(-1) ?? '', properties: { latestVersion: latest, nextVersion } };
  }

  /** A call may be refused, and one whose signal has aborted never reaches the service. */
  async #begin(method: string, path: string, body: JsonObject | undefined, options: RequestOptions): Promise<void> {
    options.signal?.throwIfAborted();
    this.calls.push({ method, path, body });
    this.fault(method, path);
    await Promise.resolve();
  }

  readonly runs: Workspace['runs'] = {
    details: async (runId, options = {}) => {
      await this.#begin('GET', `runs/${runId}/details`, undefined, options);
      const known = [...this.children.values()].flat().find(({ id }) => id === runId) ?? run(runId);
      return { ...known, error: this.runErrors.get(runId), warnings: [], logFiles: this.logFiles.get(runId) ?? {} };
    },
    children: async (runId, options = {}) => {
      await this.#begin('GET', `runs/${runId}/children`, undefined, options);
      return this.children.get(runId) ?? [];
    },
  };

  readonly tracking: Workspace['tracking'] = {
    run: async (runId, options = {}) => {
      await this.#begin('GET', `tracking/${runId}`, undefined, options);
      const found = this.metrics.get(runId);
      if (found === undefined) return undefined;
      const metrics: Metric[] = Object.entries(found).map(([name, value]) => ({ name, value, step: 0, timestamp: 0 }));
      return { metrics, parameters: {}, tags: {} };
    },
  };

  readonly storage: Workspace['storage'] = {
    upload: async (request) => {
      await this.#begin('UPLOAD', request.target.prefix, undefined, request);
      const key = JSON.stringify([request.target.prefix, names(request.files)]);
      const isThere = request.target.kind === 'datastore' && this.blobs.has(key);
      this.blobs.set(key, '');
      if (!isThere) this.uploads.push(request);
      const containerUrl = 'https://store.blob.core.windows.net/blobs';
      return { containerUrl, uploaded: isThere ? 0 : request.files.length, metadata: request.metadata };
    },
    list: (target) => listBlobs(this.blobs, target.prefix),
    readText: () => Promise.resolve(undefined),
    download: (target, name, toPath) => {
      this.downloads.set(toPath, this.blobs.get(`${target.prefix}/${name}`) ?? '');
      return Promise.resolve();
    },
    fingerprints: (target) => fingerprintsOf(this.blobs, target.prefix),
    read: (target, name) => textParts(this.blobs.get(joined(target.prefix, name)) ?? ''),
    write: async (target, name, content, options = {}) => {
      await this.#begin('WRITE', joined(target.prefix, name), undefined, options);
      const decoder = new TextDecoder();
      let text = '';
      for await (const part of content) text += decoder.decode(part, { stream: true });
      this.blobs.set(joined(target.prefix, name), text);
    },
    readRange: async (url, fromByte, options = {}) => {
      await this.#begin('RANGE', url, undefined, options);
      const bytes = (this.logs.get(url) ?? new Uint8Array()).slice(fromByte, fromByte + 64 * 1024);
      this.ranges.push({ url, from: fromByte, bytes: bytes.length });
      return bytes;
    },
  };

  readonly scoring: Workspace['scoring'] = {
    score: async (request) => {
      await this.#begin('SCORE', request.deployment ?? '', undefined, request);
      this.scored.push(request);
      return { status: 200, headers: {}, body: '{"ok":true}', durationMs: 12, ...this.scorer(request) };
    },
    publicRoute: () => Promise.resolve(this.publicRoute),
  };

  readonly monitor: Workspace['monitor'] = {
    metrics: async (request) => {
      await this.#begin('METRICS', request.resource, undefined, request);
      return this.measured(request);
    },
  };
}

export function joined(prefix: string, name: string): string {
  return [prefix, name].filter((segment) => segment !== '').join('/');
}

/** What the port promises of blobs below a prefix: names, sizes, hashes. */
export async function fingerprintsOf(
  blobs: ReadonlyMap<string, string>,
  prefix: string,
): Promise<readonly BlobFingerprint[]> {
  const found: BlobFingerprint[] = [];
  const hash = (content: string): string => createHash('sha256').update(content).digest('hex');
  const itself = blobs.get(prefix);
  if (itself !== undefined) return [{ name: '', size: itself.length, sha256: hash(itself) }];
  for await (const { name, size } of listBlobs(blobs, prefix)) {
    const content = blobs.get(prefix === '' ? name : `${prefix}/${name}`) ?? '';
    found.push({ name, size, sha256: hash(content) });
  }
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

export async function* textParts(text: string): AsyncIterable<Uint8Array> {
  yield await Promise.resolve(new TextEncoder().encode(text));
}

function names(files: readonly LocalFile[]): readonly string[] {
  return files.map(({ name }) => name);
}

export async function* listBlobs(blobs: ReadonlyMap<string, string>, prefix: string): AsyncIterable<BlobEntry> {
  for (const [name, text] of await Promise.resolve(blobs)) {
    const folder = prefix === '' ? '' : `${prefix}/`;
    if (name.startsWith(folder)) yield { name: name.slice(folder.length), size: text.length };
  }
}
