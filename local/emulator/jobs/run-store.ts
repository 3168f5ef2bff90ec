/** The runs and experiments of all workspaces, and what they tracked; kept in the emulator's state. */
import { randomUUID } from 'node:crypto';
import type { EmulatorContext } from '../context.ts';
import { stableGuid } from '../settings.ts';
import { isTerminal } from './records.ts';
import type {
  AssetReference,
  ExperimentRecord,
  JobRecord,
  MetricPoint,
  OutputAssetRecord,
  RunKind,
  RunRecord,
  RunStatus,
  TrackingRecord,
} from './records.ts';

export interface NewRun {
  readonly workspace: string;
  readonly id: string;
  readonly kind: RunKind;
  readonly parent?: RunRecord;
  readonly experimentId: string;
  readonly displayName: string | null;
  readonly name?: string;
  readonly description?: string | null;
  readonly status: RunStatus;
  readonly createdBy: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly properties?: Readonly<Record<string, string>>;
  readonly target: string | null;
  readonly inputs?: Readonly<Record<string, AssetReference>>;
}

export type RunChange = Partial<Omit<RunRecord, 'workspace' | 'id' | 'uuid' | 'revision' | 'statusRevision'>>;

export interface RunStore extends JobList, Experiments, Tracking, Results {
  create(run: NewRun): RunRecord;
  /** Undefined when there is none, or it was deleted. */
  find(workspace: string, id: string): RunRecord | undefined;
  /** Changes a run that is there; a status that is terminal already stays. */
  change(run: Pick<RunRecord, 'workspace' | 'id'>, change: RunChange | ((run: RunRecord) => RunChange)): RunRecord;
  delete(run: RunRecord): void;
  /** Oldest first. */
  list(workspace: string): readonly RunRecord[];
  /** The runs started by this one, oldest first. */
  children(run: RunRecord): readonly RunRecord[];
}

/** The jobs as they were put. */
interface JobList {
  job(workspace: string, name: string): JobRecord | undefined;
  putJob(workspace: string, job: JobRecord): void;
  /** Newest first, as lists show them: what was written less than `lag` virtual milliseconds ago is missing. */
  jobs(workspace: string, lag: number): readonly JobRecord[];
}

interface Experiments {
  /** The experiment of that name, made when it is missing. */
  experiment(workspace: string, name: string): ExperimentRecord;
  /** By id, by name, or `0` for the default one. */
  findExperiment(workspace: string, idOrName: string): ExperimentRecord | undefined;
  experiments(workspace: string): readonly ExperimentRecord[];
}

/** What runs log: shared by all runs of one data container. */
interface Tracking {
  tracking(run: RunRecord): TrackingRecord;
  track(run: RunRecord, added: Added): void;
}

/** What runs leave: their outputs by asset id, and results that may be shared. */
interface Results {
  outputAsset(assetId: string): OutputAssetRecord | undefined;
  putOutputAsset(asset: OutputAssetRecord): void;

  /** The run whose result a step with this key may take over, and that remembers itself under it. */
  reusable(key: string): string | undefined;
  rememberReusable(key: string, runId: string): void;
}

export interface Added {
  readonly parameters?: Readonly<Record<string, string>>;
  readonly metrics?: readonly (MetricPoint & { readonly key: string })[];
}

const NOTHING_TRACKED: TrackingRecord = { parameters: {}, metrics: {} };

type Parts = Pick<EmulatorContext, 'state' | 'clock'>;

/** The store on the emulator's state. Runs a killed emulator left unfinished are found as Failed. */
export function openRunStore(parts: Parts): RunStore {
  const { state, clock } = parts;
  const runs = state.collection<RunRecord>('runs');
  const jobs = state.collection<JobRecord>('jobs');

  const change: RunStore['change'] = (run, wanted) => {
    const changed = runs.update(runKey(run), (old) =>
      changedRun(old, typeof wanted === 'function' ? wanted(old) : wanted, clock.now()),
    );
    if (changed === undefined) throw new Error(`There is no run ${run.id}.`);
    return changed;
  };
  failInterrupted(
    runs.list().map(({ value }) => value),
    change,
  );
  const list: RunStore['list'] = (workspace) =>
    runs
      .list(`${workspace}/runs/`)
      .map(({ value }) => value)
      .filter((run) => !run.isDeleted);

  return {
    ...openExperiments(parts),
    ...openTracking(parts),
    ...openResults(parts),
    create: (run) => runs.put(runKey(run), newRun(run, clock.now())).value,
    find: (workspace, id) => {
      const found = runs.get(runKey({ workspace, id }));
      return found?.isDeleted === true ? undefined : found;
    },
    change,
    delete: (run) => {
      change(run, { isDeleted: true });
      jobs.delete(`${run.workspace}/jobs/${run.id}`);
    },
    list,
    children: (run) => list(run.workspace).filter((other) => other.parentId === run.id),
    job: (workspace, name) => jobs.get(`${workspace}/jobs/${name}`),
    putJob: (workspace, job) => {
      jobs.put(`${workspace}/jobs/${job.name}`, job);
    },
    jobs: (workspace, lag) =>
      jobs
        .listLagging(lag, `${workspace}/jobs/`)
        .map(({ value }) => value)
        .reverse(),
  };
}

