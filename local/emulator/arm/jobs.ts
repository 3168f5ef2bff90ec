/** Jobs over the Resource Manager: put, get, list, cancel, delete. */
import { armUrl } from '../clouds.ts';
import type { EmulatorContext } from '../context.ts';
import { badBody, jobNotFound, mfeError } from '../errors.ts';
import { armRoute } from '../http.ts';
import type { Evidence, Incoming, Reply, Route } from '../http.ts';
import { isJsonObject, textAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { childJobBody, jobBody } from '../jobs/job-body.ts';
import { checkJobReferences } from '../jobs/job-references.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { textMembers } from '../jobs/command-plan.ts';
import { isTerminal } from '../jobs/records.ts';
import type { JobRecord, RunRecord } from '../jobs/records.ts';
import { author } from './resource.ts';
import { WORKSPACE_PATH, apiVersionOf, workspaceOf } from './workspace-scope.ts';
import type { WorkspaceRecord } from './workspace-scope.ts';

/** Jobs on one page of a list. No list was recorded; the SDK asks for no page size. */
const PAGE = 50;

const JOBS = `${WORKSPACE_PATH}/jobs`;
const JOB = `${JOBS}/{job}`;

export function jobRoutes(context: EmulatorContext, jobs: Jobs): Route[] {
  const recorded = (source: string): Evidence => ({ mark: 'recorded', source });
  const spec = (source: string): Evidence => ({ mark: 'spec', source });
  return [
    armRoute('PUT', JOB, recorded('command_job/*, pipeline_job/*, sweep_job/*'), (request) =>
      putJob(context, jobs, request),
    ),
    armRoute('GET', JOB, recorded('command_job/*, pipeline_job/get_child_job_arm'), (request) =>
      getJob(context, jobs, request),
    ),
    armRoute('POST', `${JOB}/cancel`, recorded('job/cancel'), (request) => cancelJob(context, jobs, request)),
    armRoute('GET', JOBS, spec('Jobs_List'), (request) => listJobs(context, jobs, request)),
    armRoute('DELETE', JOB, spec('Jobs_Delete'), (request) => deleteJob(context, jobs, request)),
  ];
}

async function putJob(context: EmulatorContext, jobs: Jobs, request: Incoming): Promise<Reply> {
  const workspace = workspaceOf(context, request);
  const name = request.params.job ?? '';
  const body = readBody(await request.json());
  const before = jobs.store.job(workspace.id, name);
  if (before !== undefined) return updateJob(context, jobs, request, before, body);

  const jobType = checkBody(name, body);
  checkJobReferences(context.state, workspace, body);
  const { by, byType } = author(request.caller);
  const job: JobRecord = { name, jobType, body, createdBy: by, createdByType: byType };
  const run = jobs.submit(workspace, job, apiVersionOf(request));
  return { status: 201, body: bodyOf(context, workspace, job, run, request) };
}

/** A second PUT changes what describes the job: its name for people, its tags and properties, and whether it is archived. */
function updateJob(
  context: EmulatorContext,
  jobs: Jobs,
  request: Incoming,
  before: JobRecord,
  body: JsonObject,
): Reply {
  const workspace = workspaceOf(context, request);
  const old = requireRun(jobs, workspace, before.name);
  const { description, isArchived, displayName } = body;
  const job: JobRecord = {
    ...before,
    body: {
      ...before.body,
      ...(description !== undefined && { description }),
      ...(isArchived !== undefined && { isArchived }),
      ...(displayName !== undefined && { displayName }),
    },
  };
  jobs.store.putJob(workspace.id, job);
  const own = Object.entries(old.tags).filter(([tag]) => tag.startsWith('_aml_system_'));
  const run = jobs.store.change(old, (now) => ({
    displayName: textAt(job.body, 'displayName') ?? now.displayName,
    description: textAt(job.body, 'description') ?? now.description,
    ...(isJsonObject(body.tags) && { tags: { ...Object.fromEntries(own), ...textMembers(body.tags) } }),
    properties: { ...now.properties, ...textMembers(body.properties) },
  }));
  return { status: 200, body: bodyOf(context, workspace, job, run, request) };
}

function getJob(context: EmulatorContext, jobs: Jobs, request: Incoming): Reply {
  const workspace = workspaceOf(context, request);
  const name = request.params.job ?? '';
  const job = jobs.store.job(workspace.id, name);
  const run = requireRun(jobs, workspace, name);
  return {
    status: 200,
    body:
      job === undefined
        ? childJobBody(run, placeOf(context, workspace, run))
        : bodyOf(context, workspace, job, run, request),
  };
}

function listJobs(context: EmulatorContext, jobs: Jobs, request: Incoming): Reply {
  const workspace = workspaceOf(context, request);
  const skip = Number(request.query.get('$skip') ?? request.query.get('$skipToken') ?? 0) || 0;
  const found = jobs.store.jobs(workspace.id, context.timings.listLag).flatMap((job) => {
    const run = jobs.store.find(workspace.id, job.name);
    return run !== undefined && isListed(job, run, request.query) ? [{ job, run }] : [];
  });
  const value = found.slice(skip, skip + PAGE).map(({ job, run }) => bodyOf(context, workspace, job, run, request));
  const next = new URLSearchParams(request.query);
  next.set('$skip', String(skip + PAGE));
  const nextLink = `${armUrl(context.cloud)}${request.path}?${next.toString()}`;
  return { status: 200, body: { value, ...(skip + PAGE < found.length && { nextLink }) } };
}

function isListed(job: JobRecord, run: RunRecord, query: URLSearchParams): boolean {
  const view = query.get('listViewType') ?? 'ActiveOnly';
  const isArchived = job.body.isArchived === true;
  if (view === 'ActiveOnly' && isArchived) return false;
  if (view === 'ArchivedOnly' && !isArchived) return false;
  const jobType = query.get('jobType');
  if (jobType !== null && jobType.toLowerCase() !== job.jobType.toLowerCase()) return false;
  return hasMember(run.tags, query.get('tag')) && hasMember(run.properties, query.get('properties'));
}

/** `key` or `key=value`, several separated by commas. */
function hasMember(members: Readonly<Record<string, string>>, wanted: string | null): boolean {
  return (wanted ?? '')
    .split(',')
    .filter((pair) => pair !== '')
    .every((pair) => {
      const [key = '', ...rest] = pair.split('=');
      return key in members && (rest.length === 0 || members[key] === rest.join('='));
    });
}

function cancelJob(context: EmulatorContext, jobs: Jobs, request: Incoming): Reply {
  const workspace = workspaceOf(context, request);
  const run = requireRun(jobs, workspace, request.params.job ?? '');
  jobs.cancel(run, null);
  const { headers } = context.operations.start({
    family: 'jobCancel',
    verb: 'post',
    target: `${workspace.id}/jobs/${run.id}`,
    subscriptionId: workspace.subscriptionId,
    region: workspace.region,
    workspaceId: workspace.workspaceId,
    apiVersion: apiVersionOf(request),
    durationMs: 0,
    suffix: run.id,
    complete: async () => {
      await jobs.ended(run);
      return undefined;
    },
  });
  return { status: 202, headers, body: null };
}

function deleteJob(context: EmulatorContext, jobs: Jobs, request: Incoming): Reply {
  const workspace = workspaceOf(context, request);
  const run = jobs.store.find(workspace.id, request.params.job ?? '');
  if (run === undefined) return { status: 204 };
  if (!isTerminal(run.status)) {
    throw mfeError(400, 'UserError', `Job ${run.id} is ${run.status}. Only a job that has ended can be deleted.`);
  }
  jobs.store.delete(run);
  return { status: 200, body: null };
}

function readBody(json: unknown): JsonObject {
  const properties = isJsonObject(json) ? json.properties : undefined;
  if (!isJsonObject(properties)) throw badBody('The request is invalid: properties is missing.');
  return properties;
}

/** The kind of job; refuses what the service would not take, and what the emulator cannot run. */
function checkBody(name: string, body: JsonObject): JobRecord['jobType'] {
  const jobType = textAt(body, 'jobType');
  if (jobType === undefined) throw badBody('The request is invalid: properties.jobType is missing.');
  if (!/^[a-z0-9][\w-]{0,254}$/i.test(name)) {
    throw badBody(`The job name ${name} is invalid: letters, digits, '-' and '_', at most 255 of them.`);
  }
  if (jobType === 'Pipeline') return jobType;
  if (jobType !== 'Command' && jobType !== 'Sweep')
    throw mfeError(501, 'NotImplemented', `The emulator does not run jobs of type ${jobType}.`);
  const place = jobType === 'Sweep' ? ['trial'] : [];
  for (const member of ['command', 'environmentId']) {
    const path = [...place, member];
    if (textAt(body, ...path) === undefined)
      throw badBody(`The request is invalid: properties.${path.join('.')} is missing.`);
  }
  return jobType;
}

function requireRun(jobs: Jobs, workspace: WorkspaceRecord, name: string): RunRecord {
  const run = jobs.store.find(workspace.id, name);
  if (run === undefined) throw jobNotFound(name);
  return run;
}

function placeOf(context: EmulatorContext, workspace: WorkspaceRecord, run: RunRecord): Parameters<typeof jobBody>[2] {
  return {
    cloud: context.cloud,
    region: workspace.region,
    workspace: workspace.id,
    createdAt: context.clock.iso(run.createdAt),
  };
}

function bodyOf(
  context: EmulatorContext,
  workspace: WorkspaceRecord,
  job: JobRecord,
  run: RunRecord,
  request: Incoming,
): JsonObject {
  return jobBody(job, run, placeOf(context, workspace, run), apiVersionOf(request));
}
