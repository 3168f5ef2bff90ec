/** Reads a pipeline file, runs it once against a service, and keeps its logs and summaries. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { virtualNow } from './agent/clock.ts';
import type { JobVariable } from './agent/job-request.ts';
import type { JobRecord } from './agent/records.ts';
import type { EmulatedService } from './emulated-service.ts';
import type { LocalRun } from './local-run.ts';
import { builtInTasks } from './pipeline/built-in/write-tasks.ts';
import type { MappingNode } from './pipeline/document/document-node.ts';
import type { PipelinePlan } from './pipeline/plan/plan.ts';
import { readPlan } from './pipeline/plan/read-plan.ts';
import { readTaskCatalog, standIn, type TaskCatalog } from './pipeline/plan/task-catalog.ts';
import type { Approve } from './pipeline/run/approvals.ts';
import type { PipelineRecord } from './pipeline/run/records.ts';
import { runPipeline } from './pipeline/run/run-pipeline.ts';
import { expandPipeline } from './pipeline/template/expand-pipeline.ts';
import { openRepositories, type Repositories } from './repositories.ts';
import { sourceVariables } from './source-variables.ts';
import { UsageError } from './usage-error.ts';
import { readVariableGroups } from './variable-groups.ts';

export const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));

export interface FileInput {
  readonly file: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
  /** Folders of repositories by alias; `self` is found where it is missing. */
  readonly repositories?: Readonly<Record<string, string>>;
  /** Files of variable groups by name. */
  readonly groups?: Readonly<Record<string, string>>;
}

export interface FileRun extends FileInput {
  readonly plan: PipelinePlan;
  readonly buildId: number;
  readonly debug: boolean;
  /** The folder `checkout: self` copies; the file's own where it is missing. */
  readonly sourcesFolder?: string | undefined;
  /** Logs and summaries are written here; what an earlier run left there is removed. */
  readonly outputFolder: string;
  readonly approve?: Approve | undefined;
}

export interface FileRecord {
  readonly record: PipelineRecord;
  /** Markdown files of the run's summary. */
  readonly summaries: readonly string[];
}

/** The final document of a pipeline file. Throws UsageError or PipelineRefused. */
export function expandPipelineFile(input: FileInput): MappingNode {
  const repositories = repositoriesOf(input);
  return expandPipeline({
    file: repositories.pipeline,
    source: repositories.source,
    parameters: input.parameters,
    variables: input.variables,
  });
}

/**
 * Reads a pipeline file. To check it only (`check`), tasks, repositories and groups that are not here are let through.
 * Throws UsageError or PipelineRefused.
 */
export function planFile(
  input: FileInput,
  catalog: TaskCatalog,
  connections: readonly string[],
  purpose: 'run' | 'check' = 'run',
): PipelinePlan {
  return readPlan({
    document: expandPipelineFile(input),
    catalog,
    variables: { ...input.variables, ...input.secrets },
    connections,
    groups: readVariableGroups(input.groups ?? {}),
    repositories: new Map([...repositoriesOf(input).folders].map(([alias, folder]) => [alias, basename(folder)])),
    purpose,
  });
}

/** The repositories a pipeline file may read. Throws UsageError. */
export function repositoriesOf(input: Pick<FileInput, 'file' | 'repositories'>): Repositories {
  if (!existsSync(input.file)) throw new UsageError(`There is no pipeline at ${input.file}.`);
  return openRepositories(input.file, input.repositories ?? {});
}

/** Runs a planned file to its end. */
export async function runPipelineFile(run: LocalRun, file: FileRun): Promise<FileRecord> {
  const path = resolve(file.file);
  const sourcesFolder = resolve(file.sourcesFolder ?? dirname(path));
  rmSync(file.outputFolder, { recursive: true, force: true });
  const record = await runPipeline({
    plan: file.plan,
    sourcesFolder,
    repositories: repositoriesOf(file).folders,
    workFolder: run.folder.work,
    logsFolder: join(file.outputFolder, 'logs'),
    buildId: file.buildId,
    variables: {
      ...sourceVariables(sourcesFolder),
      'System.TeamProject': { value: run.service.project },
      'Build.DefinitionName': { value: basename(dirname(path)) },
      ...runVariables(file),
    },
    agent: run.agent,
    approve: file.approve === undefined ? undefined : noted(run.service, file.buildId, file.approve),
  });
  const jobs = record.stages.flatMap((stage) => stage.jobs.flatMap(({ runs }) => runs.map((each) => each.record)));
  return { record, summaries: writeSummaries(jobs, file.outputFolder) };
}

/** Tells the emulated pipeline service of each decision, where tasks read who has approved what. */
function noted(service: EmulatedService, buildId: number, approve: Approve): Approve {
  return async (request) => {
    const answer = await approve(request);
    const { username } = userInfo();
    const decision = {
      buildId: String(buildId),
      stage: request.stage,
      status: answer.approved ? 'approved' : 'rejected',
      approver: username,
      account: `${username}@localhost`,
      decidedAt: new Date(virtualNow(service.clock)).toISOString(),
    };
    const url = `${service.url}/_emulator/approvals`;
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(decision) });
    if (!response.ok) throw new Error(`POST ${url} answered ${response.status}: ${await response.text()}`);
    return answer;
  };
}

/** Variables and secrets given on the command line, and System.Debug. */
export function runVariables(given: Pick<FileRun, 'variables' | 'secrets' | 'debug'>): Record<string, JobVariable> {
  const all: Record<string, JobVariable> = {};
  for (const [name, value] of Object.entries(given.variables)) all[name] = { value };
  for (const [name, value] of Object.entries(given.secrets)) all[name] = { value, secret: true };
  if (given.debug) all['System.Debug'] = { value: 'true' };
  return all;
}

/**
 * The built tasks of a folder, those every agent has, and stand-ins for others (folders by task). Throws UsageError when
 * there are no built ones.
 */
export function builtTasks(
  folder = join(REPOSITORY, 'dist/tasks'),
  standIns: Readonly<Record<string, string>> = {},
): TaskCatalog {
  const catalog = readTaskCatalog(folder);
  const others = Object.entries(standIns).map(([name, path]) => {
    if (!existsSync(join(path, 'task.json'))) throw new UsageError(`--task ${name}: ${path} has no task.json.`);
    return standIn(name, path);
  });
  if (catalog.length > 0) return [...others, ...catalog, ...builtInTasks(join(REPOSITORY, '.local/tasks'))];
  throw new UsageError(`There are no built tasks in ${relative(process.cwd(), folder)}; run \`npm run build\`.`);
}

/** Writes the summary sections of jobs as Markdown files, in order, and returns their paths. */
export function writeSummaries(jobs: readonly JobRecord[], folder: string): string[] {
  const sections = jobs.flatMap(({ summaries }) => summaries);
  if (sections.length > 0) mkdirSync(join(folder, 'summaries'), { recursive: true });
  return sections.map(({ step, markdown }, index) => {
    const name = step.replaceAll(/[^\w.-]+/g, '-').toLowerCase();
    const path = join(folder, 'summaries', `${index + 1}-${name}.md`);
    writeFileSync(path, markdown);
    return path;
  });
}
