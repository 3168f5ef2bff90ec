/** Takes environments, components and their code from one place to another; what is there already must be the same. */
import { yamlData } from '../aml-yaml/yaml-data.ts';
import { at, isJsonObject, textAt, type Json, type JsonObject } from '../domain/json.ts';
import { canonicalJson } from '../domain/resource-difference.ts';
import { childArmId } from '../domain/workspace-id.ts';
import { UserError } from '../errors.ts';
import type { AssetPlace, Resource } from '../ports.ts';
import {
  assetsOf,
  contentOf,
  copyContent,
  idOf,
  ownAsset,
  pathOf,
  placeText,
  requireSame,
  writableProperties,
  type AssetVersion,
} from './asset-place.ts';
import { uploadPlace } from './registry-upload.ts';
import type { OperationAgent } from './task-context.ts';

export interface TakenAsset {
  readonly collection: string;
  readonly name: string;
  readonly version: string;
  /** In the target. */
  readonly id: string;
  readonly change: 'create' | 'unchanged';
}

/** Two places, and what has been taken along so far, by its id in the source. */
export interface Transfer {
  readonly agent: OperationAgent;
  readonly source: AssetPlace;
  readonly target: AssetPlace;
  readonly taken: Map<string, TakenAsset>;
}

/** Takes one asset along, with everything it refers to. Throws UserError when it is missing, or another one is in its place. */
export async function takeAlong(transfer: Transfer, asset: AssetVersion): Promise<TakenAsset> {
  const { agent, source, target, taken } = transfer;
  const sourceId = idOf(source, asset);
  const known = taken.get(sourceId);
  if (known !== undefined) return known;
  const original = await assetsOf(source).get(pathOf(asset), { signal: agent.signal });
  if (original === undefined) {
    throw new UserError(`There is no ${singular(asset)} ${asset.name}:${asset.version} in ${placeText(source)}.`);
  }
  const existing = await assetsOf(target).get(pathOf(asset), { signal: agent.signal });
  const change = await bring(transfer, asset, original, existing);
  const result = { ...asset, id: textAt(existing, 'id') ?? idOf(target, asset), change };
  taken.set(sourceId, result);
  agent.log.info(
    `${singular(asset)} ${asset.name}:${asset.version}: ${change === 'create' ? 'taken along' : 'there already, the same'}`,
  );
  return result;
}

async function bring(
  transfer: Transfer,
  asset: AssetVersion,
  original: Resource,
  existing: Resource | undefined,
): Promise<TakenAsset['change']> {
  switch (asset.collection) {
    case 'codes':
      return bringCode(transfer, asset, original, existing);
    case 'components':
      return bringComponent(transfer, asset, original, existing);
    case 'environments':
      return bringEnvironment(transfer, asset, original, existing);
    default:
      throw new Error(`${asset.collection} are not taken along.`);
  }
}

async function bringCode(
  { agent, source, target }: Transfer,
  asset: AssetVersion,
  original: Resource,
  existing: Resource | undefined,
): Promise<TakenAsset['change']> {
  const content = await contentOf(agent, source, asset, textAt(original, 'properties', 'codeUri') ?? '');
  if (existing !== undefined) {
    const there = await contentOf(agent, target, asset, textAt(existing, 'properties', 'codeUri') ?? '');
    requireSame(content.files, there.files, target, asset);
    return 'unchanged';
  }
  const codeUri = await copyContent(agent, content, target, asset);
  await put(agent, target, asset, { ...writableProperties(original), codeUri });
  return 'create';
}

async function bringComponent(
  transfer: Transfer,
  asset: AssetVersion,
  original: Resource,
  existing: Resource | undefined,
): Promise<TakenAsset['change']> {
  const { agent, target } = transfer;
  const spec = await withTargetReferences(transfer, at(original, 'properties', 'componentSpec') ?? {});
  if (existing !== undefined) {
    requireEqual(transfer, asset, comparable(spec), comparable(at(existing, 'properties', 'componentSpec') ?? {}));
    return 'unchanged';
  }
  await put(agent, target, asset, { ...writableProperties(original), componentSpec: spec });
  return 'create';
}

