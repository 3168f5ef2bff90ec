/** One generation of a deployment: its files, its process and the requests under way; a new PUT makes a new generation. */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import type { EmulatorContext } from '../context.ts';
import { parseDuration } from '../jobs/durations.ts';
import type { RunStore } from '../jobs/run-store.ts';
import { at, objectAt, textAt, type JsonObject } from '../json.ts';
import { OperationFailure } from '../operations.ts';
import type { ContainerLog } from './container-log.ts';
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

/** Brings an instance up; `signal` gives it up on the way and ends later restarts. Throws OperationFailure in the service's words; the container's log tells more. */
export async function startInstance(
  context: EmulatorContext,
  store: RunStore,
  description: DeploymentDescription,
  log: ContainerLog,
  signal: AbortSignal,
): Promise<DeploymentInstance> {
  const parent = join(context.workFolder, 'deployments');
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
  if (faults.take('imagePullFailure', id) !== undefined) {
    log.setStep('UserContainerImagePull', 'Failed');
    log.event('Failed', 'Failed to pull container image: unauthorized or not found', 'Warning');
    throw new OperationFailure(
      'BadArgument',
      'Unable to download user container image during deployment creation. Please see troubleshooting guide, available here: https://aka.ms/oe-tsg#error-badargument',
    );
  }
  log.setStep('UserContainerImagePull', 'Succeeded');
  log.event('Pulled', 'Container image is pulled successfully');
}

async function fetchFiles(
  context: EmulatorContext,
  store: RunStore,
  { workspace, properties }: DeploymentDescription,
  folder: string,
  log: ContainerLog,
): Promise<DeploymentFiles> {
  log.setStep('ModelDownload', 'InProgress');
  log.event('Downloading', 'Start downloading models');
  try {
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
  const failing = context.faults.take('scoringScriptFailure', id);
  if (failing !== undefined) {
    const reason = textAt(failing.parameters, 'message') ?? 'RuntimeError: injected failure of init()';
    log.write('InferenceServer', `E [1] azmlinfsrv - User's init function failed\n${reason}\n`);
    throw new ModelServerFailed(3);
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

/** A started server with its count of requests and its restarts. */
function runInstance(
  properties: JsonObject,
  first: ModelServer,
  start: () => Promise<ModelServer>,
  log: ContainerLog,
  folder: string,
): DeploymentInstance {
  let server: ModelServer | undefined = first;
  let stopped = false;
  let pending = 0;
  let idle: (() => void) | undefined;

  const watch = async (current: ModelServer): Promise<void> => {
    let running = current;
    for (let restart = 0; restart < RESTARTS; restart += 1) {
      const code = await running.exited;
      server = undefined;
      if (isStopped()) return;
      log.event('BackOff', `Container inference-server exited with ${code}; restarting it`, 'Warning');
      try {
        running = await start();
      } catch {
        return;
      }
      if (isStopped()) return running.stop();
      server = running;
    }
    await running.exited;
    server = undefined;
  };
  const isStopped = (): boolean => stopped;
  const watching = watch(first);

  const stop = async (): Promise<void> => {
    stopped = true;
    await server?.stop();
    await watching;
    await rm(folder, { recursive: true, force: true });
  };
  const drained = (): Promise<void> =>
    new Promise((resolve) => {
      if (pending === 0) resolve();
      else idle = resolve;
      setTimeout(resolve, DRAIN_TIME).unref();
    });

  return {
    ask: async (request, capacity) => {
      if (server === undefined) throw new ModelUnreachable();
      if (pending >= pendingLimit(properties, capacity)) throw new TooManyPending();
      pending += 1;
      try {
        return await server.ask({ ...request, timeout: requestTimeout(properties) });
      } finally {
        pending -= 1;
        if (pending === 0) idle?.();
      }
    },
    retire: async () => {
      await drained();
      await stop();
    },
    stop,
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
  if (error instanceof FilesMissing) {
    return new OperationFailure(
      'BadArgument',
      `${error.message} Please see troubleshooting guide, available here: https://aka.ms/oe-tsg#error-badargument`,
    );
  }
  if (error instanceof ModelServerFailed) {
    return new OperationFailure(
      'ResourceNotReady',
      'User container has crashed or terminated: Liveness probe failed: HTTP probe failed with statuscode: 502. Please see troubleshooting guide, available here: https://aka.ms/oe-tsg#error-resourcenotready',
    );
  }
  return error;
}
