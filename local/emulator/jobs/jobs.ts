/** The jobs of an emulator: submit one and it runs. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import type { EmulatorContext } from '../context.ts';
import { asObject, textAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { stableGuid } from '../settings.ts';
import { apiKeys } from './api-keys.ts';
import { runLifecycle } from './command-lifecycle.ts';
import { planOfJob, textMembers } from './command-plan.ts';
import { referenceType } from './output-assets.ts';
import { runPipeline } from './pipeline-lifecycle.ts';
import { lastSegment, planPipeline } from './pipeline-plan.ts';
import type { PipelinePlan } from './pipeline-plan.ts';
import { pipelineProperties } from './pipeline-properties.ts';
import { isTerminal } from './records.ts';
import type { AssetReference, JobRecord, RunRecord } from './records.ts';
import { createRunControl } from './run-control.ts';
import { openRunStore } from './run-store.ts';
import type { NewRun, RunStore } from './run-store.ts';
import type { PipelineParts } from './run-step.ts';
import { createSlots } from './slots.ts';
import { runSweep } from './sweep-lifecycle.ts';
import { planSweepJob } from './sweep-plan.ts';
import { sweepProperties, sweepTags } from './sweep-properties.ts';

export interface Jobs {
  readonly store: RunStore;
  /**
   * Starts a job that does not exist yet and returns its run as it is at first. Throws what the service answers.
   *
   * @param planned the graph of a pipeline whose body does not say it: an invocation of a batch endpoint
   */
  submit(workspace: WorkspaceRecord, job: JobRecord, apiVersion: string, planned?: PipelinePlan): RunRecord;
  /** Asks a job or a step to end; the reason is what run history shows. */
  cancel(run: RunRecord, reason: string | null): void;
  /** Resolves when the run has ended. */
  ended(run: RunRecord): Promise<void>;
}

/** How many commands run at once: the nodes of the cluster. */
const NODES = 4;
/** How often `ended` looks, in virtual milliseconds. */
const END_CHECK = 500;

/** The jobs of this emulator; their processes end with it. */
export function startJobs(context: EmulatorContext): Jobs {
  warnWithoutPython(context.childEnvironment.PATH ?? '');
  const store = openRunStore(context);
  const control = createRunControl(store);
  const slots = createSlots(NODES);
  context.onClose(() => control.close());

  const start = (run: RunRecord, work: (signal: AbortSignal) => Promise<RunRecord>): RunRecord => {
    control.during(run, undefined, work).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      store.change(run, { status: 'Failed', error: { code: 'ServiceError', message } });
    });
    return run;
  };

  const submit: Jobs['submit'] = (workspace, job, apiVersion, planned) => {
    const experimentName = textAt(job.body, 'experimentName') ?? 'Default';
    const common = { context, store, workspace, experimentName, slots };
    // First of all: what cannot be planned leaves nothing behind.
    const parts = { ...common, control, runInner: runPipeline };
    const work = planned === undefined ? planWork(parts, job, apiVersion) : pipelineWork(parts, planned, {}, true);
    const head = newRun(workspace, job);
    const run = store.create({
      ...head,
      kind: work.kind,
      status: work.status,
      experimentId: store.experiment(workspace.id, experimentName).id,
      tags: { ...head.tags, ...work.tags },
      properties: { ...head.properties, ...work.properties },
    });
    store.putJob(workspace.id, job);
    return start(run, (signal) => work.run(run, signal));
  };

  return {
    store,
    submit,
    cancel: (run, reason) => {
      control.cancel(run, reason);
    },
    ended: async (run) => {
      for (;;) {
        const now = store.find(run.workspace, run.id);
        if (now === undefined || isTerminal(now.status)) return;
        await context.clock.sleep(END_CHECK);
      }
    },
  };
}

/** What a job of its type begins as, and how it is run. */
interface Work extends Pick<NewRun, 'kind' | 'status' | 'tags' | 'properties'> {
  readonly run: (run: RunRecord, signal: AbortSignal) => Promise<RunRecord>;
}

function planWork(parts: PipelineParts, job: JobRecord, apiVersion: string): Work {
  switch (job.jobType) {
    case 'Pipeline': {
      const plan = planPipeline({ state: parts.context.state, workspace: parts.workspace }, job.body);
      const added = pipelineProperties(job.body, plan);
      return pipelineWork(parts, plan, added, apiKeys(apiVersion).pipelineStartsEmpty);
    }
    case 'Sweep': {
      const plan = planSweepJob(job.body);
      return {
        kind: 'sweep',
        status: 'Running',
        tags: sweepTags(plan),
        properties: sweepProperties(plan),
        run: (run, signal) => runSweep(parts, run, plan, signal),
      };
    }
    case 'Command':
      return {
        kind: 'command',
        status: 'Starting',
        run: (run, signal) => runLifecycle(parts, run, planOfJob(job), signal),
      };
  }
}

/** `added` are properties the run gets when it starts, or when it is made where it does not start empty. */
function pipelineWork(
  parts: PipelineParts,
  plan: PipelinePlan,
  added: Readonly<Record<string, string>>,
  startsEmpty: boolean,
): Work {
  return {
    kind: 'pipeline',
    status: 'NotStarted',
    properties: startsEmpty ? {} : added,
    run: (run, signal) => runPipeline(parts, run, plan, signal, added),
  };
}

/** What every job's run has from the start. */
function newRun(
  workspace: WorkspaceRecord,
  { name, jobType, body, createdBy }: JobRecord,
): Omit<NewRun, 'experimentId' | 'kind' | 'status'> {
  const compute = textAt(body, 'computeId');
  const codeId = textAt(body, 'codeId') ?? textAt(body, 'trial', 'codeId');
  return {
    workspace: workspace.id,
    id: name,
    displayName: textAt(body, 'displayName') ?? name,
    description: textAt(body, 'description') ?? null,
    createdBy,
    tags: textMembers(body.tags),
    properties: {
      ...textMembers(body.properties),
      ...(jobType === 'Command' && { '_azureml.ComputeTargetType': 'amlctrain' }),
      ...(codeId !== undefined && { ContentSnapshotId: stableGuid(codeId) }),
    },
    target: compute === undefined ? null : lastSegment(compute),
    inputs: inputReferences(workspace, asObject(body.inputs)),
  };
}

/** The inputs that are registered assets, as run history names them. */
function inputReferences(workspace: WorkspaceRecord, inputs: JsonObject): Record<string, AssetReference> {
  const base = `azureml://locations/${workspace.region}/workspaces/${workspace.workspaceId}`;
  const references: Record<string, AssetReference> = {};
  for (const [name, input] of Object.entries(inputs)) {
    const [asset] = /(?:data|models)\/[^/]+\/versions\/[^/]+$/i.exec(textAt(input, 'uri') ?? '') ?? [];
    const type = referenceType(textAt(input, 'jobInputType') ?? '');
    if (asset !== undefined) references[name] = { assetId: `${base}/${asset}`, type };
  }
  return references;
}

function warnWithoutPython(searchPath: string): void {
  const isThere = searchPath.split(delimiter).some((folder) => existsSync(join(folder, 'python3')));
  if (!isThere) process.stderr.write('python3 is not on the search path: jobs are accepted but cannot run.\n');
}