function runKey({ workspace, id }: Pick<RunRecord, 'workspace' | 'id'>): string {
  return `${workspace}/runs/${id}`;
}

function openExperiments({ state, clock }: Parts): Experiments {
  const records = state.collection<ExperimentRecord>('experiments');
  const experiment: Experiments['experiment'] = (workspace, name) => {
    const key = `${workspace}/${name}`;
    const found = records.get(key);
    if (found !== undefined) return found;
    const id = stableGuid(`${workspace}/experiments/${name}`.toLowerCase());
    return records.put(key, { workspace, id, name, createdAt: clock.now(), tags: {}, isArchived: false }).value;
  };
  const experiments: Experiments['experiments'] = (workspace) =>
    records.list(`${workspace}/`).map(({ value }) => value);
  return {
    experiment,
    experiments,
    findExperiment: (workspace, idOrName) =>
      idOrName === '0'
        ? experiment(workspace, 'Default')
        : experiments(workspace).find(({ id, name }) => id === idOrName || name === idOrName),
  };
}

function openTracking({ state }: Parts): Tracking {
  const records = state.collection<TrackingRecord>('runs/tracking');
  const container = (run: RunRecord): string => runKey({ workspace: run.workspace, id: run.containerOf });
  const tracking: Tracking['tracking'] = (run) => records.get(container(run)) ?? NOTHING_TRACKED;
  return {
    tracking,
    track: (run, added) => {
      records.put(container(run), withAdded(tracking(run), added));
    },
  };
}

function openResults({ state }: Parts): Results {
  const outputs = state.collection<OutputAssetRecord>('runs/outputs');
  const reusable = state.collection<string>('runs/reusable');
  return {
    outputAsset: (assetId) => outputs.get(assetId),
    putOutputAsset: (asset) => {
      outputs.put(asset.assetId, asset);
    },
    reusable: (key) => reusable.get(key),
    rememberReusable: (key, runId) => {
      reusable.put(key, runId);
    },
  };
}

function newRun(run: NewRun, now: number): RunRecord {
  const { parent } = run;
  return {
    workspace: run.workspace,
    id: run.id,
    uuid: randomUUID(),
    kind: run.kind,
    parentId: parent?.id ?? null,
    rootId: parent?.rootId ?? run.id,
    experimentId: run.experimentId,
    displayName: run.displayName,
    name: run.name ?? null,
    description: run.description ?? null,
    status: run.status,
    createdAt: now,
    startedAt: null,
    endedAt: null,
    modifiedAt: now,
    createdBy: run.createdBy,
    revision: 1,
    statusRevision: 0,
    tags: run.tags ?? {},
    properties: run.properties ?? {},
    target: run.target,
    containerOf: run.id,
    inputs: run.inputs ?? {},
    outputs: {},
    error: null,
    warnings: [],
    cancelReason: null,
    isDeleted: false,
  };
}

function changedRun(old: RunRecord, change: RunChange, now: number): RunRecord {
  const status = isTerminal(old.status) ? old.status : (change.status ?? old.status);
  const moved = status !== old.status;
  return {
    ...old,
    ...change,
    status,
    startedAt: change.startedAt ?? old.startedAt ?? (moved && status === 'Running' ? now : null),
    endedAt: change.endedAt ?? old.endedAt ?? (moved && isTerminal(status) ? now : null),
    modifiedAt: now,
    revision: old.revision + 1,
    statusRevision: old.statusRevision + (moved ? 1 : 0),
  };
}

/** Their processes ended with the emulator that ran them. */
function failInterrupted(runs: readonly RunRecord[], change: RunStore['change']): void {
  for (const run of runs) {
    if (isTerminal(run.status) || run.kind === 'client') continue;
    const error = { code: 'ServiceError', message: 'The emulator ended while the job was running.' };
    change(run, { status: 'Failed', error });
  }
}

function withAdded(old: TrackingRecord, added: Added): TrackingRecord {
  const metrics: Record<string, readonly MetricPoint[]> = { ...old.metrics };
  for (const { key, value, timestamp, step } of added.metrics ?? []) {
    metrics[key] = [...(metrics[key] ?? []), { value, timestamp, step }];
  }
  return { parameters: { ...old.parameters, ...added.parameters }, metrics };
}
