/** What becomes of a run's outputs: each an asset, named where the job asks for it, found again by its asset id. */
import { COLLECTIONS, created } from '../arm/resource.ts';
import type { ResourceRecord } from '../arm/resource.ts';
import { WORKSPACE_TYPE } from '../arm/workspace-scope.ts';
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import type { EmulatorContext } from '../context.ts';
import type { JsonObject } from '../json.ts';
import type { PlannedOutput } from './command-plan.ts';
import { ARTIFACT_STORE, artifactFolder, longDatastoreUri, parseDataUri, shortDatastoreUri } from './data-uri.ts';
import type { PlacedOutput } from './job-files.ts';
import type { AssetReference, RunRecord } from './records.ts';
import type { RunStore } from './run-store.ts';

export interface OutputAssetParts {
  readonly context: Pick<EmulatorContext, 'state' | 'clock'>;
  readonly store: RunStore;
  readonly workspace: WorkspaceRecord;
}

const REFERENCE_TYPES: Readonly<Record<string, string>> = {
  uri_folder: 'UriFolder',
  uri_file: 'UriFile',
  mltable: 'MLTable',
  mlflow_model: 'MLFlowModel',
  custom_model: 'CustomModel',
  triton_model: 'TritonModel',
};

/** Type of a data reference as run history spells it. */
export const referenceType = (type: string): string => REFERENCE_TYPES[type] ?? 'UriFolder';

/** Registers the outputs and returns what run history says of them, `default` first. */
export function outputReferences(
  parts: OutputAssetParts,
  run: RunRecord,
  placed: readonly PlacedOutput[],
): Readonly<Record<string, AssetReference>> {
  const references: Record<string, AssetReference> = { default: defaultReference(parts, run) };
  for (const output of placed) references[output.name] = registerOutput(parts, run, output);
  return references;
}

/** The output every run has: its folder in the artifact store. */
export function defaultReference(parts: OutputAssetParts, run: RunRecord): AssetReference {
  const uri = shortDatastoreUri(ARTIFACT_STORE, `${artifactFolder(run.containerOf)}/`);
  return keep(parts, unnamedAssetId(parts.workspace, run, 'default', 'uri_folder'), 'UriFolder', uri);
}

function registerOutput(parts: OutputAssetParts, run: RunRecord, { name, output, uri }: PlacedOutput): AssetReference {
  const type = referenceType(output.type);
  if (output.assetName === undefined) {
    return keep(parts, unnamedAssetId(parts.workspace, run, name, output.type), type, uri);
  }
  const kind = kindOf(output.type);
  const version = output.assetVersion ?? nextVersion(parts, kind, output.assetName);
  putAsset(parts, run, output, output.assetName, version, uri);
  return keep(parts, `${assetBase(parts.workspace)}/${kind}/${output.assetName}/versions/${version}`, type, uri);
}

function keep({ store }: OutputAssetParts, assetId: string, type: string, uri: string): AssetReference {
  store.putOutputAsset({ assetId, type, uri });
  return { assetId, type };
}

function assetBase(workspace: WorkspaceRecord): string {
  return `azureml://locations/${workspace.region}/workspaces/${workspace.workspaceId}`;
}

function unnamedAssetId(workspace: WorkspaceRecord, run: RunRecord, output: string, type: string): string {
  const word = kindOf(type) === 'models' ? 'model' : 'data';
  return `${assetBase(workspace)}/${kindOf(type)}/azureml_${run.id}_output_${word}_${output}/versions/1`;
}

function kindOf(type: string): 'data' | 'models' {
  return type.endsWith('_model') ? 'models' : 'data';
}

/** One more than the highest version that is a number. */
function nextVersion({ context, workspace }: OutputAssetParts, kind: 'data' | 'models', name: string): string {
  const versions = context.state
    .collection<ResourceRecord>(COLLECTIONS[kind])
    .list(`${workspace.id}/${kind}/${name}/versions/`)
    .map(({ value }) => Number(value.name))
    .filter((version) => Number.isInteger(version));
  return String(Math.max(0, ...versions) + 1);
}

function putAsset(
  { context, workspace }: OutputAssetParts,
  run: RunRecord,
  output: PlannedOutput,
  name: string,
  version: string,
  uri: string,
): void {
  const kind = kindOf(output.type);
  const id = `${workspace.id}/${kind}/${name}/versions/${version}`;
  const location = parseDataUri(uri);
  const address =
    location?.kind === 'datastore' ? longDatastoreUri(workspace.id, location.datastore, location.path) : uri;
  const common: JsonObject = { description: null, tags: {}, properties: {}, isArchived: false, isAnonymous: false };
  const specific: JsonObject =
    kind === 'models'
      ? { flavors: {}, modelType: output.type, modelUri: address, jobName: run.id }
      : { dataType: output.type, dataUri: address };
  context.state.collection<ResourceRecord>(COLLECTIONS[kind]).put(id, {
    id,
    name: version,
    type: `${WORKSPACE_TYPE}/${kind}/versions`,
    properties: { ...common, ...specific },
    systemData: created(context.clock, undefined),
  });
}
