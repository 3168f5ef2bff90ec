/** Runs a job: pre-job steps, the steps, post-job steps in reverse (agent source: JobRunner.cs, JobExtension.cs, StepsRunner.cs). */
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { clockEnvironment, REAL_TIME, virtualDelay } from './clock.ts';
import { endpointSecrets, SYSTEM_CONNECTION, type Endpoint } from './endpoints.ts';
import { installedNodeBinaries } from './handler.ts';
import type { JobRequest } from './job-request.ts';
import { jobFolders, jobVariableValue, predefinedVariables, type JobFolders } from './job-variables.ts';
import { killLeftovers, LOOKUP_VARIABLE } from './leftovers.ts';
import { planSteps, type PlannedStep } from './job-plan.ts';
import { SUMMARY_TYPE, type JobRecord, type StepRecord } from './records.ts';
import { SecretMasker } from './secret-masker.ts';
import { refuseModulesAbove } from './staging.ts';
import type { JobState } from './step-state.ts';
import { runPlannedStep, type JobContext } from './job-steps.ts';
import { mergeResults } from './task-result.ts';
import { Variables } from './variables.ts';

const MINUTE = 60_000;
const DEFAULT_CANCEL_TIMEOUT = 5;

/**
 * Runs a job and says what came of it. What a task does wrong is in the record; rejects only when the job itself cannot
 * be set up (no such task, a work folder below a node_modules).
 */
export async function runJob(request: JobRequest): Promise<JobRecord> {
  refuseModulesAbove(request.folders.work);
  const folders = jobFolders(request);
  await prepareFolders(folders);
  const lookupId = `vsts_${randomUUID()}`;
  request.onStart?.(lookupId);
  const job = createJobState(request, folders, lookupId);
  const plan = await planSteps(request, folders.work);
  const cancellation = watchCancellation(request, job);
  const context: JobContext = {
    request,
    job,
    binaries: request.binaries ?? installedNodeBinaries(),
    agentEnvironment: agentEnvironment(request),
    clock: request.clock ?? REAL_TIME,
    kill: cancellation.kill,
  };
  const steps: StepRecord[] = [];
  const logFiles: string[] = [];
  try {
    for (const planned of plan) {
      if (cancellation.kill.aborted) break;
      const { record, logFile } = await runPlannedStep(planned, context);
      steps.push(record);
      if (logFile !== undefined) logFiles.push(logFile);
      if (record.result === 'Failed' || record.result === 'SucceededWithIssues') {
        setStatus(job, mergeResults(job.status, record.result));
      }
    }
  } finally {
    cancellation.stopWatching();
  }
  const leftovers = job.variables.get('process.clean')?.toLowerCase() === 'false' ? [] : await killLeftovers(lookupId);
  return createRecord(request, job, plan, steps, { leftovers, logFiles });
}

function createRecord(
  request: JobRequest,
  job: JobState,
  plan: readonly PlannedStep[],
  steps: readonly StepRecord[],
  rest: Pick<JobRecord, 'leftovers' | 'logFiles'>,
): JobRecord {
  const outputs: Record<string, JobRecord['outputs'][string]> = {};
  for (const step of steps) {
    for (const [name, value] of Object.entries(step.outputs)) outputs[`${step.name}.${name}`] = value;
  }
  const order = plan.map(({ id }) => id);
  const inOrder = [...steps].sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
  return {
    name: request.name,
    result: job.status ?? 'Succeeded',
    steps,
    outputs,
    summaries: inOrder.flatMap((step) =>
      step.attachments
        .filter(({ type, content }) => type === SUMMARY_TYPE && content !== undefined)
        .map(({ name, content }) => ({
          step: step.displayName,
          title: name,
          markdown: content?.toString('utf8') ?? '',
        })),
    ),
    leaks: inOrder.flatMap(({ displayName, attachments }) =>
      attachments
        .filter(({ holdsSecret }) => holdsSecret)
        .map(({ name }) => `The attachment '${name}' of the step '${displayName}' holds a secret.`),
    ),
    buildNumber: job.buildNumber,
    buildTags: job.buildTags,
    ...rest,
  };
}

