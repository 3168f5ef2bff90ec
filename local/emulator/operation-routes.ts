/** Where the state of a long-running operation is asked for, by family. */
import { armUrl, type Cloud } from './clouds.ts';
import { gatewayError, mfeError } from './errors.ts';
import type { Incoming, Reply, Route } from './http.ts';
import { OPERATIONS, type OperationRecord, type OperationsParts } from './operations.ts';

/** The polling URLs of all families. */
export function operationRoutes(parts: Pick<OperationsParts, 'cloud' | 'state'>): Route[] {
  const records = parts.state.collection<OperationRecord>(OPERATIONS);
  const find = (request: Incoming): OperationRecord => {
    const record = records.get(request.params.operation ?? '');
    if (record === undefined) {
      throw gatewayError(404, 'NotFound', `Operation '${request.params.operation ?? ''}' was not found.`);
    }
    return record;
  };
  const route = (
    kind: string,
    source: string,
    handle: (request: Incoming, record: OperationRecord) => Reply,
  ): Route => ({
    plane: 'arm',
    method: 'GET',
    path: `/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices/locations/{region}/${kind}/{operation}`,
    evidence: { mark: 'recorded', source },
    handle: (request) => handle(request, find(request)),
  });
  return [
    route('mfeOperationsStatus', 'online_endpoint/create_lro, schedule/create_cron_lro', (_, record) =>
      mfeStatus(record),
    ),
    route('mfeOperationResults', 'job/cancel', (request, record) => mfeResult(parts.cloud, request, record)),
    route('computeOperationsStatus', 'compute/create_amlcompute_lro', (_, record) => shortStatus(record)),
    route('registryOperationsStatus', 'registry/create_get_delete_lro', (request, record) =>
      request.query.get('type') === 'location' ? workspaceResult(parts.cloud, request, record) : shortStatus(record),
    ),
    ...assetOperationRoutes(find),
    route('workspaceOperationsStatus', 'workspace/patch_lro, workspace/diagnose_lro', (request, record) =>
      request.query.get('type') === 'location' ? workspaceResult(parts.cloud, request, record) : shortStatus(record),
    ),
  ];
}

/** Empty 202s until the end; then an environment's is an empty 200, and any other's a 204. */
function assetOperationRoutes(find: (request: Incoming) => OperationRecord): Route[] {
  const route = (service: string, source: string, done: number): Route => ({
    plane: 'regional',
    method: 'GET',
    path: `/${service}/v1.0/operations/{operation}`,
    evidence: { mark: 'recorded', source },
    handle: (request) => {
      const record = find(request);
      if (record.error !== undefined) throw mfeError(400, record.error.code, record.error.message);
      return { status: record.endTime === undefined ? 202 : done };
    },
  });
  return [
    route('environment', 'registry/environment_create_lro', 200),
    route('assetstore', 'registry/model_share_from_workspace_lro', 204),
  ];
}

function mfeStatus(record: OperationRecord): Reply {
  const place = `/subscriptions/${record.subscriptionId}/providers/Microsoft.MachineLearningServices/locations/${record.region}`;
  const ended = record.endTime !== undefined;
  const failure = record.error === undefined ? {} : { error: { ...record.error, details: [] } };
  if (record.family === 'schedule') {
    const status = ended ? record.status : 'Creating';
    const times = ended ? { startTime: record.startTime, endTime: record.endTime } : {};
    const id = `${place}/mfeOperationResults/${record.id}`;
    return { status: 200, body: { id, name: record.id, status, ...times, ...failure } };
  }
  return {
    status: 200,
    body: {
      id: `${place}/mfeOperationsStatus/${record.id}`,
      name: record.id,
      startTime: record.startTime,
      ...(ended && { endTime: record.endTime }),
      percentComplete: ended ? 100 : 0,
      status: ended ? record.status : 'Updating',
      ...failure,
    },
  };
}

function mfeResult(cloud: Cloud, request: Incoming, record: OperationRecord): Reply {
  if (record.endTime !== undefined) return { status: 200 };
  const timeout = record.family === 'jobCancel' ? 'PT1H' : 'PT30M';
  const headers = { Location: sameUrl(cloud, request), 'x-ms-async-operation-timeout': timeout };
  return { status: 202, headers, body: {} };
}

function shortStatus(record: OperationRecord): Reply {
  if (record.endTime === undefined) return { status: 200, body: { status: 'InProgress' } };
  if (record.error !== undefined) return { status: 200, body: { status: 'Failed', error: record.error } };
  return { status: 200, body: { status: 'Succeeded', percentComplete: 100 } };
}

function workspaceResult(cloud: Cloud, request: Incoming, record: OperationRecord): Reply {
  if (record.endTime !== undefined) return { status: 200, body: record.result };
  const location = sameUrl(cloud, request);
  const headers = { Location: location, 'Azure-AsyncOperation': location.replace('type=location', 'type=async') };
  return { status: 202, headers };
}

function sameUrl(cloud: Cloud, request: Incoming): string {
  return `${armUrl(cloud)}${request.path}?${request.query.toString()}`;
}
