/** The data and model registry services, as far as they tell where the outputs of jobs lie. */
import { COLLECTIONS } from '../arm/resource.ts';
import type { ResourceRecord } from '../arm/resource.ts';
import { WORKSPACE_PATH } from '../arm/workspace-scope.ts';
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import type { EmulatorContext } from '../context.ts';
import type { Evidence, Incoming, Reply, Route } from '../http.ts';
import { asObject, textAt } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { longDatastoreUri, parseDataUri } from '../jobs/data-uri.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { referenceType } from '../jobs/output-assets.ts';
import { regionalWorkspace } from './regional-workspace.ts';

interface Resolved {
  readonly uri: string;
  readonly type: string;
}

export function resolvedUriRoutes(context: EmulatorContext, jobs: Jobs): Route[] {
  const route = (
    path: string,
    evidence: Evidence,
    component: string,
    body: (found: Resolved) => JsonObject,
  ): Route => ({
    plane: 'regional',
    method: 'POST',
    path,
    evidence,
    handle: async (request: Incoming): Promise<Reply> => {
      const workspace = regionalWorkspace(context, request, component);
      const values = asObject(await request.json()).values;
      const asked = (Array.isArray(values) ? (values as readonly Json[]) : []).filter((id) => typeof id === 'string');
      const found = asked.flatMap((id) => {
        const resolved = resolve(context, jobs, workspace, id);
        return resolved === undefined ? [] : [[id, body(resolved)] as const];
      });
      return { status: 200, body: { values: Object.fromEntries(found) } };
    },
  });
  return [
    route(
      `/data/v1.0${WORKSPACE_PATH}/dataversion/batchGetResolvedUris`,
      { mark: 'recorded', source: 'data_plane/batch_get_resolved_uris' },
      'data',
      ({ uri, type }) => ({ uri, type, legacyDatasetType: null }),
    ),
    route(
      `/modelregistry/v1.0${WORKSPACE_PATH}/models/batchGetResolvedUris`,
      { mark: 'guessed', source: 'azure-ai-ml reads the member path' },
      'modelregistry',
      ({ uri }) => ({ path: uri, uri }),
    ),
  ];
}

function resolve(
  { state }: EmulatorContext,
  { store }: Jobs,
  workspace: WorkspaceRecord,
  assetId: string,
): Resolved | undefined {
  const output = store.outputAsset(assetId);
  if (output !== undefined) return { uri: lengthened(workspace, output.uri), type: output.type };
  const asset = parseDataUri(assetId);
  if (asset?.kind !== 'asset') return undefined;
  const id = `${workspace.id}/${asset.type}/${asset.name}/versions/${asset.version}`;
  const properties = state.collection<ResourceRecord>(COLLECTIONS[asset.type]).get(id)?.properties;
  const uri = textAt(properties, asset.type === 'models' ? 'modelUri' : 'dataUri');
  const type = textAt(properties, asset.type === 'models' ? 'modelType' : 'dataType');
  return uri === undefined ? undefined : { uri: lengthened(workspace, uri), type: referenceType(type ?? '') };
}

function lengthened(workspace: WorkspaceRecord, uri: string): string {
  const location = parseDataUri(uri);
  return location?.kind === 'datastore' ? longDatastoreUri(workspace.id, location.datastore, location.path) : uri;
}
