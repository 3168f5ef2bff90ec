/**
 * MLflow tracking. The workspace names its tracking server with v1.0, clients call it with v2.0; both are answered.
 * Training code logs through this interface alone.
 */
import { randomUUID } from 'node:crypto';
import { WORKSPACE_PATH, findWorkspace } from '../arm/workspace-scope.ts';
import type { EmulatorContext } from '../context.ts';
import { mlflowError } from '../errors.ts';
import type { Evidence, Incoming, Reply, Route } from '../http.ts';
import { asObject, textAt } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { ExperimentRecord, RunRecord, RunStatus } from '../jobs/records.ts';
import { author } from '../arm/resource.ts';
import { artifactUri, experimentBody, mlflowRun, runInfo } from './mlflow-bodies.ts';
import type { MlflowParts } from './mlflow-bodies.ts';
import {
  checkParameters,
  keyValues,
  mlflowArguments,
  readBatch,
  readMetric,
  readPage,
  required,
  runIdOf,
} from './mlflow-requests.ts';
import { runFilter, runOrder } from './mlflow-search.ts';
import { artifactRoot, listArtifacts } from './run-artifacts.ts';

interface Call {
  readonly parts: MlflowParts;
  readonly given: JsonObject;
  readonly request: Incoming;
}

type Answer = (call: Call) => JsonObject | Promise<JsonObject>;

const FIRST_PARTY: Evidence = { mark: 'spec', source: 'data_plane/mlflow_client_contract and the MLflow REST API' };
const OPEN_SOURCE: Evidence = { mark: 'spec', source: 'MLflow REST API' };
const USUAL_PAGE = 999;

export function mlflowRoutes(context: EmulatorContext, jobs: Jobs): Route[] {
  return mlflowCalls(context).flatMap(({ methods, path, evidence, answer }) =>
    methods.flatMap((method) =>
      ['v1.0', 'v2.0'].map((version): Route => ({
        plane: 'regional',
        method,
        path: `/mlflow/${version}${WORKSPACE_PATH}/api/2.0/mlflow/${path}`,
        evidence,
        handle: async (request): Promise<Reply> => {
          const workspace = findWorkspace(context, request);
          if (workspace === undefined) throw missing(`Workspace ${request.params.workspace ?? ''} not found.`);
          const given = mlflowArguments(method === 'GET' ? {} : await request.json(), request.query);
          return {
            status: 200,
            body: await answer({ parts: { context, store: jobs.store, workspace }, given, request }),
          };
        },
      })),
    ),
  );
}

interface MlflowCall {
  readonly methods: readonly string[];
  readonly path: string;
  readonly evidence: Evidence;
  readonly answer: Answer;
}

const call = (methods: string, path: string, answer: Answer, evidence = OPEN_SOURCE): MlflowCall => ({
  methods: methods.split(' '),
  path,
  evidence,
  answer,
});

const EXPERIMENT_CALLS: readonly MlflowCall[] = [
  call('GET', 'experiments/get', ({ parts, given }) => ({
    experiment: experimentBody(findExperiment(parts, required(given, 'experiment_id'))),
  })),
  call('GET', 'experiments/get-by-name', ({ parts, given }) => ({
    experiment: experimentBody(findExperiment(parts, required(given, 'experiment_name'))),
  })),
  call('POST', 'experiments/create', createExperiment),
  call('GET POST', 'experiments/search', searchExperiments, FIRST_PARTY),
];

function mlflowCalls(context: EmulatorContext): readonly MlflowCall[] {
  const { clock } = context;
  return [
    ...EXPERIMENT_CALLS,
    call('GET', 'runs/get', ({ parts, given }) => ({ run: mlflowRun(parts, findRun(parts, runIdOf(given))) })),
    call('POST', 'runs/create', (asked) => createRun(asked, clock.now()), FIRST_PARTY),
    call('POST', 'runs/update', updateRun, FIRST_PARTY),
    call('POST', 'runs/delete', ({ parts, given }) => {
      parts.store.delete(findRun(parts, runIdOf(given)));
      return {};
    }),
    call('POST', 'runs/search', searchRuns, FIRST_PARTY),
    call('POST', 'runs/log-metric', (asked) => logMetric(asked, clock.now()), FIRST_PARTY),
    call('POST', 'runs/log-parameter', logParameter),
    call('POST', 'runs/log-batch', (asked) => logBatch(asked, clock.now())),
    call('POST', 'runs/log-inputs', ({ parts, given }) => {
      findRun(parts, runIdOf(given));
      return {};
    }),
    call('POST', 'runs/log-model', logModel),
    call('POST', 'runs/set-tag', setTag),
    call('POST', 'runs/delete-tag', deleteTag),
    call('GET', 'metrics/get-history', metricHistory),
    call('GET', 'artifacts/list', (asked) => artifacts(context, asked)),
  ];
}

