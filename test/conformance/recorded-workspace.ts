import type { Json, JsonObject } from '../../tasks/common/domain/json.ts';
import { isJsonObject, textAt } from '../../tasks/common/domain/json.ts';
import { childArmId, resourceGroupChildArmId, type WorkspaceId } from '../../tasks/common/domain/workspace-id.ts';
import type {
  Monitor,
  RequestOptions,
  Resource,
  RunHistory,
  Scoring,
  Storage,
  Tracking,
  Workspace,
  WriteOptions,
} from '../../tasks/common/ports.ts';
import type { RecordedRequest } from './recorded-case.ts';

/** A request as the comparer takes it. */
export interface CapturedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const ACCOUNT_URL = 'https://goldenstorage.blob.core.windows.net';
const DEFAULT_CONTAINER = `${ACCOUNT_URL}/azureml-blobstore-22222222-2222-2222-2222-222222222222`;

/**
 * A workspace that knows what a case recorded and nothing else. It keeps what is written, finds code by its hash, and notes every
 * request.
 */
export class RecordedWorkspace implements Workspace {
  readonly id: WorkspaceId;
  readonly captured: CapturedRequest[] = [];
  readonly storage: Storage;
  readonly #recorded: readonly RecordedRequest[];
  readonly #written = new Map<string, Resource>();
  #containers = 0;

  constructor(id: WorkspaceId, recorded: readonly RecordedRequest[]) {
    this.id = id;
    this.#recorded = recorded.filter((request) => request.host === undefined);
    this.storage = {
      upload: ({ target, files, metadata }) =>
        Promise.resolve({
          containerUrl: target.kind === 'sas' ? target.containerUrl.replace(/\?.*$/, '') : DEFAULT_CONTAINER,
          uploaded: files.length,
          metadata,
        }),
      list: unexpected('storage.list'),
      readText: unexpected('storage.readText'),
      download: unexpected('storage.download'),
      readRange: unexpected('storage.readRange'),
      fingerprints: unexpected('storage.fingerprints'),
      read: unexpected('storage.read'),
      write: unexpected('storage.write'),
    };
  }

  readonly runs: RunHistory = { details: unexpected('runs.details'), children: unexpected('runs.children') };
  readonly tracking: Tracking = { run: unexpected('tracking.run') };
  readonly scoring: Scoring = { score: unexpected('scoring.score'), publicRoute: unexpected('scoring.publicRoute') };
  readonly monitor: Monitor = { metrics: unexpected('monitor.metrics') };
  readonly patch = unexpected('patch');

  location(): Promise<string> {
    return Promise.resolve('westeurope');
  }

  get(path: string, options: RequestOptions = {}): Promise<Resource | undefined> {
    this.#capture('GET', path, options);
    const full = this.#full(path, options);
    return Promise.resolve(this.#written.get(full) ?? this.#recordedBefore(full));
  }

  async *list(path: string, options: RequestOptions = {}): AsyncIterable<Resource> {
    this.#capture('GET', path, options);
    const hash = options.query?.hash;
    if (hash !== undefined) {
      yield* [...this.#written.values()].filter(
        (resource) => textAt(resource, 'properties', 'properties', 'hash_sha256') === hash,
      );
      return;
    }
    yield* await Promise.resolve(this.#versions(this.#full(path, options)));
  }

  put(path: string, body: JsonObject, options: WriteOptions = {}): Promise<Resource> {
    this.#capture('PUT', path, options, body);
    const id = this.#full(path, options);
    const resource = { ...body, id, name: path.split('/').at(-1) ?? '' };
    this.#written.set(id, resource);
    return Promise.resolve(resource);
  }

  delete(): Promise<boolean> {
    throw new Error('No case deletes anything.');
  }

  post(path: string, body: JsonObject = {}): Promise<Json> {
    this.#capture('POST', path, {}, body);
    if (!path.endsWith('/startPendingUpload')) throw new Error(`No case posts to ${path}.`);
    this.#containers += 1;
    const blobUri = `${ACCOUNT_URL}/container-${this.#containers}`;
    return Promise.resolve({
      blobReferenceForConsumption: { blobUri, credential: { credentialType: 'SAS', sasUri: `${blobUri}?sv=x&sig=y` } },
    });
  }

  /** What the service had before the run: a GET that was answered before the same path was written. */
  #recordedBefore(path: string): Resource | undefined {
    for (const request of this.#recorded) {
      if (request.path !== path) continue;
      if (request.method === 'PUT') return undefined;
      if (request.method !== 'GET' || request.query !== undefined) continue;
      return request.status === 200 && isJsonObject(request.response) ? request.response : undefined;
    }
    return undefined;
  }

  /** The newest versions of an asset: as a list was answered, or as its container names the latest one. */
  #versions(path: string): readonly Resource[] {
    const answered = this.#recorded.find(
      (request) => request.method === 'GET' && request.query?.$top !== undefined && request.path === path,
    )?.response;
    const value = isJsonObject(answered) ? answered.value : undefined;
    if (Array.isArray(value)) return (value as readonly Json[]).filter(isJsonObject);
    const container = path.replace(/\/versions$/, '');
    const latest = textAt(this.#recordedBefore(container), 'properties', 'latestVersion');
    return latest === undefined ? [] : [{ id: `${path}/${latest}`, name: latest }];
  }

  #full(path: string, { scope }: RequestOptions): string {
    const segments = path === '' ? [] : [path];
    return scope === 'resourceGroup' ? resourceGroupChildArmId(this.id, ...segments) : childArmId(this.id, ...segments);
  }

  #capture(method: string, path: string, options: WriteOptions, body?: JsonObject): void {
    const query = Object.entries(options.query ?? {});
    const texts = query.flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]));
    this.captured.push({
      method,
      path: this.#full(path, options),
      query: Object.fromEntries(texts) as Record<string, string>,
      headers: options.withUserToken === true ? { 'x-azureml-token': 'token' } : {},
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}

function unexpected(what: string): () => never {
  return () => {
    throw new Error(`No case needs ${what}.`);
  };
}
