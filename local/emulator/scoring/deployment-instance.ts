/** One generation of a deployment: its files, its process and the requests under way; a new PUT makes a new generation. */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import type { EmulatorContext } from '../context.ts';
import { parseDuration } from '../jobs/durations.ts';
import type { RunStore } from '../jobs/run-store.ts';
import { at, objectAt, textAt, type JsonObject } from '../json.ts';
import type { ContainerLog } from './container-log.ts';
import {
  badArgument,
  containerCrashed,
  takeIdentityFailure,
  takeImagePullFailure,
  takeProbeFailure,
  takeScriptFailure,
} from './deployment-faults.ts';
import { downloadDeploymentFiles, FilesMissing, type DeploymentFiles } from './deployment-files.ts';
import {
  ModelServerFailed,
  ModelUnreachable,
  startModelServer,
  type ModelAnswer,
  type ModelServer,
} from './model-server.ts';

export interface DeploymentDescription {
  /** ARM id. */
  readonly id: string;
  readonly workspace: WorkspaceRecord;
  /** As ARM keeps them: codeConfiguration, model, environmentVariables, requestSettings, livenessProbe … */
  readonly properties: JsonObject;
}

export interface ScoringRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** More requests than `2 · maxConcurrentRequestsPerInstance · instances` would be under way. */
export class TooManyPending extends Error {
  override readonly name = 'TooManyPending';
}

export interface DeploymentInstance {
  /** Throws TooManyPending, ModelTimeout or ModelUnreachable. */
  ask(request: ScoringRequest, capacity: number): Promise<ModelAnswer>;
  /** Lets the requests under way end, then ends the process and removes the files. */
  retire(): Promise<void>;
  /** Ends it at once. */
  stop(): Promise<void>;
}

/** How often a server that ends by itself is started again. */
const RESTARTS = 5;
/** Real milliseconds the requests under way get when a new generation takes over. */
const DRAIN_TIME = 5000;

/** Where the instances' files are. */
export const deploymentsFolder = (workFolder: string): string => join(workFolder, 'deployments');

/** Brings an instance up; `signal` gives it up on the way and ends later restarts. Throws OperationFailure in the service's words; the container's log tells more. */
export async function startInstance(
  context: EmulatorContext,
  store: RunStore,
  description: DeploymentDescription,
  log: ContainerLog,
  signal: AbortSignal,
): Promise<DeploymentInstance> {
  const parent = deploymentsFolder(context.workFolder);
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, `${description.id.split('/').at(-1) ?? ''}-`));
  try {
    pullImage(context, description, log);
    const files = await fetchFiles(context, store, description, folder, log);
    const start = (): Promise<ModelServer> => startServer(context, description, files, log, signal);
    const server = await start();
    log.setStep('UserContainerStart', 'Succeeded');
    log.event('ContainerReady', 'Container is ready');
    return runInstance(description.properties, server, start, log, folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw asOperationFailure(error);
  }
}

function pullImage({ faults }: EmulatorContext, { id }: DeploymentDescription, log: ContainerLog): void {
  log.setStep('SystemSetup', 'Succeeded');
  log.setStep('UserContainerImagePull', 'InProgress');
  log.event('Pulling', 'Start pulling container image');
  const failure = takeImagePullFailure(faults, id);
  if (failure !== undefined) {
    log.setStep('UserContainerImagePull', 'Failed');
    log.event('Failed', 'Failed to pull container image: unauthorized or not found', 'Warning');
    throw failure;
  }
  log.setStep('UserContainerImagePull', 'Succeeded');
  log.event('Pulled', 'Container image is pulled successfully');
}

async function fetchFiles(
  context: EmulatorContext,
  store: RunStore,
  { id, workspace, properties }: DeploymentDescription,
  folder: string,
  log: ContainerLog,
): Promise<DeploymentFiles> {
  log.setStep('ModelDownload', 'InProgress');
  log.event('Downloading', 'Start downloading models');
  try {
    const refused = takeIdentityFailure(context.faults, id);
    if (refused !== undefined) throw refused;
    const files = await downloadDeploymentFiles(context, store, workspace, properties, folder, log);
    log.setStep('ModelDownload', 'Succeeded');
    log.event('Downloaded', 'All models are downloaded successfully');
    return files;
  } catch (error) {
    log.setStep('ModelDownload', 'Failed');
    if (error instanceof FilesMissing) log.write('StorageInitializer', `${context.clock.isoZ()} ${error.message}\n`);
    throw error;
  }
}