function missing(message: string): Error {
  return mlflowError(404, 'RESOURCE_DOES_NOT_EXIST', message);
}

function findRun({ store, workspace }: MlflowParts, id: string): RunRecord {
  const run = store.find(workspace.id, id);
  if (run === undefined) throw missing(`Run ${id} was not found.`);
  return run;
}

function findExperiment({ store, workspace }: MlflowParts, idOrName: string): ExperimentRecord {
  const found = store.findExperiment(workspace.id, idOrName);
  if (found === undefined) throw missing(`Experiment ${idOrName} was not found.`);
  return found;
}

function createExperiment({ parts, given }: Call): JsonObject {
  const { store, workspace } = parts;
  const name = required(given, 'name');
  if (store.findExperiment(workspace.id, name) !== undefined) {
    throw mlflowError(400, 'RESOURCE_ALREADY_EXISTS', `Experiment with name ${name} already exists.`);
  }
  return { experiment_id: store.experiment(workspace.id, name).id };
}

function searchExperiments({ parts, given }: Call): JsonObject {
  const { start, size } = readPage(given, USUAL_PAGE);
  const [, wanted] = /name\s*=\s*'([^']*)'/i.exec(textAt(given, 'filter') ?? '') ?? [];
  const all = parts.store.experiments(parts.workspace.id).filter(({ name }) => wanted === undefined || name === wanted);
  return {
    experiments: all.slice(start, start + size).map(experimentBody),
    ...nextPage(start + size, all.length),
  };
}

function createRun({ parts, given, request }: Call, now: number): JsonObject {
  const { store, workspace } = parts;
  const experiment = findExperiment(parts, textAt(given, 'experiment_id') ?? '0');
  const tags = keyValues(given.tags);
  const parentId = tags['mlflow.parentRunId'];
  const parent = parentId === undefined ? undefined : findRun(parts, parentId);
  const created = store.create({
    workspace: workspace.id,
    id: randomUUID(),
    kind: 'client',
    ...(parent !== undefined && { parent }),
    experimentId: experiment.id,
    displayName: textAt(given, 'run_name') ?? tags['mlflow.runName'] ?? null,
    status: 'Running',
    createdBy: author(request.caller).by,
    tags,
    target: null,
  });
  const startedAt = typeof given.start_time === 'number' ? given.start_time : now;
  return { run: mlflowRun(parts, store.change(created, { startedAt })) };
}

const END_STATES: Readonly<Record<string, RunStatus>> = {
  RUNNING: 'Running',
  FINISHED: 'Completed',
  FAILED: 'Failed',
  KILLED: 'Canceled',
};

/** A job's state is the service's own affair: of its run only the name changes here. */
function updateRun({ parts, given }: Call): JsonObject {
  const run = findRun(parts, runIdOf(given));
  const status = run.kind === 'client' ? END_STATES[textAt(given, 'status') ?? ''] : undefined;
  const name = textAt(given, 'run_name');
  const endedAt = typeof given.end_time === 'number' && run.kind === 'client' ? given.end_time : undefined;
  const changed = parts.store.change(run, {
    ...(name !== undefined && { displayName: name }),
    ...(endedAt !== undefined && { endedAt }),
    ...(status !== undefined && { status }),
  });
  return { run_info: runInfo(parts, changed) };
}

function searchRuns({ parts, given }: Call): JsonObject {
  const { store, workspace } = parts;
  const { start, size } = readPage(given, USUAL_PAGE);
  const experiments = texts(given.experiment_ids).map((id) => (id === '0' ? findExperiment(parts, id).id : id));
  const found = store
    .list(workspace.id)
    .filter((run) => experiments.length === 0 || experiments.includes(run.experimentId))
    .map((run) => ({ run, tracked: store.tracking(run) }))
    .filter(runFilter(textAt(given, 'filter') ?? ''))
    .sort(runOrder(texts(given.order_by)));
  const runs = found.slice(start, start + size).map(({ run }) => mlflowRun(parts, run));
  return { runs, ...nextPage(start + size, found.length) };
}