/** What the service itself puts into a spec, or people may change, does not make another component. */
function comparable(spec: Json): Json {
  if (!isJsonObject(spec)) return spec;
  const free = ['$schema', '_source', 'description', 'display_name', 'name', 'tags', 'version'];
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !free.includes(name)));
}

/** Members that name a compute; a registry has none. */
const COMPUTE = /^(compute|computeId|default_compute)$/;

/** The same value with everything of the source taken along and referred to in the target. */
async function withTargetReferences(transfer: Transfer, value: Json): Promise<Json> {
  if (typeof value === 'string') return targetReference(transfer, value);
  if (Array.isArray(value)) {
    const items: Json[] = [];
    for (const item of value as readonly Json[]) items.push(await withTargetReferences(transfer, item));
    return items;
  }
  if (!isJsonObject(value)) return value;
  const members: [string, Json][] = [];
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined || (COMPUTE.test(name) && transfer.target.kind === 'registry')) continue;
    members.push([name, await withTargetReferences(transfer, member)]);
  }
  return Object.fromEntries(members);
}

async function targetReference(transfer: Transfer, text: string): Promise<string> {
  const { source, target } = transfer;
  const asset = ownAsset(source, text);
  if (asset !== undefined && asset.collection !== 'data' && asset.collection !== 'models') {
    const { id } = await takeAlong(transfer, asset);
    return text.startsWith('azureml:/sub') && !id.startsWith('azureml:') ? `azureml:${id}` : id;
  }
  if (source.kind !== 'workspace' || target.kind !== 'workspace') return text;
  return text.replace(childArmId(source.workspace.id), childArmId(target.workspace.id));
}

async function bringEnvironment(
  transfer: Transfer,
  asset: AssetVersion,
  original: Resource,
  existing: Resource | undefined,
): Promise<TakenAsset['change']> {
  const { agent, source, target } = transfer;
  const contextUri = textAt(original, 'properties', 'build', 'contextUri');
  if (existing !== undefined) requireEqual(transfer, asset, definition(original), definition(existing));
  const content = contextUri === undefined ? undefined : await contentOf(agent, source, asset, contextUri);
  if (existing !== undefined) {
    const theirs = textAt(existing, 'properties', 'build', 'contextUri');
    if (content !== undefined && theirs !== undefined) {
      requireSame(content.files, (await contentOf(agent, target, asset, theirs)).files, target, asset);
    }
    return 'unchanged';
  }
  const properties = writableProperties(original);
  if (content === undefined) {
    // The service wants to be asked for a place first, whether or not there is something to upload.
    if (target.kind === 'registry') {
      await uploadPlace({ agent, registry: target.registry }, 'environments', asset.name, asset.version);
    }
    await put(agent, target, asset, properties);
    return 'create';
  }
  const build = isJsonObject(properties.build) ? properties.build : {};
  const uri = await copyContent(agent, content, target, asset);
  await put(agent, target, asset, { ...properties, build: { ...build, contextUri: uri } });
  return 'create';
}

/** What an environment is made of, apart from where its build context lies. */
function definition(environment: Resource): JsonObject {
  const of = (...path: readonly string[]): Json => at(environment, 'properties', ...path) ?? null;
  const conda = textAt(environment, 'properties', 'condaFile') ?? '';
  return {
    image: of('image'),
    condaFile: conda === '' ? null : (yamlData(conda) ?? conda),
    dockerfilePath: of('build', 'dockerfilePath'),
    inferenceConfig: of('inferenceConfig'),
    osType: of('osType'),
  };
}

function requireEqual({ target }: Transfer, asset: AssetVersion, ours: Json, theirs: Json): void {
  if (canonicalJson(ours) === canonicalJson(theirs)) return;
  throw new UserError(
    `The ${singular(asset)} ${asset.name}:${asset.version} exists already in ${placeText(target)} and is another one. ` +
      'Versions are never overwritten: register it in the source under another version.',
  );
}

async function put(
  agent: OperationAgent,
  place: AssetPlace,
  asset: AssetVersion,
  properties: JsonObject,
): Promise<void> {
  await assetsOf(place).put(pathOf(asset), { properties }, { signal: agent.signal });
}

function singular({ collection }: AssetVersion): string {
  return collection.replace(/s$/, '');
}
