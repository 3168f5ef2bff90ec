/** A run as run history writes it: the whole document, and the details that log streamers read. */
import { regionalHost } from '../clouds.ts';
import type { EmulatorContext } from '../context.ts';
import type { Json, JsonObject } from '../json.ts';
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

/** The run document, keys in recorded order. */
export function runBody(parts: RunBodyParts, run: RunRecord): JsonObject {
  const common = commonMembers(parts, run);
  const cancelUri = cancelUrl(parts, run);
  return {
    runNumber: common.runNumber,
    rootRunId: run.rootId,
    createdUtc: common.created,
    createdBy: common.createdBy,
    userId: run.createdBy,
    token: null,
    tokenExpiryTimeUtc: null,
    error: common.error,
    warnings: common.warnings,
    revision: run.revision,
    statusRevision: run.statusRevision,
    runUuid: run.uuid,
    parentRunUuid: common.parentUuid,
    rootRunUuid: common.rootUuid,
    lastStartTimeUtc: common.lastStart,
    currentComputeTime: common.lastStart === null ? null : '00:00:00',
    computeDuration: common.duration,
    effectiveStartTimeUtc: null,
    lastModifiedBy: common.createdBy,
    lastModifiedUtc: common.modified,
    duration: common.duration,
    cancelationReason: run.cancelReason,
    currentAttemptId: run.kind === 'step' ? null : 1,
    runId: run.id,
    parentRunId: run.parentId,
    experimentId: run.experimentId,
    status: run.status,
    startTimeUtc: common.start,
    endTimeUtc: common.end,
    scheduleId: null,
    displayName: run.displayName,
    name: run.name,
    dataContainerId: common.dataContainerId,
    description: run.description,
    hidden: false,
    runType: runType(run.kind),
    runTypeV2: common.runTypeV2,
    properties: run.properties,
    parameters: {},
    actionUris: { Cancel: cancelUri },
    scriptName: null,
    target: run.target,
    uniqueChildRunComputeTargets: childTargets(parts, run),
    tags: run.tags,
    settings: {},
    services: {},
    inputDatasets: [],
    outputDatasets: [],
    runDefinition: null,
    jobSpecification: null,
    primaryMetricName: null,
    createdFrom: null,
    cancelUri,
    completeUri: null,
    diagnosticsUri: null,
    computeRequest: null,
    compute: null,
    retainForLifetimeOfWorkspace: run.kind === 'step' ? null : false,
    queueingInfo: null,
    inputs: references(run.inputs),
    outputs: references(run.outputs),
  };
}

/** The details document; `logFiles` maps a log's path to a URL that needs no token. */
export function runDetailsBody(
  parts: RunBodyParts,
  run: RunRecord,
  logFiles: Readonly<Record<string, string>>,
): JsonObject {
  const common = commonMembers(parts, run);
  return {
    runId: run.id,
    runUuid: run.uuid,
    parentRunUuid: common.parentUuid,
    rootRunUuid: common.rootUuid,
    target: run.target,
    status: run.status,
    parentRunId: run.parentId,
    dataContainerId: common.dataContainerId,
    createdTimeUtc: common.created,
    startTimeUtc: common.start,
    endTimeUtc: common.end,
    error: common.error,
    warnings: common.warnings,
    tags: run.tags,
    properties: run.properties,
    parameters: {},
    services: {},
    inputDatasets: null,
    outputDatasets: [],
    runDefinition: null,
    logFiles,
    jobCost: {
      chargedCpuCoreSeconds: null,
      chargedCpuMemoryMegabyteSeconds: null,
      chargedGpuSeconds: null,
      chargedNodeUtilizationSeconds: null,
    },
    revision: run.revision,
    runTypeV2: common.runTypeV2,
    settings: {},
    computeRequest: null,
    compute: null,
    createdBy: common.createdBy,
    computeDuration: common.duration,
    effectiveStartTimeUtc: null,
    runNumber: common.runNumber,
    rootRunId: run.rootId,
    experimentId: run.experimentId,
    userId: run.createdBy,
    statusRevision: run.statusRevision,
    currentComputeTime: common.lastStart === null ? null : '00:00:00',
    lastStartTimeUtc: common.lastStart,
    lastModifiedBy: common.createdBy,
    lastModifiedUtc: common.modified,
    duration: common.duration,
    inputs: references(run.inputs),
    outputs: references(run.outputs),
    currentAttemptId: 1,
  };
}

interface CommonMembers {
  readonly runNumber: number;
  readonly created: string;
  readonly modified: string;
  readonly start: string | null;
  readonly end: string | null;
  readonly lastStart: string | null;
  readonly duration: string | null;
  readonly createdBy: JsonObject;
  readonly error: JsonObject | null;
  readonly warnings: Json;
  readonly parentUuid: string | null;
  readonly rootUuid: string;
  readonly dataContainerId: string;
  readonly runTypeV2: JsonObject;
}

function commonMembers({ context, store, workspace }: RunBodyParts, run: RunRecord): CommonMembers {
  const { clock, settings } = context;
  const moment = (time: number | null): string | null => (time === null ? null : clock.iso(time));
  const uuidOf = (id: string | null): string | null =>
    id === null ? null : (store.find(run.workspace, id)?.uuid ?? null);
  const start = run.startedAt ?? (isTerminal(run.status) ? run.createdAt : null);
  return {
    runNumber: Math.floor(run.createdAt / 1000),
    created: clock.iso(run.createdAt),
    modified: clock.iso(run.modifiedAt),
    start: moment(start),
    end: moment(run.endedAt),
    lastStart: isTerminal(run.status) ? null : moment(run.startedAt),
    duration: start === null || run.endedAt === null ? null : formatTimeSpan(run.endedAt - start),
    createdBy: user(run.createdBy, settings.tenantId),
    error: run.error === null ? null : errorMember(run.error, workspace.region),
    warnings: run.warnings.length === 0 ? null : run.warnings.map((warning) => ({ ...warning })),
    parentUuid: uuidOf(run.parentId),
    rootUuid: uuidOf(run.rootId) ?? run.uuid,
    dataContainerId: `dcid.${run.containerOf}`,
    runTypeV2: { ...runTypeV2(run.kind), attribution: null, computeType: null },
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

/** Recorded: azureml.PipelineRun and azureml.StepRun. The word for a command job was not seen. */
function runType(kind: RunKind): string | null {
  switch (kind) {
    case 'pipeline':
      return 'azureml.PipelineRun';
    case 'step':
    case 'stepPipeline':
      return 'azureml.StepRun';
    case 'command':
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
    case 'command':
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
