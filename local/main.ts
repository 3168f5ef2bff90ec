/** `npm run local`: the built tasks and whole pipelines on this machine. */
import { join, resolve } from 'node:path';
import { runJob } from './agent/job-runner.ts';
import { parseArguments, type LocalOptions, type OptionName } from './arguments.ts';
import { nextBuildId } from './build-id.ts';
import { runCommand } from './entry.ts';
import { withLocalRun } from './local-run.ts';
import { findInput, type TaskDefinition } from './agent/task-definition.ts';
import { suggestion } from './pipeline/nearest-name.ts';
import { expandFile, runFile, validateFile } from './pipeline-commands.ts';
import { builtTasks, REPOSITORY, runVariables, writeSummaries } from './pipeline-file.ts';
import { print, report } from './report.ts';
import { sourceVariables } from './source-variables.ts';
import { UsageError } from './usage-error.ts';

const HELP = `Runs the built tasks as a pipeline agent would, against an emulated Azure Machine Learning workspace.

  npm run local -- task TASK --input name=value …    one task
  npm run local -- pipeline FILE --param name=value …  a pipeline (azure-pipelines.yml)
  npm run local -- expand FILE --param name=value …    only print the pipeline with its templates in their places
  npm run local -- validate FILE --param name=value …  only check the pipeline and its templates

  --variable name=value   a pipeline variable (--var for short)
  --secret NAME           a secret variable; its value is taken from the environment variable NAME
  --param name=value      a parameter of the pipeline; YAML where it is an object
  --repository alias=DIR  the folder of a repository with templates or sources
  --group NAME=FILE       the variables of a variable group, as YAML or JSON
  --approve NAME=yes|no   the approval of an environment; asked for at a terminal, refused elsewhere
  --task NAME=DIR         a task that is run where the pipeline names one that is not here
  --sources DIR           the sources (task: this folder; pipeline: the file's folder)
  --tasks DIR             the built tasks (dist/tasks)
  --node 20|24            which Node runs the task (20)
  --auth SCHEME           federation (default), secret, certificate, managed-identity
  --debug                 System.Debug: show debug lines
  --speed N               virtual seconds in a real one (1)
  --output DIR            where logs and summaries are written (.local)
  --state DIR             keep the workspace's state in this folder
  --workspace NAME        the workspace there is (mlw-mlops); given again, further ones
  --registry NAME         a registry there is; may be given again
  --port N                the emulator's port (any free one)
  --emulator ENVFILE      use a running emulator, by the file its --env-file option wrote
`;

const COMMANDS = ['task', 'pipeline', 'expand', 'validate'];
const COMMON: readonly OptionName[] = [
  ...(['variable', 'var', 'secret', 'sources', 'node', 'auth', 'debug'] as const),
  ...(['speed', 'state', 'output', 'port', 'emulator', 'workspace', 'registry', 'tasks', 'help'] as const),
];

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  switch (command) {
    case 'task':
      return runTask(rest);
    case 'pipeline':
      return isHelp(rest) ? help() : runFile(rest, COMMON);
    case 'expand':
      return isHelp(rest) ? help() : expandFile(rest);
    case 'validate':
      return isHelp(rest) ? help() : validateFile(rest);
    case '--help':
    case 'help':
      return help();
    case undefined:
      help();
      return 1;
    default:
      throw new UsageError(`There is no command '${command}'.${suggestion(command, COMMANDS)} See --help.`);
  }
}

function isHelp(args: readonly string[]): boolean {
  return args.includes('--help');
}

function help(): number {
  process.stdout.write(HELP);
  return 0;
}

async function runTask(args: readonly string[]): Promise<number> {
  const { positionals, options } = parseArguments(args, [...COMMON, 'input'], { speed: 1 });
  const [name, ...others] = positionals;
  if (options.help) return help();
  if (name === undefined || others.length > 0) throw new UsageError('Name one task: npm run local -- task AmlRunJob …');
  const definition = findDefinition(name, options.tasksFolder);
  for (const input of Object.keys(options.inputs)) {
    const known = definition.inputs.map((each) => each.name);
    if (findInput(definition, input) === undefined) {
      throw new UsageError(`${definition.name} has no input '${input}'.${suggestion(input, known)}`);
    }
  }
  const output = options.outputFolder ?? join(REPOSITORY, '.local', 'task', definition.name);
  return withLocalRun(options, async ({ agent, service, folder }) => {
    const sources = resolve(options.sourcesFolder ?? process.cwd());
    const job = await runJob({
      ...agent,
      name: 'Job',
      steps: [
        { kind: 'task', folder: definition.folder, inputs: connected(options, definition, service.connection.name) },
      ],
      variables: {
        ...sourceVariables(sources),
        'Build.BuildId': { value: String(nextBuildId(options.stateFolder)) },
        'System.TeamProject': { value: service.project },
        ...runVariables(options),
      },
      folders: { work: folder.work, sources, logs: join(output, 'logs') },
    });
    for (const [key, { value, secret }] of Object.entries(job.outputs)) print(`${key} = ${secret ? '***' : value}`);
    return report(job.result, writeSummaries([job], output), join(output, 'logs'));
  });
}

/** The service connection is the emulator's where none is named. */
function connected(options: LocalOptions, definition: TaskDefinition, connection: string): Record<string, string> {
  const given = Object.keys(options.inputs).map((name) => findInput(definition, name)?.name);
  const open = definition.inputs.filter(
    ({ name, type }) => type.startsWith('connectedService') && !given.includes(name),
  );
  return { ...Object.fromEntries(open.map(({ name }) => [name, connection])), ...options.inputs };
}

function findDefinition(name: string, folder: string | undefined): TaskDefinition {
  const tasks = builtTasks(folder);
  const wanted = name.replace(/@\d+$/, '');
  const task = tasks.find((each) => each.name.toLowerCase() === wanted.toLowerCase())?.definition;
  if (task === undefined) {
    const names = tasks.map((each) => each.name);
    throw new UsageError(`There is no task '${wanted}' among the built ones.${suggestion(wanted, names)}`);
  }
  return task;
}

await runCommand(main);
