/** A run as run history writes it: the whole document, and the details that log streamers read. */
import { regionalHost } from '../clouds.ts';
import type { EmulatorContext } from '../context.ts';
import type { JsonObject } from '../json.ts';
import { formatTimeSpan } from '../jobs/durations.ts';
import { isTerminal } from '../jobs/records.ts';
import type { AssetReference, RunError, RunKind, RunRecord } from '../jobs/records.ts';
import type { RunStore } from '../jobs/run-store.ts';
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';

export interface RunBodyParts {
  readonly context: Pick<EmulatorContext, 'cloud' | 'clock' | 'settings'>;
  readonly store: RunStore;
  readonly workspace: WorkspaceRecord;
}

/** The run document. */
export function runBody(parts: RunBodyParts, run: RunRecord): JsonObject {
  const cancelUri = cancelUrl(parts, run);
  return {
    ...sharedMembers(parts, run),
    createdUtc: parts.context.clock.iso(run.createdAt),
    token: null,
    tokenExpiryTimeUtc: null,
    cancelationReason: run.cancelReason,
    scheduleId: null,
    displayName: run.displayName,
    name: run.name,
    description: run.description,
    hidden: false,
    runType: runType(run.kind),
    actionUris: { Cancel: cancelUri },
    scriptName: null,
    uniqueChildRunComputeTargets: childTargets(parts, run),
    inputDatasets: [],
    jobSpecification: null,
    primaryMetricName: null,
    createdFrom: null,
    cancelUri,
    completeUri: null,
    diagnosticsUri: null,
    retainForLifetimeOfWorkspace: run.kind === 'step' ? null : false,
    queueingInfo: null,
  };
}

/** The details document; `logFiles` maps a log's path to a URL that needs no token. */
export function runDetailsBody(
  parts: RunBodyParts,
  run: RunRecord,
  logFiles: Readonly<Record<string, string>>,
): JsonObject {
  return {
    ...sharedMembers(parts, run),
    createdTimeUtc: parts.context.clock.iso(run.createdAt),
    inputDatasets: null,
    logFiles,
    jobCost: {
      chargedCpuCoreSeconds: null,
      chargedCpuMemoryMegabyteSeconds: null,
      chargedGpuSeconds: null,
      chargedNodeUtilizationSeconds: null,
    },
  };
}

/** What both documents say of a run. */
function sharedMembers({ context, store, workspace }: RunBodyParts, run: RunRecord): JsonObject {
  const createdBy = user(run.createdBy, context.settings.tenantId);
  const uuidOf = (id: string | null): string | null =>
    id === null ? null : (store.find(run.workspace, id)?.uuid ?? null);
  return {
    runId: run.id,
    runUuid: run.uuid,
    parentRunId: run.parentId,
    parentRunUuid: uuidOf(run.parentId),
    rootRunId: run.rootId,
    rootRunUuid: uuidOf(run.rootId) ?? run.uuid,
    runNumber: Math.floor(run.createdAt / 1000),
    experimentId: run.experimentId,
    dataContainerId: `dcid.${run.containerOf}`,
    target: run.target,
    status: run.status,
    revision: run.revision,
    statusRevision: run.statusRevision,
    createdBy,
    userId: run.createdBy,
    lastModifiedBy: createdBy,
    ...timeMembers(context.clock, run),
    error: run.error === null ? null : errorMember(run.error, workspace.region),
    warnings: run.warnings.length === 0 ? null : run.warnings.map((warning) => ({ ...warning })),
    tags: run.tags,
    properties: run.properties,
    parameters: {},
    settings: {},
    services: {},
    outputDatasets: [],
    runDefinition: null,
    runTypeV2: { ...runTypeV2(run.kind), attribution: null, computeType: null },
    currentAttemptId: run.kind === 'step' ? null : 1,
    computeRequest: null,
    compute: null,
    inputs: references(run.inputs),
    outputs: references(run.outputs),
  };
}

