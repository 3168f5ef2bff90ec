/**
 * Long-running operations: how each family announces one, how it is polled, and how it ends. The resource's own state
 * changes in `complete` and `fail`, given by whoever starts the operation.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { armUrl, regionalHost, type Cloud } from './clouds.ts';
import type { Clock } from './clock.ts';
import { EmulatedError } from './errors.ts';
import type { FaultSwitches } from './faults.ts';
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

/** An operation as it is remembered. */
export interface OperationRecord {
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

/** Of the state. */
export const OPERATIONS = 'operations';

export interface OperationsParts {
  readonly cloud: Cloud;
  readonly clock: Clock;
  readonly state: State;
  readonly faults: FaultSwitches;
}

/** The emulator's operations. Those a killed emulator left running are found as Failed after it starts again. */
export function createOperations(parts: OperationsParts): Operations {
  const { clock, faults } = parts;
  const records = parts.state.collection<OperationRecord>(OPERATIONS);
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
