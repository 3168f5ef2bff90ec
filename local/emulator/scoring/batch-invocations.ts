/** Invocations of batch endpoints: `POST https://{endpoint}.{region}.inference…/jobs`, and the list of the jobs they became. */
import { randomUUID } from 'node:crypto';
import type { BatchDeploymentRecord, BatchEndpointRecord } from '../arm/batch-records.ts';
import type { BatchParts } from '../arm/batch-endpoints.ts';
import { page } from '../arm/paging.ts';
import { COLLECTIONS } from '../arm/resource.ts';
import { WORKSPACE_PATH, workspaceOf, type WorkspaceRecord } from '../arm/workspace-scope.ts';
import { regionalHost } from '../clouds.ts';
import { badBody, endpointNotFound } from '../errors.ts';
import type { Incoming, Reply, Route } from '../http.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { RunRecord } from '../jobs/records.ts';
import { textMembers } from '../jobs/command-plan.ts';
import { asObject, isJsonObject, textAt, type JsonObject } from '../json.ts';
import { batchJobBody, batchJobProperties, friendlyName, type BatchJobRecord } from './batch-job-bodies.ts';
import { planBatchJob } from './batch-plan.ts';
import { refuseCaller } from './scoring-authorization.ts';

export interface BatchInvocationParts extends BatchParts {
  readonly jobs: Jobs;
}

const DEPLOYMENT_HEADER = 'azureml-model-deployment';
const REPEATED_HEADER = 'repeatability_request-id';
/** The version in which the regional service speaks of batch jobs. */
const API_VERSION = '2020-09-01-dataplanepreview';
const LIST_PATH = `/mferp/managementfrontend${WORKSPACE_PATH}/batchEndpoints/{endpoint}`;
const PAGE_SIZE = 30;

/** The routes of all batch endpoints' jobs. */
export function batchInvocationRoutes(parts: BatchInvocationParts): Route[] {
  const list = (path: string): Route => ({
    plane: 'regional',
    method: 'GET',
    path,
    evidence: { mark: 'guessed', source: 'path and api-version of the public client; body as of an invocation' },
    handle: (request) => listJobs(parts, request),
  });
  return [
    {
      plane: 'scoring',
      method: 'POST',
      path: '/jobs',
      evidence: {
        mark: 'recorded',
        source: 'batch_endpoint/invoke_201, batch_endpoint/job_as_arm_job; refusals and repeated requests: guessed',
      },
      handle: (request) => invoke(parts, request),
    },
    list(`${LIST_PATH}/jobs`),
    list(`${LIST_PATH}/deployments/{deployment}/jobs`),
  ];
}

async function invoke(parts: BatchInvocationParts, request: Incoming): Promise<Reply> {
  const { context, store } = parts;
  const endpoint = store.endpointInRegion(request.endpoint ?? '', request.region ?? '');
  if (endpoint === undefined) return plainText(404, 'Endpoint does not exist');
  const refusal = refuseCaller(context, { name: endpoint.name, authMode: 'AADToken' }, request.headers.authorization);
  if (refusal !== undefined) return refusal;
  const named = request.headers[DEPLOYMENT_HEADER] ?? endpoint.defaultDeployment ?? undefined;
  const deployment = named === undefined ? undefined : store.deployment(endpoint, named);
  if (deployment?.isCreated !== true) return plainText(404, 'Specified deployment could not be found');
  const workspace = context.state.collection<WorkspaceRecord>(COLLECTIONS.workspaces).get(endpoint.workspace);
  if (workspace === undefined) throw endpointNotFound(endpoint.name, endpoint.workspace);

  const body = await request.json();
  const asked = isJsonObject(body) ? body.properties : undefined;
  if (!isJsonObject(asked)) throw badBody('The request is invalid: properties is missing.');
  const repeated = request.headers[REPEATED_HEADER];
  const job = findRepeated(parts, endpoint, repeated) ?? start(parts, workspace, endpoint, deployment, asked, repeated);
  return {
    status: 201,
    headers: {
      [DEPLOYMENT_HEADER]: deployment.name,
      Location: `https://${regionalHost(context.cloud, endpoint.location)}/mferp/managementfrontend${deployment.id}?api-version=${API_VERSION}`,
      'x-ms-response-type': 'standard',
    },
    body: bodyOf(parts, job),
  };
}

function records({ context }: BatchInvocationParts) {
  return context.state.collection<BatchJobRecord>('batchJobs');
}

/** A request that is sent again under the same id starts nothing. */
function findRepeated(
  parts: BatchInvocationParts,
  endpoint: BatchEndpointRecord,
  id: string | undefined,
): BatchJobRecord | undefined {
  if (id === undefined) return undefined;
  return jobsOf(parts, endpoint).find((job) => job.repeatable === id);
}

function start(
  parts: BatchInvocationParts,
  workspace: WorkspaceRecord,
  endpoint: BatchEndpointRecord,
  deployment: BatchDeploymentRecord,
  asked: JsonObject,
  repeatable: string | undefined,
): BatchJobRecord {
  const { context, jobs } = parts;
  const plan = planBatchJob({ context, workspace }, deployment, asked);
  const name = `batchjob-${randomUUID()}`;
  const displayName = textAt(asked, 'name') ?? friendlyName(name);
  const job: BatchJobRecord = {
    name,
    displayName,
    workspace: workspace.id,
    endpoint: endpoint.id,
    deployment: deployment.id,
    asked,
    settings: deployment.settings,
    region: endpoint.location,
    createdAt: context.clock.iso(),
    repeatable,
  };
  const tags = { 'azureml.batchrun': 'true', 'azureml.deploymentname': deployment.name, ...textMembers(asked.tags) };
  jobs.submit(
    workspace,
    {
      name,
      jobType: 'Pipeline',
      createdBy: context.settings.principal.objectId,
      createdByType: 'Application',
      body: {
        description: `Pipeline submission for endpoint: ${endpoint.name}, deployment: ${deployment.name}.`,
        displayName,
        experimentName: textAt(asked, 'experimentName') ?? endpoint.name,
        tags,
        properties: { ...batchJobProperties(job, plan), ...textMembers(asObject(asked.properties)) },
        inputs: {},
      },
    },
    API_VERSION,
    plan,
  );
  records(parts).put(`${endpoint.id}/jobs/${name}`, job);
  return job;
}

function jobsOf(parts: BatchInvocationParts, endpoint: BatchEndpointRecord): readonly BatchJobRecord[] {
  return records(parts)
    .list(`${endpoint.id}/jobs/`)
    .map(({ value }) => value);
}

function listJobs(parts: BatchInvocationParts, request: Incoming): Reply {
  const { context, store } = parts;
  const endpoint = store.requireEndpoint(workspaceOf(context, request), request.params.endpoint ?? '');
  const { deployment } = request.params;
  const only = deployment === undefined ? undefined : store.requireDeployment(endpoint, deployment).id;
  const found = jobsOf(parts, endpoint).filter((job) => only === undefined || job.deployment === only);
  return {
    status: 200,
    body: page(
      request,
      found.map((job) => bodyOf(parts, job)),
      PAGE_SIZE,
    ),
  };
}

function bodyOf(parts: BatchInvocationParts, job: BatchJobRecord): JsonObject {
  const run: RunRecord | undefined = parts.jobs.store.find(job.workspace, job.name);
  return batchJobBody(parts.context.cloud, job, run);
}

function plainText(status: number, body: string): Reply {
  return { status, headers: { 'Content-Type': 'text/plain' }, body };
}
