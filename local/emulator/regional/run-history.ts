/** Run history v1.0: runs, their details and children, experiments. The api-version may be missing. */
import { WORKSPACE_PATH } from '../arm/workspace-scope.ts';
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import { regionalHost } from '../clouds.ts';
import type { EmulatorContext } from '../context.ts';
import { dataPlaneError } from '../errors.ts';
import type { Evidence, Incoming, Reply, Route } from '../http.ts';
import { asObject, textAt } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { textMembers } from '../jobs/command-plan.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { ExperimentRecord, RunRecord } from '../jobs/records.ts';
import { regionalWorkspace, requireRun } from './regional-workspace.ts';
import { logFiles } from './run-artifacts.ts';
import { runBody, runDetailsBody } from './run-bodies.ts';
import type { RunBodyParts } from './run-bodies.ts';

const COMPONENT = 'run-history';
const BASE = `/history/v1.0${WORKSPACE_PATH}`;
/** A run is reached directly or through its experiment, by id or by name. */
const SCOPES = ['', '/experimentids/{experiment}', '/experiments/{experiment}'];
/** Runs on one page unless `$top` asks for fewer. */
const PAGE = 500;

/** What the handlers of all these routes work with. */
interface Service {
  readonly context: EmulatorContext;
  readonly jobs: Jobs;
  readonly parts: (request: Incoming) => RunBodyParts;
  /** The run of the request's path; 404 when there is none. */
  readonly runOf: (request: Incoming) => readonly [RunBodyParts, RunRecord];
}

const SPEC: Evidence = { mark: 'spec', source: 'run history v1.0 of azure-ai-ml 1.34' };
const recorded = (source: string): Evidence => ({ mark: 'recorded', source });

export function runHistoryRoutes(context: EmulatorContext, jobs: Jobs): Route[] {
  const parts: Service['parts'] = (request) => ({
    context,
    store: jobs.store,
    workspace: regionalWorkspace(context, request, COMPONENT),
  });
  const runOf: Service['runOf'] = (request) => {
    const found = parts(request);
    return [found, requireRun(jobs.store, found.workspace, request.params.run ?? '', COMPONENT)];
  };
  const service: Service = { context, jobs, parts, runOf };
  return [
    ...SCOPES.flatMap((scope) => runRoutes(service, scope)),
    ...SCOPES.slice(1).flatMap((scope) => experimentRoutes(service, scope)),
    route('POST', '/experiments/{experiment}', SPEC, (request) => {
      const { workspace } = parts(request);
      const experiment = jobs.store.experiment(workspace.id, request.params.experiment ?? '');
      return { status: 200, body: experimentBody(context, experiment) };
    }),
    route('POST', '/experiments:query', SPEC, (request) => {
      const { workspace } = parts(request);
      const value = jobs.store.experiments(workspace.id).map((experiment) => experimentBody(context, experiment));
      return { status: 200, body: { value } };
    }),
    route('POST', '/rundata', recorded('run_history/rundata'), async (request) => {
      const found = parts(request);
      const body = await request.json();
      const run = requireRun(jobs.store, found.workspace, textAt(body, 'runId') ?? '', COMPONENT);
      return { status: 200, body: runData(found, jobs, run, asObject(body)) };
    }),
  ];
}

function route(method: string, path: string, evidence: Evidence, handle: Route['handle']): Route {
  return { plane: 'regional', method, path: `${BASE}${path}`, evidence, handle };
}

function runRoutes({ context, jobs, runOf }: Service, scope: string): Route[] {
  // Only the ways without an experiment were seen.
  const seen = (source: string): Evidence => (scope === '' ? recorded(source) : SPEC);
  return [
    route('GET', `${scope}/runs/{run}`, seen('run_history/get_run'), (request) => {
      const [found, run] = runOf(request);
      return { status: 200, body: runBody(found, run) };
    }),
    route('GET', `${scope}/runs/{run}/details`, seen('run_history/run_details_shape'), async (request) => {
      const [found, run] = runOf(request);
      const files = await logFiles(context, found.workspace, run);
      return { status: 200, body: runDetailsBody(found, run, files) };
    }),
    route('GET', `${scope}/runs/{run}/children`, seen('run_history/list_children'), (request) => {
      const [found, run] = runOf(request);
      return page(context, request, found, jobs.store.children(run));
    }),
    route('PATCH', `${scope}/runs/{run}`, SPEC, async (request) => {
      const [found, run] = runOf(request);
      return { status: 200, body: runBody(found, changeRun(jobs, run, await request.json())) };
    }),
    route('POST', `${scope}/runs/{run}/cancel`, SPEC, (request) => {
      const [found, run] = runOf(request);
      jobs.cancel(run, request.query.get('CancelationReason'));
      return { status: 200, body: runBody(found, requireRun(jobs.store, found.workspace, run.id, COMPONENT)) };
    }),
  ];
}

