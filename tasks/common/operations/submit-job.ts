/** Submits a job once, however often the step runs: a retried step finds the job it started. */
import { hashedGuid } from '../aml-yaml/anonymous-versions.ts';
import { parseOverrides } from '../aml-yaml/override-lines.ts';
import type { LocalSource, Plan, Template } from '../aml-yaml/plan.ts';
import { planFile } from '../aml-yaml/plan-file.ts';
import { hasEnded } from '../domain/job-states.ts';
import { isJsonObject, textAt, type Json } from '../domain/json.ts';
import { FINGERPRINT, gitProperties, lineageProperties, SUBMISSION } from '../domain/lineage.ts';
import { canonicalJson } from '../domain/resource-difference.ts';
import { attemptJobName, identityText, submissionJobName } from '../domain/submission-identity.ts';
import type { WorkspaceId } from '../domain/workspace-id.ts';
import { UserError } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { prepareBody } from './apply-plan.ts';
import { ownJob } from './cancel-job.ts';
import { jobDefinition, type ComponentPlaces, type JobDefinition, type JobSourceRequest } from './job-source.ts';
import type { Context, OperationAgent } from './task-context.ts';

export interface SubmitRequest extends JobSourceRequest {
  readonly overrides: readonly string[];
  readonly name: string | undefined;
  readonly experimentName: string | undefined;
  readonly allowPathsOutsideSources: boolean;
  /** Whether the step cancels the job when it is cancelled itself. */
  readonly cancelsWithStep: boolean;
}

export interface Submission {
  readonly name: string;
  /** `attached`: an earlier attempt of this step started it. `reused`: and it has completed since. */
  readonly how: 'submitted' | 'attached' | 'reused';
  readonly job: Resource;
}

interface Identity {
  readonly submission: string;
  readonly fingerprint: string;
}

/** Submits the job of a file. Throws UserError for wrong YAML and for a name that is taken, before anything is uploaded. */
export async function submitJob(context: Context & ComponentPlaces, request: SubmitRequest): Promise<Submission> {
  const { agent, workspace } = context;
  const definition = await jobDefinition(agent, context, request);
  const submission = hashedGuid(identityText(agent.run, definition.file));
  const firstName = submissionJobName(agent.run, submission);
  const plan = await planJob(agent, workspace.id, request, definition, firstName);
  const identity = { submission, fingerprint: fingerprint(plan) };
  const found = await findJob(context, plan, identity, plan.main.name === firstName ? undefined : plan.main.name);
  if ('job' in found) {
    if (request.cancelsWithStep && found.how === 'attached') ownJob(agent.memory, found.name);
    return found;
  }
  return submit(context, request, withIdentity(renamed(plan, found.name), identity));
}

/** The plan of a job's file; `name` where neither the file nor the request gives one. Throws UserError for wrong YAML. */
export async function planJob(
  agent: OperationAgent,
  workspace: WorkspaceId,
  request: Omit<SubmitRequest, 'cancelsWithStep'>,
  { file, absolutePath, files }: JobDefinition,
  name: string,
): Promise<Plan> {
  const own = [
    ...(request.name === undefined ? [] : [{ path: 'name', value: request.name }]),
    ...(request.experimentName === undefined ? [] : [{ path: 'experiment_name', value: request.experimentName }]),
  ];
  return planFile({
    file,
    absolutePath,
    kind: 'job',
    overrides: [...parseOverrides(request.overrides), ...own],
    files,
    workspace,
    sourcesDirectory: agent.run.sourcesDirectory,
    allowPathsOutsideSources: request.allowPathsOutsideSources,
    job: {
      name,
      ...(agent.run.definitionName === '' ? {} : { experimentName: agent.run.definitionName }),
      properties: { ...gitProperties(agent.run), ...lineageProperties(agent.run) },
    },
  });
}

/**
 * What a plan would submit, without what tells one run from the next (its names, lineage and Git information): the same files
 * with the same overrides give the same fingerprint.
 */