async function prepareFolders(folders: JobFolders): Promise<void> {
  await rm(folders.temp, { recursive: true, force: true });
  for (const folder of Object.values(folders) as string[]) await mkdir(folder, { recursive: true });
}

function createJobState(request: JobRequest, folders: JobFolders, lookupId: string): JobState {
  const masker = new SecretMasker(Number(request.environment?.AZP_IGNORE_SECRETS_SHORTER_THAN ?? 0));
  const variables = new Variables((value) => {
    masker.addJobSecret(value);
  });
  const endpoints = jobEndpoints(request);
  for (const endpoint of endpoints) for (const secret of endpointSecrets(endpoint)) masker.add(secret);
  for (const file of request.secureFiles ?? []) masker.add(file.ticket);
  for (const [name, { value, secret }] of Object.entries(predefinedVariables(request, folders, randomUUID()))) {
    variables.set(name, jobVariableValue(name, value), { secret, readOnly: true });
  }
  for (const [name, variable] of Object.entries(request.variables ?? {})) {
    variables.set(name, jobVariableValue(name, variable.value), variable);
  }
  if (request.node === 24) variables.set('DistributedTask.Agent.UseNode24withHandlerData', 'true');
  variables.set(LOOKUP_VARIABLE, lookupId);
  const job: JobState = {
    masker,
    variables,
    endpoints,
    sourcesFolder: folders.sources,
    prependPath: [],
    buildTags: [],
    status: undefined,
    buildNumber: variables.get('Build.BuildNumber') ?? '',
  };
  setStatus(job, undefined);
  return job;
}

/** The given connections and the system's own, which carries the job's access token. */
function jobEndpoints(request: JobRequest): Endpoint[] {
  const given = (request.endpoints ?? []).map((endpoint) => ({ ...endpoint, id: endpoint.id.toLowerCase() }));
  if (request.service === undefined) return given;
  const { collectionUri, accessToken } = request.service;
  return [
    ...given,
    {
      id: SYSTEM_CONNECTION,
      name: SYSTEM_CONNECTION,
      url: collectionUri,
      scheme: 'OAuth',
      parameters: { AccessToken: accessToken },
      data: {},
    },
  ];
}

/** Nothing of the developer's own environment reaches a task but what every program needs. */
function agentEnvironment(request: JobRequest): Record<string, string> {
  const kept = request.container === true ? ['PATH'] : ['PATH', 'HOME', 'TMPDIR', 'LANG'];
  const base = kept.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(base), ...clockEnvironment(request.clock ?? REAL_TIME), ...request.environment };
}

function setStatus(job: JobState, status: JobState['status']): void {
  job.status = status;
  job.variables.set('agent.jobstatus', status ?? 'Succeeded', { readOnly: true });
}

interface Cancellation {
  /** Aborts when the time to clean up after a cancellation is over. */
  readonly kill: AbortSignal;
  readonly stopWatching: () => void;
}

function watchCancellation(request: JobRequest, job: JobState): Cancellation {
  const kill = new AbortController();
  const over = new AbortController();
  const onCancel = (): void => {
    setStatus(job, 'Canceled');
    const minutes = Math.max(request.cancelTimeoutInMinutes ?? DEFAULT_CANCEL_TIMEOUT, 1) + 1;
    virtualDelay(request.clock ?? REAL_TIME, minutes * MINUTE, over.signal).then(
      () => {
        kill.abort();
      },
      () => undefined,
    );
  };
  if (request.cancel?.aborted === true) onCancel();
  else request.cancel?.addEventListener('abort', onCancel, { once: true });
  return {
    kill: kill.signal,
    stopWatching: () => {
      request.cancel?.removeEventListener('abort', onCancel);
      over.abort();
    },
  };
}
