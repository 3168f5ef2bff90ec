/** A registry in memory: versions that stay, a container for each, imports from a workspace. */
import { isJsonObject, textAt, type Json, type JsonObject } from '../../../tasks/common/domain/json.ts';
import { registryAssetId, type RegistryCollection } from '../../../tasks/common/domain/registry-asset.ts';
import type {
  BlobTarget,
  Registry,
  RequestOptions,
  Resource,
  Storage,
  WriteOptions,
} from '../../../tasks/common/ports.ts';
import {
  fingerprintsOf,
  joined,
  listBlobs,
  serviceError,
  textParts,
  type Call,
  type FakeWorkspace,
} from './fake-workspace.ts';

const ACCOUNT = 'https://regstor.blob.core.windows.net';

export class FakeRegistry implements Registry {
  readonly name: string;
  readonly resources = new Map<string, Resource>();
  readonly calls: Call[] = [];
  /** Text of every blob, by container and name. */
  readonly blobs = new Map<string, string>();
  /** Called before each call is answered; what it throws is the answer. */
  fault: (method: string, path: string) => void = () => undefined;
  readonly #sources: readonly FakeWorkspace[];

  constructor(name = 'shared', sources: readonly FakeWorkspace[] = []) {
    this.name = name;
    this.#sources = sources;
  }

  writes(method = 'PUT'): readonly Call[] {
    return this.calls.filter((call) => call.method === method && !call.path.startsWith('tempdatarefs/'));
  }

  #begin(method: string, path: string, body: JsonObject | undefined, options: RequestOptions): Promise<void> {
    options.signal?.throwIfAborted();
    this.calls.push({ method, path, body });
    this.fault(method, path);
    return Promise.resolve();
  }

  async get(path: string, options: RequestOptions = {}): Promise<Resource | undefined> {
    await this.#begin('GET', path, undefined, options);
    return this.resources.get(path) ?? this.#container(path);
  }

  #container(path: string): Resource | undefined {
    const versions = [...this.resources.keys()].filter((key) => key.startsWith(`${path}/versions/`));
    if (versions.length === 0) return undefined;
    return { name: path.split('/')[1] ?? '', properties: { nextVersion: String(versions.length + 1) } };
  }

  async *list(path: string, options: RequestOptions = {}): AsyncIterable<Resource> {
    await this.#begin('LIST', path, undefined, options);
    const found = [...this.resources].filter(([key]) => key.startsWith(`${path}/`)).map(([, resource]) => resource);
    yield* found.toReversed();
  }

  async put(path: string, body: JsonObject, options: WriteOptions = {}): Promise<Resource> {
    await this.#begin('PUT', path, body, options);
    if (path.startsWith('tempdatarefs/')) return this.#uploadPlace(textAt(body, 'assetId') ?? '');
    const [collection = '', name = '', , version = ''] = path.split('/');
    const id = registryAssetId(this.name, collection as RegistryCollection, name, version);
    const resource = { id, name: collection === 'models' ? name : version, ...body };
    this.resources.set(path, resource);
    return resource;
  }

  #uploadPlace(assetId: string): Resource {
    const [, path = ''] = /registries\/[^/]+\/(.*)$/.exec(assetId) ?? [];
    if (this.resources.has(path)) throw serviceError(409, 'UserError', 'Asset exists.');
    const blobUri = `${ACCOUNT}/${path.replaceAll('/', '-')}`;
    return { blobReferenceForConsumption: { blobUri, credential: { sasUri: `${blobUri}?sig=secret` } } };
  }

  async post(path: string, body: JsonObject = {}, options: WriteOptions = {}): Promise<Json> {
    await this.#begin('POST', path, body, options);
    if (path.startsWith('datarefs/')) {
      const [, container = ''] = /^(https:\/\/[^/]+\/[^/]+)/.exec(textAt(body, 'blobUri') ?? '') ?? [];
      return { blobReferenceForConsumption: { blobUri: container, credential: { sasUri: `${container}?sig=secret` } } };
    }
    if (path === 'import') this.#import(body);
    return null;
  }

  /** The service copies the files itself. */
  #import(body: JsonObject): void {
    const text = (member: string): string => textAt(body, 'properties', member) ?? '';
    const [, guid, source = ''] = /\/workspaces\/([^/]+)\/(.*)$/.exec(text('sourceAssetId')) ?? [];
    const workspace = this.#sources.find(({ resources }) => {
      return textAt(resources.get(''), 'properties', 'workspaceId') === guid;
    });
    const model = workspace?.resources.get(source);
    if (workspace === undefined || model === undefined) throw serviceError(404, 'UserError', 'Could not find asset.');
    const [name, version] = [text('destinationName'), text('destinationVersion')];
    const prefix = /\/paths\/(.*)$/.exec(textAt(model, 'properties', 'modelUri') ?? '')?.[1] ?? '';
    for (const [key, content] of workspace.blobs) {
      if (key === prefix || key.startsWith(`${prefix}/`)) this.blobs.set(`imported-${name}/${key}`, content);
    }
    const properties = isJsonObject(model.properties) ? model.properties : {};
    this.resources.set(`models/${name}/versions/${version}`, {
      id: registryAssetId(this.name, 'models', name, version),
      name,
      properties: {
        ...properties,
        modelUri: `${ACCOUNT}/imported-${name}/${prefix}`,
        originAssetId: text('sourceAssetId'),
      },
    });
  }

  readonly storage: Storage = {
    upload: async ({ target, files, metadata }) => {
      for (const { name } of files) this.blobs.set(joined(placeOf(target), name), `uploaded ${name}`);
      return Promise.resolve({ containerUrl: ACCOUNT, uploaded: files.length, metadata });
    },
    list: (target) => listBlobs(this.blobs, placeOf(target)),
    readText: (target, name) => Promise.resolve(this.blobs.get(joined(placeOf(target), name))),
    download: () => Promise.reject(new Error('Nothing is downloaded from a registry.')),
    readRange: () => Promise.reject(new Error('A registry has no logs.')),
    fingerprints: (target) => fingerprintsOf(this.blobs, placeOf(target)),
    read: (target, name) => textParts(this.blobs.get(joined(placeOf(target), name)) ?? ''),
    write: async (target, name, content) => {
      const decoder = new TextDecoder();
      let text = '';
      for await (const part of content) text += decoder.decode(part, { stream: true });
      this.blobs.set(joined(placeOf(target), name), text);
    },
  };
}

/** Container and prefix, as the blobs are kept. */
function placeOf(target: BlobTarget): string {
  if (target.kind === 'datastore') throw new Error('A registry has no datastores.');
  const [container = ''] = target.containerUrl.replace(`${ACCOUNT}/`, '').split('?');
  return joined(container, target.prefix);
}
