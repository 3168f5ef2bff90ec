/** The artifact service v2.0 and the same over run history: links to a run's files, and places to put new ones. */
import { WORKSPACE_PATH } from '../arm/workspace-scope.ts';
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import type { EmulatorContext } from '../context.ts';
import { dataPlaneError } from '../errors.ts';
import type { Evidence, Incoming, Reply, Route } from '../http.ts';
import { asObject, isJsonObject, textAt } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { findData } from '../jobs/data-access.ts';
import { shortDatastoreUri } from '../jobs/data-uri.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { ARTIFACT_CONTAINER } from '../jobs/run-log.ts';
import { regionalWorkspace, requireRun } from './regional-workspace.ts';
import { artifactRoot, artifactUrl, listArtifacts } from './run-artifacts.ts';

const COMPONENT = 'artifact';
const BASE = `/artifact/v2.0${WORKSPACE_PATH}/artifacts`;
const RUNS = ['/experimentids/{experiment}', '/experiments/{experiment}'].map(
  (scope) => `/history/v1.0${WORKSPACE_PATH}${scope}/runs/{run}/artifacts`,
);
const CLIENT: Evidence = { mark: 'spec', source: 'data_plane/artifact_client_contract' };
const RUN_HISTORY: Evidence = { mark: 'spec', source: 'run history v1.0 of azure-ai-ml 1.34' };
const OLD_API: Evidence = { mark: 'spec', source: 'artifact API of azure-rest-api-specs, 2019' };

/** A folder of the artifact store that a request is about. */
interface Target {
  readonly workspace: WorkspaceRecord;
  readonly origin: string;
  readonly container: string;
}

export function artifactRoutes(context: EmulatorContext, jobs: Jobs): Route[] {
  return [...byPathRoutes(context, jobs), ...RUNS.flatMap((base) => byRunRoutes(context, jobs, base))];
}

function route(method: string, path: string, evidence: Evidence, handle: Route['handle']): Route {
  return { plane: 'regional', method, path, evidence, handle };
}

const queriedPath = (request: Incoming): string => request.query.get('path') ?? '';

/** The artifact service itself: any origin and container. */
function byPathRoutes(context: EmulatorContext, jobs: Jobs): Route[] {
  const target = (request: Incoming): Target => ({
    workspace: regionalWorkspace(context, request, COMPONENT),
    origin: request.params.origin ?? '',
    container: request.params.container ?? '',
  });
  return [
    route('GET', `${BASE}/contentinfo/{origin}/{container}/{path*}`, CLIENT, (request) =>
      contentInfo(context, target(request), request.params.path ?? ''),
    ),
    route('GET', `${BASE}/prefix/contentinfo/{origin}/{container}`, CLIENT, (request) =>
      prefixInfo(context, target(request), request),
    ),
    route('POST', `${BASE}/register`, CLIENT, (request) => register(context, jobs, request)),
    route('GET', `${BASE}/{origin}/{container}/contentinfo`, OLD_API, (request) =>
      contentInfo(context, target(request), queriedPath(request)),
    ),
    route('POST', `${BASE}/{origin}/{container}/batch/metadata`, OLD_API, (request) =>
      createEmpty(context, target(request), request),
    ),
    route('POST', `${BASE}/{origin}/{container}/content`, OLD_API, (request) =>
      upload(context, target(request), request),
    ),
  ];
}

/** The same by way of a run, as MLflow's client for the workspace goes. */
function byRunRoutes(context: EmulatorContext, jobs: Jobs, base: string): Route[] {
  const target = (request: Incoming): Target => {
    const workspace = regionalWorkspace(context, request, COMPONENT);
    const run = requireRun(jobs.store, workspace, request.params.run ?? '', COMPONENT);
    return { workspace, origin: 'ExperimentRun', container: `dcid.${run.containerOf}` };
  };
  return [
    route('POST', `${base}/batch/metadata`, RUN_HISTORY, (request) => createEmpty(context, target(request), request)),
    route('GET', `${base}/contentinfo`, RUN_HISTORY, (request) =>
      contentInfo(context, target(request), queriedPath(request)),
    ),
    route('GET', `${base}/prefix/contentinfo`, RUN_HISTORY, (request) => prefixInfo(context, target(request), request)),
    route('GET', base, RUN_HISTORY, (request) => listing(context, target(request), '')),
    route('GET', `${base}/path`, RUN_HISTORY, (request) => listing(context, target(request), queriedPath(request))),
  ];
}