/** A run that never started (a shared result, a failure before it) counts from its creation. */
function timeMembers(clock: EmulatorContext['clock'], run: RunRecord): JsonObject {
  const ended = isTerminal(run.status);
  const start = run.startedAt ?? (ended ? run.createdAt : null);
  const duration = start === null || run.endedAt === null ? null : formatTimeSpan(run.endedAt - start);
  const isGoing = !ended && run.startedAt !== null;
  return {
    startTimeUtc: start === null ? null : clock.iso(start),
    endTimeUtc: run.endedAt === null ? null : clock.iso(run.endedAt),
    lastStartTimeUtc: isGoing ? clock.iso(run.startedAt) : null,
    currentComputeTime: isGoing ? '00:00:00' : null,
    computeDuration: duration,
    effectiveStartTimeUtc: null,
    duration,
    lastModifiedUtc: clock.iso(run.modifiedAt),
  };
}

/** `error` of a run: the shape the data plane's errors have, without a request to correlate with. */
export function errorMember(error: RunError, region: string): JsonObject {
  return {
    error: {
      code: error.code,
      severity: null,
      message: error.message,
      messageFormat: error.message,
      messageParameters: {},
      referenceCode: null,
      detailsUri: null,
      target: error.target ?? null,
      details: [],
      innerError: null,
      debugInfo: null,
      additionalInfo: null,
    },
    correlation: null,
    environment: region,
    location: region,
    time: '0001-01-01T00:00:00+00:00',
    componentName: null,
  };
}

function user(id: string, tenantId: string): JsonObject {
  return {
    userObjectId: id,
    userPuId: null,
    userIdp: null,
    userAltSecId: null,
    userIss: `https://sts.windows.net/${tenantId}/`,
    userTenantId: tenantId,
    userName: id,
    upn: null,
  };
}

/** Recorded: azureml.PipelineRun and azureml.StepRun, and of a sweep the run source. The word for a command job was not seen. */
function runType(kind: RunKind): string | null {
  switch (kind) {
    case 'pipeline':
      return 'azureml.PipelineRun';
    case 'step':
    case 'stepPipeline':
      return 'azureml.StepRun';
    case 'sweep':
      return 'hyperdrive';
    case 'command':
    case 'trial':
      return 'azureml.scriptrun';
    case 'client':
      return null;
  }
}

function runTypeV2(kind: RunKind): JsonObject {
  switch (kind) {
    case 'pipeline':
      return { orchestrator: 'Pipeline', traits: ['azureml.PipelineRun', 'MFE', 'HTTP', 'DevPlatv2'] };
    case 'step':
    case 'stepPipeline':
      return { orchestrator: null, traits: ['azureml.StepRun'] };
    case 'sweep':
      return { orchestrator: 'HyperDrive', traits: ['hyperdrive'] };
    case 'command':
    case 'trial':
      return { orchestrator: 'Execution', traits: ['azureml.scriptrun', 'UserCommand'] };
    case 'client':
      return { orchestrator: null, traits: ['mlflow'] };
  }
}

function cancelUrl({ context, workspace }: RunBodyParts, run: RunRecord): string {
  const scope = `/subscriptions/${workspace.subscriptionId}/resourceGroups/${workspace.resourceGroup}/workspaces/${workspace.name}`;
  const host = regionalHost(context.cloud, workspace.region);
  const path =
    run.kind === 'pipeline' ? `api${scope}/PipelineRuns/${run.id}/cancel` : `apiv2${scope}/runs/${run.id}/Cancel`;
  return `https://${host}/studioservice/${path}`;
}

function childTargets({ store }: RunBodyParts, run: RunRecord): string[] {
  if (run.kind !== 'pipeline') return [];
  return [...new Set(store.children(run).flatMap(({ target }) => (target === null ? [] : [target])))];
}

function references(all: Readonly<Record<string, AssetReference>>): JsonObject {
  return Object.fromEntries(Object.entries(all).map(([name, reference]) => [name, { ...reference }]));
}
