/** What the demo claims of each run, checked against the run's record and the workspaces' own state. */
import type { PipelineRecord } from './pipeline/run/records.ts';
import { valueAt, type WorkspaceReader } from './workspace-reader.ts';

/** The name templates/sample gives its model. */
const MODEL = 'breast-cancer';

export type Expectation = 'first' | 'equal' | 'better';

/** What stands in one workspace: how many models, and who answers. */
export interface WorkspaceState {
  readonly modelVersions: readonly string[];
  readonly deployments: readonly string[];
  /** Deployment to percent, without those at 0. */
  readonly traffic: Readonly<Record<string, number>>;
  readonly publicNetworkAccess: string | undefined;
}

/** Workspaces by the name of their environment. */
export type Estate = Readonly<Record<'dev' | 'prod', WorkspaceState>>;

export async function readWorkspaceState(workspace: WorkspaceReader, endpointName: string): Promise<WorkspaceState> {
  const endpoint = await workspace.get(`onlineEndpoints/${endpointName}`);
  const deployments = endpoint === undefined ? [] : await workspace.list(`onlineEndpoints/${endpointName}/deployments`);
  const container = await workspace.get(`models/${MODEL}`);
  const versions = container === undefined ? [] : await workspace.list(`models/${MODEL}/versions`);
  const traffic = Object.entries(valueAt(endpoint, 'properties', 'traffic') ?? {}).filter(
    ([, percent]) => percent !== 0,
  );
  const access = valueAt(endpoint, 'properties', 'publicNetworkAccess');
  return {
    modelVersions: versions.map(({ name }) => String(name)),
    deployments: deployments.map(({ name }) => String(name)),
    traffic: Object.fromEntries(traffic.map(([name, percent]) => [name, Number(percent)])),
    publicNetworkAccess: typeof access === 'string' ? access : undefined,
  };
}

export interface Claimed {
  readonly expectation: Expectation;
  /** Whether production was approved. */
  readonly approved: boolean;
}

/** The outcome of the gate; undefined where it was not reached. */
export function gateOutcome(record: PipelineRecord): string | undefined {
  const runs = record.stages.flatMap(({ jobs }) => jobs.flatMap((job) => job.runs));
  return runs.map((run) => run.record.outputs['gate.outcome']?.value).find((value) => value !== undefined);
}

/** Sentences of what is not as claimed; none when all is. */
export function brokenClaims(claimed: Claimed, record: PipelineRecord, before: Estate, after: Estate): string[] {
  const promoted = claimed.expectation !== 'equal';
  const released = promoted && claimed.approved;
  const outcome = gateOutcome(record);
  const leaks = record.stages.flatMap(({ jobs }) => jobs.flatMap((job) => job.runs.flatMap((run) => run.record.leaks)));
  return [
    ...stageClaims(record, promoted, claimed.approved),
    ...(outcome === (promoted ? 'promote' : 'keepChampion') ? [] : [`The gate's outcome is ${outcome ?? 'missing'}.`]),
    ...stateClaims('development', promoted, before.dev, after.dev),
    ...stateClaims('production', released, before.prod, after.prod),
    ...leaks,
  ];
}

function stageClaims(record: PipelineRecord, promoted: boolean, approved: boolean): string[] {
  return record.stages.flatMap(({ name, displayName, result }) => {
    const wanted = wantedResult(name, promoted, approved);
    return result === wanted ? [] : [`'${displayName}' should be ${wanted}; it is ${result}.`];
  });
}

function wantedResult(stage: string, promoted: boolean, approved: boolean): string {
  if (stage === 'train') return 'Succeeded';
  if (!promoted) return 'Skipped';
  if (approved || !stage.endsWith('Prod')) return 'Succeeded';
  return stage === 'deployProd' ? 'Failed' : 'Skipped';
}

function stateClaims(place: string, replaced: boolean, before: WorkspaceState, after: WorkspaceState): string[] {
  const grown = after.modelVersions.length - before.modelVersions.length;
  const [live, ...others] = Object.keys(after.traffic);
  const wasEmpty = Object.keys(before.traffic).length === 0;
  const broken: string[] = [];
  if (grown !== Number(replaced)) broken.push(`${grown} model versions came to ${place}.`);
  if (wasEmpty && !replaced) return broken;
  if (live === undefined || others.length > 0 || after.traffic[live] !== 100)
    broken.push(`One deployment in ${place} should have all traffic.`);
  if (after.publicNetworkAccess !== 'Disabled')
    broken.push(`The endpoint's public access in ${place} is ${after.publicNetworkAccess ?? 'unknown'}.`);
  if ((live !== undefined && live in before.traffic) === replaced)
    broken.push(replaced ? `Traffic in ${place} did not move to a new deployment.` : `Traffic in ${place} moved.`);
  return broken;
}
