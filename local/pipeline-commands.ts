/** `npm run local -- pipeline FILE`, `… expand FILE` and `… validate FILE`. */
import { join } from 'node:path';
import { approveBy } from './approval-prompt.ts';
import { parseArguments, type LocalOptions, type OptionName } from './arguments.ts';
import { nextBuildId } from './build-id.ts';
import { connectionNames } from './emulated-service.ts';
import { withLocalRun } from './local-run.ts';
import { writeYaml } from './pipeline/document/write-document.ts';
import type { PipelineRecord } from './pipeline/run/records.ts';
import { PipelineRefused } from './pipeline/problems.ts';
import { openParameters, PipelineValidator } from './pipeline/validation/validate-pipeline.ts';
import {
  builtTasks,
  expandPipelineFile,
  planFile,
  REPOSITORY,
  repositoriesOf,
  runPipelineFile,
} from './pipeline-file.ts';
import { print, report } from './report.ts';
import { UsageError } from './usage-error.ts';

const FILE_OPTIONS: readonly OptionName[] = ['param', 'repository', 'group', 'variable', 'var', 'help'];

export interface FileCommand {
  readonly options: LocalOptions;
  readonly file: string;
}

/** Reads the arguments of a command on one pipeline file. Throws UsageError. */
export function fileCommand(args: readonly string[], name: string, options: readonly OptionName[]): FileCommand {
  const { positionals, options: given } = parseArguments(args, [...FILE_OPTIONS, ...options], { speed: 1 });
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) {
    throw new UsageError(`Name one pipeline: npm run local -- ${name} azure-pipelines.yml …`);
  }
  return { options: given, file };
}

/** Prints the final document of a pipeline: every template in its place, every step a task. */
export function expandFile(args: readonly string[]): number {
  const { options, file } = fileCommand(args, 'expand', ['tasks']);
  const input = { ...options, file };
  planFile(input, builtTasks(options.tasksFolder), connectionNames(undefined), 'check');
  process.stdout.write(writeYaml(expandPipelineFile(input)));
  return 0;
}

/**
 * Checks a pipeline, and every template it names, against the published schema; then, where its parameters have values,
 * what it expands to. Throws PipelineRefused when anything is wrong.
 */
export async function validateFile(args: readonly string[]): Promise<number> {
  const { options, file } = fileCommand(args, 'validate', ['tasks']);
  const input = { ...options, file };
  const catalog = builtTasks(options.tasksFolder);
  const { pipeline, source } = repositoriesOf(input);
  const tasks = catalog.map(({ definition }) => definition);
  const problems = await new PipelineValidator(tasks).validatePipeline({ file: pipeline, source });
  if (problems.length > 0) throw new PipelineRefused(problems);
  const open = openParameters({ file: pipeline, source }, options.parameters);
  if (open?.length === 0) planFile(input, catalog, connectionNames(undefined), 'check');
  else if (open !== undefined) print(`Note: not expanded; these parameters have no value: ${open.join(', ')}.`);
  print(`${file}: nothing is wrong.`);
  return 0;
}

/** Runs a pipeline against an emulated workspace. */
export async function runFile(args: readonly string[], common: readonly OptionName[]): Promise<number> {
  const { options, file } = fileCommand(args, 'pipeline', [...common, 'task', 'approve']);
  const input = { ...options, file };
  const catalog = builtTasks(options.tasksFolder, options.standIns);
  const plan = planFile(input, catalog, connectionNames(options.emulatorFile));
  for (const note of plan.notes) print(`Note: ${note}`);
  const outputFolder = options.outputFolder ?? join(REPOSITORY, '.local', 'pipeline');
  return withLocalRun(options, async (run) => {
    const buildId = nextBuildId(options.stateFolder);
    const approve = approveBy(options.approvals, run.cancel);
    const { record, summaries } = await runPipelineFile(run, { ...input, plan, buildId, outputFolder, approve });
    printReasons(record);
    return report(record.result, summaries, join(outputFolder, 'logs'));
  });
}

function printReasons(record: PipelineRecord): void {
  for (const unit of record.stages.flatMap((stage) => [stage, ...stage.jobs])) {
    if (unit.reason !== undefined) print(`${unit.displayName}: ${unit.result}. ${unit.reason}`);
  }
}
