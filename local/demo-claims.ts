/** What the demo claims of each run, checked against the run's record and the workspace's own state. */
import type { JobRecord } from './agent/records.ts';
import { valueAt, type WorkspaceReader } from './workspace-reader.ts';

/** The names templates/sample gives its model and its endpoint. */
const MODEL = 'breast-cancer';
const ENDPOINT = 'breast-cancer';

export type Expectation = 'first' | 'equal' | 'better';

/** What stands in the workspace: how many models, and who answers. */
export interface Estate {
  readonly modelVersions: readonly string[];
  readonly deployments: readonly string[];
  /** Deployment to percent, without those at 0. */
  readonly traffic: Readonly<Record<string, number>>;
  readonly publicNetworkAccess: string | undefined;
}

export async function readEstate(workspace: WorkspaceReader): Promise<Estate> {
  const endpoint = await workspace.get(`onlineEndpoints/${ENDPOINT}`);
  const deployments = endpoint === undefined ? [] : await workspace.list(`onlineEndpoints/${ENDPOINT}/deployments`);
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

/** Sentences of what is not as claimed; none when all is. */
export function brokenClaims(
  expectation: Expectation,
  job: JobRecord | undefined,
  before: Estate,
  after: Estate,
): string[] {
  const promoted = expectation !== 'equal';
  const broken: string[] = [];
  const claim = (holds: boolean, sentence: string): void => {
    if (!holds) broken.push(sentence);
  };
  const outcome = job?.outputs['gate.outcome']?.value;
  claim(job?.result === 'Succeeded', `The run should have succeeded; it is ${job?.result ?? 'missing'}.`);
  claim(outcome === (promoted ? 'promote' : 'keepChampion'), `The gate's outcome is ${outcome ?? 'missing'}.`);
  const behindGate = (job?.steps ?? []).filter(
    ({ phase, displayName }) => phase === 'main' && BEHIND_GATE.has(displayName),
  );
  const wanted = promoted ? 'Succeeded' : 'Skipped';
  claim(behindGate.length === BEHIND_GATE.size, 'Not every step behind the gate is in the record.');
  for (const { displayName, result } of behindGate) {
    claim(result === wanted, `'${displayName}' should be ${wanted}; it is ${result}.`);
  }
  const grown = after.modelVersions.length - before.modelVersions.length;
  claim(grown === Number(promoted), `${grown} model versions were registered.`);
  const [live, ...others] = Object.keys(after.traffic);
  claim(
    live !== undefined && others.length === 0 && after.traffic[live] === 100,
    'One deployment should have all traffic.',
  );
  claim(
    after.publicNetworkAccess === 'Disabled',
    `The endpoint's public access is ${after.publicNetworkAccess ?? 'unknown'}.`,
  );
  for (const leak of job?.leaks ?? []) broken.push(leak);
  const sameLive = live !== undefined && live in before.traffic;
  claim(
    sameLive === !promoted,
    promoted ? 'Traffic did not move to a new deployment.' : 'Traffic moved to another deployment.',
  );
  return broken;
}

/** Display names of the sample's steps that run only for a promoted candidate. */
const BEHIND_GATE = new Set(['Register the model', 'Deploy privately, blue/green', 'Ask the live endpoint']);