function logMetric({ parts, given }: Call, now: number): JsonObject {
  const run = findRun(parts, runIdOf(given));
  parts.store.track(run, { metrics: [readMetric(given, now)] });
  return {};
}

function logParameter({ parts, given }: Call): JsonObject {
  const run = findRun(parts, runIdOf(given));
  const added = keyValues([asObject(given)]);
  checkParameters(parts.store.tracking(run).parameters, added, run.id);
  parts.store.track(run, { parameters: added });
  return {};
}

function logBatch({ parts, given }: Call, now: number): JsonObject {
  const run = findRun(parts, runIdOf(given));
  const { metrics, parameters, tags } = readBatch(given, now);
  checkParameters(parts.store.tracking(run).parameters, parameters, run.id);
  parts.store.track(run, { metrics, parameters });
  return changeTags(parts, run.id, (old) => ({ ...old, ...tags }));
}

/** The models a run logged are a list in one of its tags. */
function logModel({ parts, given }: Call): JsonObject {
  const model: unknown = JSON.parse(textAt(given, 'model_json') ?? '{}');
  const tag = 'mlflow.log-model.history';
  return changeTags(parts, runIdOf(given), (tags) => {
    const before: unknown = JSON.parse(tags[tag] ?? '[]');
    return { ...tags, [tag]: JSON.stringify([...(Array.isArray(before) ? (before as unknown[]) : []), model]) };
  });
}

function setTag({ parts, given }: Call): JsonObject {
  const key = required(given, 'key');
  return changeTags(parts, runIdOf(given), (tags) => ({ ...tags, [key]: textAt(given, 'value') ?? '' }));
}

function deleteTag({ parts, given }: Call): JsonObject {
  const run = findRun(parts, runIdOf(given));
  const key = required(given, 'key');
  if (!(key in run.tags)) throw missing(`No tag with name: ${key} in run with id ${run.id}`);
  return changeTags(parts, run.id, (tags) => Object.fromEntries(Object.entries(tags).filter(([name]) => name !== key)));
}

function changeTags(
  parts: MlflowParts,
  runId: string,
  change: (tags: Readonly<Record<string, string>>) => Record<string, string>,
): JsonObject {
  parts.store.change(findRun(parts, runId), (run) => ({ tags: change(run.tags) }));
  return {};
}

function metricHistory({ parts, given }: Call): JsonObject {
  const run = findRun(parts, runIdOf(given));
  const key = required(given, 'metric_key');
  const all = parts.store.tracking(run).metrics[key] ?? [];
  const { start, size } = readPage(given, USUAL_PAGE);
  return {
    metrics: all.slice(start, start + size).map((point) => ({ key, ...point })),
    ...nextPage(start + size, all.length),
  };
}

/** One level of a run's files: folders first named once, files with their size. */
async function artifacts(context: EmulatorContext, { parts, given }: Call): Promise<JsonObject> {
  const run = findRun(parts, runIdOf(given));
  const folder = (textAt(given, 'path') ?? '').replace(/^\/+|\/+$/g, '');
  const prefix = folder === '' ? '' : `${folder}/`;
  const root = artifactRoot('ExperimentRun', `dcid.${run.containerOf}`);
  const found = await listArtifacts(context, parts.workspace, root, prefix);
  const folders = new Set<string>();
  const files = found.flatMap(({ path, size }): JsonObject[] => {
    const [first = '', ...rest] = path.slice(prefix.length).split('/');
    const whole = `${prefix}${first}`;
    if (rest.length === 0) return [{ path: whole, is_dir: false, file_size: size }];
    if (folders.has(whole)) return [];
    folders.add(whole);
    return [{ path: whole, is_dir: true }];
  });
  return { root_uri: artifactUri(parts, run), files };
}

function nextPage(next: number, total: number): JsonObject {
  return next < total ? { next_page_token: String(next) } : {};
}

function texts(list: Json | undefined): readonly string[] {
  return Array.isArray(list) ? (list as readonly Json[]).filter((item) => typeof item === 'string') : [];
}
