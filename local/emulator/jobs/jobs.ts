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
import { pipelineProperties } from './pipeline-properties.ts';
import { isTerminal } from './records.ts';
import type { AssetReference, JobRecord, RunRecord } from './records.ts';
import { createRunControl } from './run-control.ts';
import { openRunStore } from './run-store.ts';
import type { NewRun, RunStore } from './run-store.ts';
import { createSlots } from './slots.ts';

export interface Jobs {
  readonly store: RunStore;
  /** Starts a job that does not exist yet and returns its run as it is at first. Throws what the service answers. */
  submit(workspace: WorkspaceRecord, job: JobRecord, apiVersion: string): RunRecord;
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

  const submit: Jobs['submit'] = (workspace, job, apiVersion) => {
    const experimentName = textAt(job.body, 'experimentName') ?? 'Default';
    const common = { context, store, workspace, experimentName, slots };
    const isPipeline = job.jobType === 'Pipeline';
    // First of all: what cannot be planned leaves nothing behind.
    const plan = isPipeline ? planPipeline({ state: context.state, workspace }, job.body) : undefined;
    const added = plan === undefined ? {} : pipelineProperties(job.body, plan);
    const head = newRun(workspace, job);
    const run = store.create({
      ...head,
      kind: isPipeline ? 'pipeline' : 'command',
      status: isPipeline ? 'NotStarted' : 'Starting',
      experimentId: store.experiment(workspace.id, experimentName).id,
      properties: { ...head.properties, ...(apiKeys(apiVersion).pipelineStartsEmpty ? {} : added) },
    });
    store.putJob(workspace.id, job);
    return start(run, (signal) =>
      plan === undefined
        ? runLifecycle(common, run, planOfJob(job), signal)
        : runPipeline({ ...common, control, runInner: runPipeline }, run, plan, signal, added),
    );
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

/** What every job's run has from the start. */
function newRun(
  workspace: WorkspaceRecord,
  { name, jobType, body, createdBy }: JobRecord,
): Omit<NewRun, 'experimentId' | 'kind' | 'status'> {
  const compute = textAt(body, 'computeId');
  const codeId = textAt(body, 'codeId');
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