function nameOf({ origin, container }: Target, path: string): string {
  return `${artifactRoot(origin, container)}/${path}`;
}

async function contentInfo(context: EmulatorContext, target: Target, path: string): Promise<Reply> {
  const name = nameOf(target, path);
  const found = await listArtifacts(context, target.workspace, artifactRoot(target.origin, target.container), path);
  if (!found.some((file) => file.path === path)) {
    throw dataPlaneError(COMPONENT, 404, 'UserError', `Artifact ${name} was not found.`, {
      innerCodes: ['NotFoundError'],
    });
  }
  const contentUri = artifactUrl(context, target.workspace, name, 'r');
  return { status: 200, body: { contentUri, origin: target.origin, container: target.container, path } };
}

async function prefixInfo(context: EmulatorContext, target: Target, request: Incoming): Promise<Reply> {
  const { origin, container } = target;
  const prefix = queriedPath(request);
  const count = Number(request.query.get('count') ?? 0) || 500;
  const start = Number(request.query.get('continuationToken') ?? 0) || 0;
  const found = await listArtifacts(context, target.workspace, artifactRoot(origin, container), prefix);
  const value = found
    .slice(start, start + count)
    .map(({ path, contentUri }) => ({ contentUri, origin, container, path }));
  const more = start + count < found.length ? { continuationToken: String(start + count) } : {};
  return { status: 200, body: { value, ...more } };
}

async function listing(context: EmulatorContext, target: Target, prefix: string): Promise<Reply> {
  const root = artifactRoot(target.origin, target.container);
  const found = await listArtifacts(context, target.workspace, root, prefix);
  return { status: 200, body: { value: found.map(({ path }) => artifactBody(context, target, path)) } };
}

/** Names places for new files: the client then uploads to the links itself. */
async function createEmpty(context: EmulatorContext, target: Target, request: Incoming): Promise<Reply> {
  const paths = asObject(await request.json()).paths;
  const asked = (Array.isArray(paths) ? (paths as readonly Json[]) : [])
    .map((path) => textAt(path, 'path'))
    .filter((path) => path !== undefined);
  const { origin, container, workspace } = target;
  return {
    status: 200,
    body: {
      artifacts: Object.fromEntries(asked.map((path) => [path, artifactBody(context, target, path)])),
      artifactContentInformation: Object.fromEntries(
        asked.map((path) => {
          const contentUri = artifactUrl(context, workspace, nameOf(target, path), 'rcw');
          return [path, { contentUri, origin, container, path, tags: null }];
        }),
      ),
      errors: {},
    },
  };
}

async function upload(context: EmulatorContext, target: Target, request: Incoming): Promise<Reply> {
  const path = queriedPath(request);
  await context.blobs.write(
    { account: target.workspace.storageAccount, container: ARTIFACT_CONTAINER, name: nameOf(target, path) },
    await request.body(),
  );
  return { status: 200, body: artifactBody(context, target, path) };
}

/** Makes a blob that is already on a datastore an artifact of a run. */
async function register(context: EmulatorContext, jobs: Jobs, request: Incoming): Promise<Reply> {
  const workspace = regionalWorkspace(context, request, COMPONENT);
  const body = asObject(await request.json());
  const target = { workspace, origin: textAt(body, 'origin') ?? '', container: textAt(body, 'container') ?? '' };
  const path = textAt(body, 'path') ?? '';
  const dataPath = isJsonObject(body.dataPath) ? body.dataPath : {};
  const uri = shortDatastoreUri(textAt(dataPath, 'dataStoreName') ?? '', textAt(dataPath, 'relativePath') ?? '');
  const place = findData(context, jobs.store, workspace, uri);
  const content = await context.blobs.read({ ...place, name: place.path });
  if (content !== undefined) {
    const name = nameOf(target, path);
    await context.blobs.write({ account: workspace.storageAccount, container: ARTIFACT_CONTAINER, name }, content);
  }
  return { status: 200, body: { ...artifactBody(context, target, path), dataPath } };
}

function artifactBody({ clock }: EmulatorContext, { origin, container }: Target, path: string): JsonObject {
  return {
    artifactId: `${origin}/${container}/${path}`,
    origin,
    container,
    path,
    etag: null,
    createdTime: clock.iso(),
    dataPath: null,
    tags: {},
  };
}
