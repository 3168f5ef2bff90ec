import { basename, dirname, join, parse } from 'node:path';
import { planFile } from '../../tasks/common/aml-yaml/plan-file.ts';
import type { Plan, PlanKind } from '../../tasks/common/aml-yaml/plan.ts';
import { UserError } from '../../tasks/common/errors.ts';
import { applyPlan } from '../../tasks/common/operations/apply-plan.ts';
import type { OperationAgent } from '../../tasks/common/operations/task-context.ts';
import { diskFiles } from './disk-files.ts';
import type { RecordedCase } from './recorded-case.ts';
import { RecordedWorkspace, type CapturedRequest } from './recorded-workspace.ts';

/** The workspace all cases were recorded with. */
export const WORKSPACE = {
  subscriptionId: '11111111-1111-1111-1111-111111111111',
  resourceGroup: 'rg-golden',
  name: 'ws-golden',
};

/** How a case was recorded: what the caller of the client asked for. */
const EXPECTED_KINDS: Readonly<Record<string, PlanKind>> = {
  command: 'job',
  pipeline: 'job',
  sweep: 'job',
  spark: 'job',
  automl: 'job',
  job: 'job',
  component: 'component',
  environment: 'environment',
  data: 'data',
  model: 'model',
  'online-endpoint': 'onlineEndpoint',
  'online-deployment': 'onlineDeployment',
  'batch-endpoint': 'batchEndpoint',
  'batch-deployment': 'batchDeployment',
  compute: 'compute',
  datastore: 'datastore',
  connection: 'connection',
  schedule: 'schedule',
  registry: 'registry',
};

/** Plans a case's file as it was given to the client when the case was recorded. */
export function planCase(kase: RecordedCase, inputs: string): Promise<Plan> {
  const kind = EXPECTED_KINDS[kase.kind];
  return planFile({
    file: basename(kase.yaml),
    absolutePath: join(inputs, kase.yaml),
    ...(kind === undefined ? {} : { kind }),
    overrides: kase.overrides ?? [],
    files: diskFiles,
    workspace: WORKSPACE,
    sourcesDirectory: inputs,
    job: { name: 'generated_job_name', experimentName: experimentName(kase.cwd ?? dirname(kase.yaml)) },
    likeAzureAiMl: true,
  });
}

/** The client's default: the working folder's name without extension and blanks. */
function experimentName(folder: string): string {
  return parse(folder).name.replaceAll(' ', '') || 'Default';
}

/** Carries the case's plan out against a workspace that knows what the case recorded. */
export async function runCase(kase: RecordedCase, inputs: string): Promise<readonly CapturedRequest[]> {
  const plan = await planCase(kase, inputs);
  const workspace = new RecordedWorkspace(WORKSPACE, kase.requests ?? []);
  await applyPlan({ agent: silentAgent(), workspace }, plan);
  return workspace.captured;
}

/** True where the file is refused for what it is, not for what is wrong with it. */
export function isUnsupported(error: unknown): boolean {
  return error instanceof UserError && error.problems.some(({ message }) => message.includes('not supported'));
}

/** An agent that is only asked for its disk. */
export function silentAgent(): OperationAgent {
  const ignore = (): void => undefined;
  return {
    log: { info: ignore, warning: ignore, debug: ignore, progress: ignore, group: (_, work) => work() },
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    signal: new AbortController().signal,
    memory: { get: () => undefined, set: ignore },
    run: {
      collectionUri: 'https://dev.azure.com/example/',
      projectId: '',
      projectName: 'example',
      definitionId: '1',
      definitionName: 'example',
      buildId: '1',
      buildUrl: undefined,
      stageName: '',
      jobName: '',
      jobLeg: '',
      taskInstanceName: '',
      repository: '',
      repositoryUri: undefined,
      sourceBranch: '',
      sourceVersion: '',
      requestedFor: '',
      sourcesDirectory: '/',
      tempDirectory: '/tmp',
    },
    files: diskFiles,
    addSummary: ignore,
    maskSecret: ignore,
    redact: (text) => text,
    writeTemporaryFile: () => Promise.reject(new Error('No case writes files.')),
    runCommand: () => Promise.reject(new Error('No case runs commands.')),
  };
}