function fingerprint(plan: Plan): string {
  const { name, body } = plan.main;
  const properties = isRecord(body.properties) ? body.properties : {};
  const own = /^(azdo|mlflow\.source\.git|azureml\.git)\./;
  const facts = isRecord(properties.properties) ? properties.properties : {};
  const content = {
    ...properties,
    properties: Object.fromEntries(Object.entries(facts).filter(([key]) => !own.test(key))),
    displayName: properties.displayName === name ? undefined : properties.displayName,
  };
  const steps = plan.steps.flatMap((step) => (step === plan.main ? [] : [step]));
  return hashedGuid(canonicalJson({ content, steps: JSON.parse(JSON.stringify(steps, withoutPaths)) as Json }));
}

/** Local folders count by their content, not by where this agent has checked them out. */
function withoutPaths(this: unknown, key: string, value: unknown): unknown {
  if (key !== 'source' || typeof value !== 'object' || value === null) return value;
  const { contentHash, objectHash, basename } = value as LocalSource;
  return { contentHash, objectHash, basename };
}

function isRecord(template: Template | undefined): template is Readonly<Record<string, Template>> {
  return isJsonObject(template);
}

/** The job to go on with, or the name for a new one. */
async function findJob(
  { workspace, agent }: Context,
  plan: Plan,
  identity: Identity,
  givenName: string | undefined,
): Promise<Submission | { readonly name: string }> {
  for (let attempt = 1; ; attempt += 1) {
    const name = givenName ?? attemptJobName(plan.main.name, attempt);
    const job = await workspace.get(`jobs/${name}`, { signal: agent.signal });
    if (job === undefined) return { name };
    const status = textAt(job, 'properties', 'status') ?? '';
    const isOurs = tag(job, SUBMISSION) === identity.submission;
    const isSame = isOurs && tag(job, FINGERPRINT) === identity.fingerprint;
    if (isSame && status === 'Completed') return { name, how: 'reused', job };
    const goesOn = !hasEnded(status) && status !== 'CancelRequested';
    if (isSame && goesOn) return { name, how: 'attached', job };
    if (isOurs && goesOn) throw changedMeanwhile(plan, name);
    if (givenName !== undefined) throw nameTaken(plan, name, status);
  }
}

function tag(job: Resource, name: string): string | undefined {
  return textAt(job, 'properties', 'tags', name);
}

function changedMeanwhile({ file }: Plan, name: string): UserError {
  return new UserError({
    file,
    message:
      `The job ${name}, which an earlier attempt of this step started, still runs with other content. ` +
      'Nothing is overwritten: wait for it or cancel it, then run the step again.',
  });
}

function nameTaken({ file }: Plan, name: string, status: string): UserError {
  return new UserError({
    file,
    message:
      `There is already a job named '${name}' (${status}), which is not this one. ` +
      'Give another name, for example one with $(Build.BuildId), or leave the name out.',
  });
}

/** The plan under another name; the display name follows where it was only the name. */
function renamed(plan: Plan, name: string): Plan {
  const { main } = plan;
  const properties = isRecord(main.body.properties) ? main.body.properties : {};
  const displayName = properties.displayName === main.name ? { displayName: name } : {};
  return withMain(plan, { ...main, name, body: { ...main.body, properties: { ...properties, ...displayName } } });
}

function withIdentity(plan: Plan, { submission, fingerprint: hash }: Identity): Plan {
  const { main } = plan;
  const properties = isRecord(main.body.properties) ? main.body.properties : {};
  const tags = { ...(isRecord(properties.tags) ? properties.tags : {}), [SUBMISSION]: submission, [FINGERPRINT]: hash };
  return withMain(plan, { ...main, body: { ...main.body, properties: { ...properties, tags } } });
}

function withMain(plan: Plan, main: Plan['main']): Plan {
  return { ...plan, main, steps: plan.steps.map((step) => (step === plan.main ? main : step)) };
}

async function submit(context: Context, request: SubmitRequest, plan: Plan): Promise<Submission> {
  const { agent, workspace } = context;
  const body = await prepareBody(context, plan);
  const { name, query, withUserToken } = plan.main;
  agent.signal.throwIfAborted();
  if (request.cancelsWithStep) ownJob(agent.memory, name);
  const job = await workspace.put(`jobs/${name}`, body, {
    signal: agent.signal,
    ...(query === undefined ? {} : { query }),
    ...(withUserToken === undefined ? {} : { withUserToken }),
  });
  return { name, how: 'submitted', job };
}
