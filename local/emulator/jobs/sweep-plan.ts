/** What it takes to run a sweep: the same for a sweep job and for a step of a pipeline. */
import { mfeError } from '../errors.ts';
import { asObject, isJsonObject, textAt } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { mapDefined, plannedInput, plannedOutput, textMembers } from './command-plan.ts';
import type { CommandPlan } from './command-plan.ts';
import { parseDuration } from './durations.ts';
import { readPolicy } from './early-termination.ts';
import type { TerminationPolicy } from './early-termination.ts';
import { gridSize, readSearchSpace, searchSpaceProblem, valueText } from './search-space.ts';
import type { SearchSpace, TrialValues } from './search-space.ts';

export interface SweepPlan {
  /** What every trial runs, before its values are filled in. */
  readonly trial: CommandPlan;
  readonly space: SearchSpace;
  readonly sampling: 'random' | 'grid' | 'bayesian';
  readonly seed: number | undefined;
  readonly primaryMetric: string;
  readonly goal: 'minimize' | 'maximize';
  readonly maxTotalTrials: number;
  readonly maxConcurrentTrials: number;
  /** Virtual milliseconds for all trials together. */
  readonly timeoutMs: number | undefined;
  readonly policy: TerminationPolicy | undefined;
}

const DEFAULT_TRIALS = 1000;

/** The plan of a sweep job's body. Throws the refusal for one that cannot be run. */
export function planSweepJob(body: JsonObject): SweepPlan {
  const trial = asObject(body.trial);
  return sweepPlan(body, textAt(body, 'samplingAlgorithm', 'samplingAlgorithmType') ?? '', asObject(body.limits), {
    command: textAt(trial, 'command') ?? '',
    codeId: textAt(trial, 'codeId'),
    inputs: mapDefined(asObject(body.inputs), (input) => plannedInput(asObject(input), 'jobInputType')),
    outputs: mapDefined(asObject(body.outputs), (output, name) =>
      name === 'default' ? undefined : plannedOutput(asObject(output)),
    ),
    environmentVariables: textMembers(trial.environmentVariables),
    timeoutMs: undefined,
  });
}

/** The plan of a sweep node; `trial` is that of the component it tries. Throws the refusal for one that cannot be run. */
export function planSweepNode(node: JsonObject, trial: CommandPlan): SweepPlan {
  const algorithm = node.sampling_algorithm;
  const sampling = typeof algorithm === 'string' ? algorithm : (textAt(algorithm, 'type') ?? '');
  return sweepPlan(node, sampling, asObject(node.limits), trial);
}

function sweepPlan(body: JsonObject, sampling: string, limits: JsonObject, trial: CommandPlan): SweepPlan {
  const space = readSearchSpace(asObject(body.searchSpace ?? body.search_space));
  const method = sampling.toLowerCase();
  if (method !== 'random' && method !== 'grid' && method !== 'bayesian') {
    throw refusal(`The sampling algorithm ${sampling} is not one of Random, Grid and Bayesian.`);
  }
  const problem = searchSpaceProblem(space, method);
  if (problem !== undefined) throw refusal(problem);
  const primaryMetric = textAt(body, 'objective', 'primaryMetric') ?? textAt(body, 'objective', 'primary_metric');
  const goal = textAt(body, 'objective', 'goal')?.toLowerCase();
  if (primaryMetric === undefined || (goal !== 'minimize' && goal !== 'maximize')) {
    throw refusal('The objective needs a goal, minimize or maximize, and a primary metric.');
  }
  const asked = whole(limits.maxTotalTrials ?? limits.max_total_trials) ?? DEFAULT_TRIALS;
  const maxTotalTrials = method === 'grid' ? Math.min(asked, gridSize(space)) : asked;
  const seed = body.samplingAlgorithm ?? body.sampling_algorithm;
  return {
    trial: { ...trial, timeoutMs: milliseconds(limits.trialTimeout ?? limits.trial_timeout) ?? trial.timeoutMs },
    space,
    sampling: method,
    seed: isJsonObject(seed) ? whole(seed.seed) : undefined,
    primaryMetric,
    goal,
    maxTotalTrials,
    maxConcurrentTrials: whole(limits.maxConcurrentTrials ?? limits.max_concurrent_trials) ?? maxTotalTrials,
    timeoutMs: milliseconds(limits.timeout),
    policy: readPolicy(body.earlyTermination ?? body.early_termination),
  };
}

/** The plan of one trial: its values where the command asks for them, as `search_space.x` (jobs) or as inputs (nodes). */
export function trialPlan({ trial }: SweepPlan, values: TrialValues): CommandPlan {
  const texts = Object.entries(values).map(([name, value]) => [name, valueText(value)] as const);
  const command = texts.reduce(
    (text, [name, value]) =>
      text.replaceAll(new RegExp(`\\$\\{\\{\\s*search_space\\.${escaped(name)}\\s*\\}\\}`, 'g'), () => value),
    trial.command,
  );
  const inputs = Object.fromEntries(texts.map(([name, value]) => [name, { kind: 'literal', value } as const]));
  return { ...trial, command, inputs: { ...trial.inputs, ...inputs } };
}

function escaped(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function refusal(message: string): Error {
  return mfeError(400, 'UserError', message, { innerCodes: ['BadArgument'] });
}

function whole(value: Json | undefined): number | undefined {
  const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN;
  return Number.isInteger(number) ? number : undefined;
}

/** ISO 8601 in jobs, seconds in nodes. */
function milliseconds(value: Json | undefined): number | undefined {
  if (typeof value === 'string') return parseDuration(value) ?? (Number(value) > 0 ? Number(value) * 1000 : undefined);
  return typeof value === 'number' && value > 0 ? value * 1000 : undefined;
}