async function startServer(
  context: EmulatorContext,
  { id, properties }: DeploymentDescription,
  files: DeploymentFiles,
  log: ContainerLog,
  signal: AbortSignal,
): Promise<ModelServer> {
  log.setStep('UserContainerStart', 'InProgress');
  log.event('Created', 'Created container inference-server');
  log.event('Started', 'Started container inference-server');
  const failing = takeScriptFailure(context.faults, id);
  if (failing !== undefined) {
    log.write('InferenceServer', failing);
    throw new ModelServerFailed(3);
  }
  if (takeProbeFailure(context.faults, id)) {
    log.event('Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 502', 'Warning');
    throw new ModelServerFailed(undefined);
  }
  return startModelServer({
    ...files,
    environment: { ...context.childEnvironment, ...textValues(objectAt(properties, 'environmentVariables')) },
    startTimeout: startTimeout(properties),
    onOutput: (text) => {
      log.write('InferenceServer', text);
    },
    signal,
  });
}

/** A started server with its restarts and its count of requests. */
function runInstance(
  properties: JsonObject,
  first: ModelServer,
  start: () => Promise<ModelServer>,
  log: ContainerLog,
  folder: string,
): DeploymentInstance {
  const servers = keepRunning(first, start, log);
  const requests = countRequests();
  const stop = async (): Promise<void> => {
    await servers.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    ask: async (request, capacity) => {
      const server = servers.current();
      if (server === undefined) throw new ModelUnreachable();
      if (requests.pending() >= pendingLimit(properties, capacity)) throw new TooManyPending();
      return requests.during(server.ask({ ...request, timeout: requestTimeout(properties) }));
    },
    retire: async () => {
      await requests.drained();
      await stop();
    },
    stop,
  };
}

interface RunningServers {
  /** Undefined while one that ended is started again, and after it ended too often. */
  current(): ModelServer | undefined;
  stop(): Promise<void>;
}

/** Starts a server again when it ends by itself. */
function keepRunning(first: ModelServer, start: () => Promise<ModelServer>, log: ContainerLog): RunningServers {
  let stopping = false;
  const isStopping = (): boolean => stopping;
  let server: ModelServer | undefined = first;
  const watch = async (): Promise<void> => {
    for (let restarts = 0; server !== undefined; restarts += 1) {
      const code = await server.exited;
      server = undefined;
      if (isStopping() || restarts === RESTARTS) return;
      log.event('BackOff', `Container inference-server exited with ${code}; restarting it`, 'Warning');
      const restarted = await start().catch(() => undefined);
      if (isStopping()) await restarted?.stop();
      else server = restarted;
    }
  };
  const watching = watch();
  return {
    current: () => server,
    stop: async () => {
      stopping = true;
      await server?.stop();
      await watching;
    },
  };
}

interface RequestCount {
  pending(): number;
  /** Counts a request as under way until it has ended. */
  during<T>(request: Promise<T>): Promise<T>;
  /** Resolves when none is under way, or the time to drain has passed. */
  drained(): Promise<void>;
}

function countRequests(): RequestCount {
  let pending = 0;
  let idle: (() => void) | undefined;
  return {
    pending: () => pending,
    during: async (request) => {
      pending += 1;
      try {
        return await request;
      } finally {
        pending -= 1;
        if (pending === 0) idle?.();
      }
    },
    drained: () =>
      new Promise((resolve) => {
        if (pending === 0) resolve();
        else idle = resolve;
        setTimeout(resolve, DRAIN_TIME).unref();
      }),
  };
}

/** The service lets twice as many wait as may run at once. */
function pendingLimit(properties: JsonObject, capacity: number): number {
  const concurrent = at(properties, 'requestSettings', 'maxConcurrentRequestsPerInstance');
  return 2 * (typeof concurrent === 'number' && concurrent > 0 ? concurrent : 1) * Math.max(1, capacity);
}

/** Real milliseconds: a process lives in real time, however fast the emulator's clock runs. */
function requestTimeout(properties: JsonObject): number {
  return durationAt(properties, 'requestSettings', 'requestTimeout') ?? 5000;
}

/** Until the liveness probe would have failed for good. */
function startTimeout(properties: JsonObject): number {
  const failures = at(properties, 'livenessProbe', 'failureThreshold');
  const period = durationAt(properties, 'livenessProbe', 'period') ?? 10_000;
  const delay = durationAt(properties, 'livenessProbe', 'initialDelay') ?? 10_000;
  return delay + period * (typeof failures === 'number' ? failures : 30);
}

function durationAt(properties: JsonObject, ...path: string[]): number | undefined {
  const milliseconds = parseDuration(textAt(properties, ...path) ?? '');
  return milliseconds === undefined || milliseconds <= 0 ? undefined : milliseconds;
}

function textValues(object: JsonObject | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(object ?? {}).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  );
}

function asOperationFailure(error: unknown): unknown {
  if (error instanceof FilesMissing) return badArgument(error.message);
  return error instanceof ModelServerFailed ? containerCrashed() : error;
}
