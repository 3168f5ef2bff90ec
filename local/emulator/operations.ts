/**
 * Long-running operations: how each family announces one, how it is polled, and how it ends. The resource's own state
 * changes in `complete` and `fail`, given by whoever starts the operation.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { armUrl, regionalHost, type Cloud } from './clouds.ts';
import type { Clock } from './clock.ts';
import { EmulatedError, gatewayError, mfeError } from './errors.ts';
import type { FaultSwitches } from './faults.ts';
import type { Incoming, Reply, Route } from './http.ts';
import { textAt, type Json } from './json.ts';
import type { State } from './state.ts';

/**
 * Who runs the operation. The services behind endpoints, deployments and schedules share one style (`mfeOperations…`)
 * and differ in the prefix of their ids and in the word while running.
 */
export type OperationFamily =
  | 'onlineEndpoint'
  | 'onlineDeployment'
  | 'batchEndpoint'
  | 'batchDeployment'
  | 'schedule'
  | 'jobCancel'
  | 'compute'
  | 'workspace'
  | 'workspaceResult'
  | 'registry'
  | 'registryAsset'
  | 'registryEnvironment';

/** The kind of request that starts it; a DELETE's Location leads to results, a PUT's to the resource. */
export type OperationVerb = 'put' | 'delete' | 'post';

export interface OperationError {
  readonly code: string;
  readonly message: string;
}

/** Thrown by `complete`: the operation ends as Failed with this error. */
export class OperationFailure extends Error {
  override readonly name = 'OperationFailure';
  readonly error: OperationError;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.error = { code, message };
  }
}

export interface OperationRequest {
  readonly family: OperationFamily;
  readonly verb: OperationVerb;
  /** The resource's ARM id: fault switches are matched with it, and a PUT's Location leads to it. */
  readonly target: string;
  readonly subscriptionId: string;
  readonly region: string;
  /** The workspace's GUID, part of the ids of the managementfrontend's operations. */
  readonly workspaceId: string;
  readonly apiVersion: string;
  /** Virtual milliseconds before `complete` is called. */
  readonly durationMs: number;
  /** The last part of the operation's id where it is not arbitrary: the job's name for a cancel. */
  readonly suffix?: string;
  /** Puts the resource into its final state; may itself take time. What it returns is the result of a POST. */
  readonly complete: () => Json | undefined | Promise<Json | undefined>;
  /** Puts the resource into its failed state. Called when `complete` throws, or when a fault rule makes it fail. */
  readonly fail?: (error: OperationError) => void;
}

export interface StartedOperation {
  readonly id: string;
  /** Headers of the first answer, for 201 and 202 alike. */
  readonly headers: Readonly<Record<string, string>>;
  /** Settles when the operation has ended, well or not; never rejects. */
  readonly done: Promise<void>;
}

export interface Operations {
  start(request: OperationRequest): StartedOperation;
  /** The error an operation ended with, if it did. */
  error(id: string): OperationError | undefined;
}

interface OperationRecord {
  readonly id: string;
  readonly family: OperationFamily;
  readonly subscriptionId: string;
  readonly region: string;
  readonly startTime: string;
  readonly status: 'Running' | 'Succeeded' | 'Failed';
  readonly endTime?: string;
  readonly error?: OperationError;
  readonly result?: Json;
}

const PREFIXES: Partial<Record<OperationFamily, string>> = {
  onlineEndpoint: 'oe',
  onlineDeployment: 'od',
  batchEndpoint: 'be',
  batchDeployment: 'bd',
  schedule: 's',
  jobCancel: 'jc',
};

const COLLECTION = 'operations';

export interface OperationsParts {
  readonly cloud: Cloud;
  readonly clock: Clock;
  readonly state: State;
  readonly faults: FaultSwitches;
}

/** The emulator's operations. Those a killed emulator left running are found as Failed after it starts again. */
export function createOperations(parts: OperationsParts): Operations {
  const { clock, faults } = parts;
  const records = parts.state.collection<OperationRecord>(COLLECTION);
  for (const { key, value } of records.list()) {
    if (value.status !== 'Running') continue;
    records.put(key, { ...value, status: 'Failed', endTime: clock.iso(), error: INTERRUPTED });
  }

  const finish = (id: string, end: Partial<OperationRecord>): void => {
    records.update(id, (record) => ({ ...record, ...end, endTime: clock.iso() }));
  };
  const failWith = (id: string, request: OperationRequest, error: OperationError): void => {
    request.fail?.(error);
    finish(id, { status: 'Failed', error });
  };

  const run = async (id: string, request: OperationRequest): Promise<void> => {
    await clock.sleep(request.durationMs);
    while (faults.isSet('stuckOperation', request.target)) await clock.sleep(STUCK_CHECK);
    const failing = faults.take('failOperation', request.target);
    if (failing !== undefined) {
      const code = textAt(failing.parameters, 'code') ?? 'ResourceNotReady';
      failWith(id, request, { code, message: textAt(failing.parameters, 'message') ?? DEFAULT_FAILURE });
      return;
    }
    try {
      const result = await request.complete();
      finish(id, { status: 'Succeeded', ...(result !== undefined && { result }) });
    } catch (error) {
      failWith(id, request, describe(error));
    }
  };

  return {
    start: (request) => {
      const id = operationId(request);
      const { family, subscriptionId, region } = request;
      records.put(id, { id, family, subscriptionId, region, startTime: clock.iso(), status: 'Running' });
      return { id, headers: announce(parts.cloud, id, request), done: run(id, request) };
    },
    error: (id) => records.get(id)?.error,
  };
}