function experimentRoutes({ context, jobs, parts }: Service, scope: string): Route[] {
  return [
    route('POST', `${scope}/runs:query`, SPEC, async (request) => {
      const found = parts(request);
      const experiment = requireExperiment(jobs, found.workspace, request.params.experiment ?? '');
      const runs = jobs.store.list(found.workspace.id).filter(({ experimentId }) => experimentId === experiment.id);
      return page(context, request, found, [...runs].reverse(), asObject(await request.json()));
    }),
    route('GET', scope, SPEC, (request) => {
      const { workspace } = parts(request);
      const experiment = requireExperiment(jobs, workspace, request.params.experiment ?? '');
      return { status: 200, body: experimentBody(context, experiment) };
    }),
  ];
}

/** One page of runs. The keys for a next page are absent on the last one. */
function page(
  context: EmulatorContext,
  request: Incoming,
  parts: RunBodyParts,
  runs: readonly RunRecord[],
  body: JsonObject = {},
): Reply {
  const asked = Number(request.query.get('$top') ?? body.top ?? PAGE);
  const top = asked > 0 ? Math.min(asked, PAGE) : PAGE;
  const start = Number(request.query.get('$continuationtoken') ?? body.continuationToken ?? 0) || 0;
  const value = runs.slice(start, start + top).map((run) => runBody(parts, run));
  if (start + top >= runs.length) return { status: 200, body: { value } };
  const continuationToken = String(start + top);
  const query = new URLSearchParams(request.query);
  query.set('$continuationtoken', continuationToken);
  const host = regionalHost(context.cloud, parts.workspace.region);
  const nextLink = `https://${host}${request.path}?${query.toString()}`;
  return { status: 200, body: { value, continuationToken, nextLink } };
}

/** What a PATCH may change: it adds to properties and tags, and renames. A client's own run may also end so. */
function changeRun(jobs: Jobs, run: RunRecord, json: unknown): RunRecord {
  const body = asObject(json);
  const status = body.status;
  return jobs.store.change(run, (now) => ({
    properties: { ...now.properties, ...textMembers(body.properties) },
    tags: { ...now.tags, ...textMembers(body.tags) },
    displayName: textAt(body, 'displayName') ?? now.displayName,
    description: textAt(body, 'description') ?? now.description,
    ...(now.kind === 'client' && isEnd(status) && { status }),
  }));
}

function isEnd(status: Json | undefined): status is 'Completed' | 'Failed' | 'Canceled' {
  return status === 'Completed' || status === 'Failed' || status === 'Canceled';
}

function requireExperiment(jobs: Jobs, workspace: WorkspaceRecord, idOrName: string): ExperimentRecord {
  const found = jobs.store.findExperiment(workspace.id, idOrName);
  if (found !== undefined) return found;
  throw dataPlaneError(COMPONENT, 404, 'UserError', `Experiment ${idOrName} was not found.`, {
    innerCodes: ['NotFoundError'],
  });
}

function experimentBody({ clock }: EmulatorContext, experiment: ExperimentRecord): JsonObject {
  return {
    experimentId: experiment.id,
    name: experiment.name,
    description: '',
    createdUtc: clock.iso(experiment.createdAt),
    tags: experiment.tags,
    archivedTime: null,
    retainForLifetimeOfWorkspace: false,
    artifactLocation: null,
  };
}

function runData(parts: RunBodyParts, jobs: Jobs, run: RunRecord, asked: JsonObject): JsonObject {
  const job = jobs.store.job(parts.workspace.id, run.id);
  const wantsDefinition = asked.selectRunDefinition === true && job !== undefined;
  return {
    runMetadata: asked.selectRunMetadata === false ? null : runBody(parts, run),
    runDefinition: wantsDefinition ? runDefinition(job.body, run) : null,
    jobSpecification: null,
    systemSettings: null,
  };
}

/** The job as it was put, its own members in the service's inner spelling (capital first letter). */
function runDefinition(body: JsonObject, run: RunRecord): JsonObject {
  const members = Object.entries(body).map(([key, value]) => [key.slice(0, 1).toUpperCase() + key.slice(1), value]);
  return {
    ...(Object.fromEntries(members) as JsonObject),
    ProvisioningState: 'Succeeded',
    Status: 'NotStarted',
    DisplayName: run.displayName,
  };
}
