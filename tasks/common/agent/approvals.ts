/**
 * Who approved the stage this job runs in, from the pipeline service itself, with the job's own token: the run's timeline
 * names the approval checks of each stage ("Timeline - Get", 7.1), and the approvals themselves say who decided
 * ("Approvals - Query", 7.1).
 */
import { rootCertificates } from 'node:tls';
import { at, isJsonObject, textAt, type Json, type JsonObject } from '../domain/json.ts';
import type { Approval, ApprovalEvidence, NetworkSettings } from '../ports.ts';
import type { TaskAgent } from './agent.ts';

const API_VERSION = '7.1';
/** Nobody waits long for evidence. */
const TIMEOUT_MS = 30_000;

/** The part of a task's agent that is needed here. */
export type ApprovalAgent = Pick<TaskAgent, 'run' | 'network' | 'pipelineService' | 'writeTemporaryFile'>;

/** Reads a JSON document of the pipeline service; undefined where there is none. Throws when it is refused. */
type ReadJson = (url: string) => Promise<Json | undefined>;

/** The evidence for this run's stage. What cannot be read is `unavailable`, with the reason; nothing is thrown. */
export async function readApprovals(agent: ApprovalAgent): Promise<ApprovalEvidence> {
  const { collectionUri, projectName, projectId, buildId, stageName } = agent.run;
  const project = projectId === '' ? projectName : projectId;
  const missing = collectionUri === '' || project === '' || buildId === '' || stageName === '';
  if (missing) return unavailable('the agent names no run of a YAML pipeline');
  if (!collectionUri.startsWith('https://')) return unavailable(`${collectionUri} is not an https address`);
  const token = agent.pipelineService.accessToken();
  if (token === undefined) return unavailable('the agent was given no token of the job');
  try {
    const read = await jsonReader(agent, token);
    const project$ = `${collectionUri}${encodeURIComponent(project)}`;
    const timeline = await read(
      `${project$}/_apis/build/builds/${encodeURIComponent(buildId)}/timeline?api-version=${API_VERSION}`,
    );
    if (timeline === undefined) return unavailable(`the run ${buildId} has no timeline`);
    const ids = approvalIds(timeline, stageName);
    const evidence = { state: 'read', stage: stageName, environment: agent.pipelineService.environmentName } as const;
    if (ids.length === 0) return { ...evidence, approvals: [] };
    const answer = await read(
      `${project$}/_apis/pipelines/approvals?approvalIds=${ids.join(',')}&$expand=steps&api-version=${API_VERSION}`,
    );
    return { ...evidence, approvals: approvalsOf(answer) };
  } catch (error) {
    return unavailable(reasonOf(error));
  }
}

function unavailable(reason: string): ApprovalEvidence {
  return { state: 'unavailable', reason };
}

/** The pipeline service's own client, over the agent's proxy and certificates; redirects would carry the token away. */
async function jsonReader(agent: ApprovalAgent, token: string): Promise<ReadJson> {
  // Loaded here, so that tasks that ask for no evidence do not carry it.
  const [{ ClientApiBase }, { BearerCredentialHandler }] = await Promise.all([
    import('azure-devops-node-api/ClientApiBases.js'),
    import('azure-devops-node-api/handlers/bearertoken.js'),
  ]);
  const client = new ClientApiBase(
    agent.run.collectionUri,
    [new BearerCredentialHandler(token)],
    'secure-mlops-azureml',
    {
      allowRedirects: false,
      allowRetries: true,
      maxRetries: 2,
      socketTimeout: TIMEOUT_MS,
      proxy: proxyOf(agent.network),
      ...(await trustOf(agent)),
    },
  );
  return async (url) => {
    const { result } = await client.rest.get<Json>(url, { acceptHeader: 'application/json' });
    return result ?? undefined;
  };
}

/** Without a proxy of the agent's an empty one, because the client would look into the environment otherwise. */
function proxyOf({ proxy }: NetworkSettings) {
  return {
    proxyUrl: proxy?.url ?? '',
    ...(proxy?.username === undefined ? {} : { proxyUsername: proxy.username }),
    ...(proxy?.password === undefined ? {} : { proxyPassword: proxy.password }),
    proxyBypassHosts: [...(proxy?.bypass ?? [])],
  };
}

/** The client takes authorities from a file alone, and in place of those Node trusts: the file holds both. */
async function trustOf(agent: ApprovalAgent): Promise<{ readonly cert?: { readonly caFile: string } }> {
  const own = agent.network.certificateAuthorities;
  if (own === undefined) return {};
  return { cert: { caFile: await agent.writeTemporaryFile('authorities.pem', [...rootCertificates, own].join('\n')) } };
}

/** Stage → checkpoint → approval; the approval's id is that of its record. */
function approvalIds(timeline: Json, stage: string): readonly string[] {
  const records = itemsOf(at(timeline, 'records'));
  const ids = (type: string, isWanted: (record: JsonObject) => boolean): readonly string[] =>
    records.flatMap((record) =>
      textAt(record, 'type') === type && isWanted(record) ? (textAt(record, 'id') ?? []) : [],
    );
  const below =
    (parents: readonly string[]) =>
    (record: JsonObject): boolean =>
      parents.includes(textAt(record, 'parentId') ?? '');
  const stages = ids('Stage', (record) => [textAt(record, 'identifier'), textAt(record, 'name')].includes(stage));
  return ids('Checkpoint.Approval', below(ids('Checkpoint', below(stages))));
}

/** One entry a decision: each step of an approval that somebody has ended, else the approval as a whole. */
function approvalsOf(answer: Json | undefined): readonly Approval[] {
  return itemsOf(at(answer, 'value')).flatMap((approval) => {
    const steps = itemsOf(at(approval, 'steps')).filter(
      (step) => textAt(step, 'actualApprover', 'displayName') !== undefined,
    );
    if (steps.length > 0) return steps.map(readStep);
    return [
      {
        status: textAt(approval, 'status') ?? 'undefined',
        approver: '',
        decidedAt: textAt(approval, 'lastModifiedOn'),
      },
    ];
  });
}

function readStep(step: JsonObject): Approval {
  const name = textAt(step, 'actualApprover', 'displayName') ?? '';
  const account = textAt(step, 'actualApprover', 'uniqueName');
  return {
    status: textAt(step, 'status') ?? 'undefined',
    approver: account === undefined || account === name ? name : `${name} <${account}>`,
    decidedAt: textAt(step, 'lastModifiedOn'),
  };
}

function itemsOf(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter(isJsonObject) : [];
}

/** Errors of the client carry a status; the message is the service's. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? `${String(error.statusCode)}: ` : '';
  return `${status}${message}`.slice(0, 300);
}
