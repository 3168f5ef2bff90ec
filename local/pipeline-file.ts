/** Runs a pipeline file once against a service, and keeps its logs and summaries. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JobVariable } from './agent/job-request.ts';
import type { JobRecord } from './agent/records.ts';
import type { LocalRun } from './local-run.ts';
import type { PipelinePlan } from './pipeline/plan.ts';
import { readPipeline } from './pipeline/read-pipeline.ts';
import { runPipeline, type PipelineRecord } from './pipeline/run-pipeline.ts';
import { readTaskCatalog, type TaskCatalog } from './pipeline/task-catalog.ts';
import { sourceVariables } from './source-variables.ts';
import { UsageError } from './usage-error.ts';

export const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));

export interface FileInput {
  readonly file: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
}

export interface FileRun extends FileInput {
  readonly plan: PipelinePlan;
  readonly buildId: number;
  readonly debug: boolean;
  /** The folder `checkout: self` copies; the file's own where it is missing. */
  readonly sourcesFolder?: string | undefined;
  /** Logs and summaries are written here; what an earlier run left there is removed. */
  readonly outputFolder: string;
}

export interface FileRecord {
  readonly record: PipelineRecord;
  /** Markdown files of the run's summary. */
  readonly summaries: readonly string[];
}

/** Reads a pipeline file. Throws UsageError or PipelineRefused. */
export function planFile(input: FileInput, catalog: TaskCatalog, connections: readonly string[]): PipelinePlan {
  if (!existsSync(input.file)) throw new UsageError(`There is no pipeline at ${input.file}.`);
  return readPipeline({
    file: relative(process.cwd(), resolve(input.file)),
    text: readFileSync(input.file, 'utf8'),
    catalog,
    parameters: input.parameters,
    variables: { ...input.variables, ...input.secrets },
    connections,
  });
}

/** Runs a planned file to its end. */
export async function runPipelineFile(run: LocalRun, file: FileRun): Promise<FileRecord> {
  const path = resolve(file.file);
  const sourcesFolder = resolve(file.sourcesFolder ?? dirname(path));
  rmSync(file.outputFolder, { recursive: true, force: true });
  const record = await runPipeline({
    plan: file.plan,
    sourcesFolder,
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
  });
  const jobs = record.stages.flatMap((stage) => stage.jobs.flatMap(({ job }) => job ?? []));
  return { record, summaries: writeSummaries(jobs, file.outputFolder) };
}

/** Variables and secrets given on the command line, and System.Debug. */
export function runVariables(given: Pick<FileRun, 'variables' | 'secrets' | 'debug'>): Record<string, JobVariable> {
  const all: Record<string, JobVariable> = {};
  for (const [name, value] of Object.entries(given.variables)) all[name] = { value };
  for (const [name, value] of Object.entries(given.secrets)) all[name] = { value, secret: true };
  if (given.debug) all['System.Debug'] = { value: 'true' };
  return all;
}

/** The built tasks of a folder. Throws UsageError when there are none. */
export function builtTasks(folder = join(REPOSITORY, 'dist/tasks')): TaskCatalog {
  const catalog = readTaskCatalog(folder);
  if (catalog.length > 0) return catalog;
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
