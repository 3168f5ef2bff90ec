import type { Json, JsonObject } from '../../tasks/common/domain/json.ts';
import { isJsonObject, textAt } from '../../tasks/common/domain/json.ts';
import { workspaceArmId, type WorkspaceId } from '../../tasks/common/domain/workspace-id.ts';
import type {
  Query,
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
    };
  }

  readonly runs: RunHistory = { details: unexpected('runs.details'), children: unexpected('runs.children') };
  readonly tracking: Tracking = { run: unexpected('tracking.run') };
  readonly scoring: Scoring = { score: unexpected('scoring.score') };

  location(): Promise<string> {
    return Promise.resolve('westeurope');
  }

  get(path: string): Promise<Resource | undefined> {
    this.#capture('GET', path, {});
    return Promise.resolve(this.#written.get(path) ?? this.#recordedBefore(path));
  }

  async *list(path: string, options: { readonly query?: Query } = {}): AsyncIterable<Resource> {
    this.#capture('GET', path, options.query ?? {});
    const hash = options.query?.hash;
    if (hash !== undefined) {
      yield* [...this.#written.values()].filter(
        (resource) => textAt(resource, 'properties', 'properties', 'hash_sha256') === hash,
      );
      return;
    }
    yield* await Promise.resolve(this.#versions(path));
  }

  put(path: string, body: JsonObject, options: WriteOptions = {}): Promise<Resource> {
    this.#capture('PUT', path, options.query ?? {}, body, options.withUserToken);
    const resource = { ...body, id: `${workspaceArmId(this.id)}/${path}`, name: path.split('/').at(-1) ?? '' };
    this.#written.set(path, resource);
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
      if (this.#relative(request.path) !== path) continue;
      if (request.method === 'PUT') return undefined;
      if (request.method !== 'GET' || request.query !== undefined) continue;
      return request.status === 200 && isJsonObject(request.response) ? request.response : undefined;
    }
    return undefined;
  }

  /** The newest versions of an asset: as a list was answered, or as its container names the latest one. */
  #versions(path: string): readonly Resource[] {
    const answered = this.#recorded.find(
      (request) =>
        request.method === 'GET' && request.query?.$top !== undefined && this.#relative(request.path) === path,
    )?.response;
    const value = isJsonObject(answered) ? answered.value : undefined;
    if (Array.isArray(value)) return (value as readonly Json[]).filter(isJsonObject);
    const container = path.replace(/\/versions$/, '');
    const latest = textAt(this.#recordedBefore(container), 'properties', 'latestVersion');
    return latest === undefined ? [] : [{ id: `${workspaceArmId(this.id)}/${path}/${latest}`, name: latest }];
  }

  #relative(path: string): string | undefined {
    const prefix = `${workspaceArmId(this.id)}/`;
    return path.startsWith(prefix) ? path.slice(prefix.length) : undefined;
  }

  #capture(method: string, path: string, query: Query, body?: JsonObject, withUserToken = false): void {
    const texts = Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]));
    this.captured.push({
      method,
      path: `${workspaceArmId(this.id)}${path === '' ? '' : `/${path}`}`,
      query: Object.fromEntries(texts) as Record<string, string>,
      headers: withUserToken ? { 'x-azureml-token': 'token' } : {},
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}

function unexpected(what: string): () => never {
  return () => {
    throw new Error(`No case needs ${what}.`);
  };
}
