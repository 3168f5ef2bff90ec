/** What a sweep searches: a value a trial for each of its parameters, drawn or enumerated. */
import { asObject, textAt } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';

/** One trial's values by parameter, in the order of the space. */
export type TrialValues = Readonly<Record<string, Json>>;

interface Parameter {
  readonly name: string;
  readonly distribution: string;
  readonly args: readonly Json[];
}

export type SearchSpace = readonly Parameter[];

/** The numbers each distribution takes, in the order of the Resource Manager's form, by the names of a node's form. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  choice: ['values'],
  randint: ['upper'],
  uniform: ['min_value', 'max_value'],
  quniform: ['min_value', 'max_value', 'q'],
  loguniform: ['min_value', 'max_value'],
  qloguniform: ['min_value', 'max_value', 'q'],
  normal: ['mu', 'sigma'],
  qnormal: ['mu', 'sigma', 'q'],
  lognormal: ['mu', 'sigma'],
  qlognormal: ['mu', 'sigma', 'q'],
};

/** Reads `{lr: ["uniform", [0.1, 1]]}` (jobs) and `{lr: {type: "uniform", min_value: 0.1, max_value: 1}}` (nodes). */
export function readSearchSpace(space: JsonObject): SearchSpace {
  return Object.entries(space).map(([name, value]) => {
    if (Array.isArray(value)) {
      const [distribution, args] = value as readonly Json[];
      const known = typeof distribution === 'string' ? distribution : '';
      return { name, distribution: known, args: Array.isArray(args) ? (args as readonly Json[]) : [] };
    }
    const distribution = textAt(value, 'type') ?? '';
    return { name, distribution, args: (ARGUMENTS[distribution] ?? []).map((key) => asObject(value)[key] ?? null) };
  });
}

/** What is wrong with a space in one sentence; undefined when trials can be made of it. */
export function searchSpaceProblem(space: SearchSpace, sampling: string): string | undefined {
  if (space.length === 0) return 'The search space is empty.';
  for (const { name, distribution, args } of space) {
    const wanted = ARGUMENTS[distribution];
    if (wanted === undefined)
      return `The search space's parameter ${name} has the unknown distribution ${distribution}.`;
    if (distribution === 'choice') {
      if (!Array.isArray(args[0]) || args[0].length === 0) return `The choice of the parameter ${name} has no values.`;
    } else if (args.length !== wanted.length || args.some((arg) => Number.isNaN(numberOf(arg)))) {
      return `The parameter ${name} needs ${wanted.join(', ')} as numbers.`;
    }
    if (sampling === 'grid' && distribution !== 'choice') {
      return `Grid sampling takes choices only, and the parameter ${name} is ${distribution}.`;
    }
  }
  return undefined;
}

/** How many trials a grid has. */
export function gridSize(space: SearchSpace): number {
  return space.reduce((size, { args }) => size * choices(args).length, 1);
}

/** The n-th point of a grid, the last parameter changing fastest. */
export function gridPoint(space: SearchSpace, index: number): TrialValues {
  const values: [string, Json][] = [];
  let rest = index;
  for (const { name, args } of space.toReversed()) {
    const options = choices(args);
    values.unshift([name, options[rest % options.length] ?? null]);
    rest = Math.floor(rest / options.length);
  }
  return Object.fromEntries(values);
}

/** One draw from the space. @param random in [0, 1) */
export function drawTrial(space: SearchSpace, random: () => number): TrialValues {
  return Object.fromEntries(space.map((parameter) => [parameter.name, draw(parameter, random)]));
}

function draw({ distribution, args }: Parameter, random: () => number): Json {
  const [a = 0, b = 0, q = 0] = args.map(numberOf);
  switch (distribution) {
    case 'choice': {
      const options = choices(args);
      return options[Math.floor(random() * options.length)] ?? null;
    }
    case 'randint':
      return Math.floor(random() * a);
    case 'uniform':
      return a + random() * (b - a);
    case 'quniform':
      return rounded(a + random() * (b - a), q);
    case 'loguniform':
      return Math.exp(a + random() * (b - a));
    case 'qloguniform':
      return rounded(Math.exp(a + random() * (b - a)), q);
    case 'normal':
      return a + b * gaussian(random);
    case 'qnormal':
      return rounded(a + b * gaussian(random), q);
    case 'lognormal':
      return Math.exp(a + b * gaussian(random));
    default:
      return rounded(Math.exp(a + b * gaussian(random)), q);
  }
}

/** The value as it stands in a command. */
export function valueText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function choices(args: readonly Json[]): readonly Json[] {
  return Array.isArray(args[0]) ? (args[0] as readonly Json[]) : [];
}

function rounded(value: number, q: number): number {
  return q === 0 ? value : Math.round(value / q) * q;
}

/** Box and Muller's way from two even draws to a normal one. */
function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function numberOf(value: Json): number {
  return typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN;
}
