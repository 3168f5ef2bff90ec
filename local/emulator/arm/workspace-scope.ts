/** The workspace a request is about: its path template, its record, and the ids and places that follow from it. */
import { COLLECTIONS, type SystemData } from './resource.ts';
import type { EmulatorContext } from '../context.ts';
import { parentNotFound } from '../errors.ts';
import type { Incoming } from '../http.ts';
import type { JsonObject } from '../json.ts';

/** Begins every route of a workspace on the arm and regional planes. */
export const WORKSPACE_PATH =
  '/subscriptions/{subscription}/resourceGroups/{resourceGroup}/providers/Microsoft.MachineLearningServices/workspaces/{workspace}';

export const WORKSPACE_TYPE = 'Microsoft.MachineLearningServices/workspaces';

export interface WorkspaceRecord {
  /** ARM id as it was when the workspace was made. */
  readonly id: string;
  readonly name: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  /** The workspace's GUID. */
  readonly workspaceId: string;
  readonly region: string;
  readonly storageAccount: string;
  readonly kind: string;
  readonly tags: JsonObject;
  readonly identity: JsonObject;
  readonly properties: JsonObject;
  readonly systemData: SystemData;
}

/** ARM id of a workspace. */
export function workspaceArmId(subscriptionId: string, resourceGroup: string, name: string): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/${WORKSPACE_TYPE}/${name}`;
}

/** The workspace named by a request's path; undefined when there is none. */
export function findWorkspace(context: Pick<EmulatorContext, 'state'>, request: Incoming): WorkspaceRecord | undefined {
  const { subscription = '', resourceGroup = '', workspace = '' } = request.params;
  return context.state
    .collection<WorkspaceRecord>(COLLECTIONS.workspaces)
    .get(workspaceArmId(subscription, resourceGroup, workspace));
}

/** The same, answering the gateway's 404 for a child of a missing workspace. */
export function workspaceOf(context: Pick<EmulatorContext, 'state'>, request: Incoming): WorkspaceRecord {
  const found = findWorkspace(context, request);
  if (found === undefined) throw parentNotFound(request.params.workspace ?? '');
  return found;
}

/** Where a workspace's default datastores keep their blobs, by name of the datastore; undefined for any other. */
export function defaultContainer(workspace: WorkspaceRecord, datastore: string): string | undefined {
  if (datastore.toLowerCase() === 'workspaceblobstore') return `azureml-blobstore-${workspace.workspaceId}`;
  if (datastore.toLowerCase() === 'workspaceartifactstore') return 'azureml';
  return undefined;
}

/** `api-version` of a request; the server has made sure there is one on the arm plane. */
export function apiVersionOf(request: Incoming): string {
  return request.query.get('api-version') ?? '';
}