const INTERRUPTED: OperationError = { code: 'OperationInterrupted', message: 'The emulator was stopped meanwhile.' };
const DEFAULT_FAILURE =
  'User container has crashed or terminated. Please see troubleshooting guide, available here: https://aka.ms/oe-tsg#error-resourcenotready';
/** How often a stuck operation looks whether it may go on, in virtual milliseconds. */
const STUCK_CHECK = 1000;

function describe(error: unknown): OperationError {
  if (error instanceof OperationFailure) return error.error;
  if (error instanceof EmulatedError) return { code: error.description.code, message: error.description.message };
  return { code: 'InternalServerError', message: error instanceof Error ? error.message : String(error) };
}

function operationId(request: OperationRequest): string {
  const prefix = PREFIXES[request.family];
  if (prefix !== undefined) {
    // A schedule's id is no GUID but 32 bytes in base64url.
    const arbitrary = request.family === 'schedule' ? randomBytes(32).toString('base64url') : randomUUID();
    return `${prefix}:${request.workspaceId}:${request.suffix ?? arbitrary}`;
  }
  return request.family === 'workspace' ? randomBytes(32).toString('base64url') : randomUUID();
}

function locationBase(cloud: Cloud, subscriptionId: string, region: string): string {
  return `${armUrl(cloud)}/subscriptions/${subscriptionId}/providers/Microsoft.MachineLearningServices/locations/${region}`;
}

/** The headers that tell a client where to poll: one recipe a family. */
function announce(cloud: Cloud, id: string, request: OperationRequest): Record<string, string> {
  const base = locationBase(cloud, request.subscriptionId, request.region);
  const version = `api-version=${request.apiVersion}`;
  const workspaceStatus = `${base}/workspaceOperationsStatus/${id}?${version}`;
  const mfeResults = `${base}/mfeOperationResults/${id}?${version}`;
  switch (request.family) {
    case 'compute':
      return { 'Azure-AsyncOperation': `${base}/computeOperationsStatus/${id}?${version}&service=new` };
    case 'workspace':
      return {
        'Azure-AsyncOperation': `${workspaceStatus}&type=async`,
        Location: `${workspaceStatus}&type=location`,
      };
    case 'workspaceResult':
      return { Location: `${workspaceStatus}&type=location` };
    case 'registry': {
      const url = `${base}/registryOperationsStatus/${id}?${version}`;
      return { 'Azure-AsyncOperation': `${url}&type=async`, Location: `${url}&type=location` };
    }
    case 'registryAsset':
    case 'registryEnvironment':
      return assetOperation(cloud, id, request);
    case 'jobCancel':
      return { Location: mfeResults, 'x-ms-async-operation-timeout': 'PT1H' };
    case 'onlineEndpoint':
    case 'onlineDeployment':
    case 'batchEndpoint':
    case 'batchDeployment':
    case 'schedule':
      return {
        'Azure-AsyncOperation': `${base}/mfeOperationsStatus/${id}?${version}`,
        Location: request.verb === 'put' ? `${armUrl(cloud)}${request.target}?${version}` : mfeResults,
        'x-ms-async-operation-timeout': 'PT30M',
      };
  }
}

/** The services of a registry's assets follow their operations themselves, on the region's host. */
function assetOperation(cloud: Cloud, id: string, { family, region }: OperationRequest): Record<string, string> {
  const service = family === 'registryEnvironment' ? 'environment' : 'assetstore';
  const Location = `https://${regionalHost(cloud, region)}/${service}/v1.0/operations/${id}`;
  return { Location, 'x-ms-async-operation-timeout': 'PT1H' };
}

/** The polling URLs of all families. */
export function operationRoutes(parts: Pick<OperationsParts, 'cloud' | 'state'>): Route[] {
  const records = parts.state.collection<OperationRecord>(COLLECTION);
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
