import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { UserError } from '../errors.ts';
import { loadYaml } from './load-yaml.ts';
import type { Deferred, PlanKind, Step } from './plan.ts';
import type { PlanRequest } from './plan-request.ts';
import type { ProblemList } from './problems.ts';
import type { Place, YamlNode } from './yaml-node.ts';

/** A YAML file that is being planned: what it holds, how the user knows it and which folder its paths start from. */
export interface SourceFile {
  readonly node: YamlNode;
  readonly display: string;
  readonly folder: string;
  /** The files it is read on behalf of, from the outermost one to itself, links resolved. */
  readonly chain: readonly string[];
}

type KeyedStep = Extract<Step, { readonly key: string }>;

/** A plan in the making: the steps found so far, and everything that is wrong. */
export class Planning {
  readonly request: PlanRequest;
  readonly problems: ProblemList;
  readonly warnings: string[] = [];
  readonly #requirements = new Map<string, Step>();
  readonly #steps = new Map<string, Step>();

  constructor(request: PlanRequest, problems: ProblemList) {
    this.request = request;
    this.problems = problems;
  }

  /** Adds a step once per key and gives what stands for its result. */
  step(step: KeyedStep, field: Deferred['$field'], prefix?: string): Deferred {
    if (!this.#steps.has(step.key)) this.#steps.set(step.key, step);
    return { $step: step.key, $field: field, ...(prefix === undefined ? {} : { $prefix: prefix }) };
  }

  /** Notes that something must exist before anything is uploaded. */
  require(path: string, missing: string): void {
    if (!this.#requirements.has(path)) this.#requirements.set(path, { do: 'require', path, missing });
  }

  steps(): readonly Step[] {
    return [...this.#requirements.values(), ...this.#steps.values()];
  }
}

/** What a kind of file becomes. */
export interface PlannedEntity {
  readonly kind: PlanKind;
  readonly main: Extract<Step, { readonly do: 'put' }>;
}

/** True when the path is the folder or lies below it. Both absolute, links resolved. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/**
 * The absolute path behind a reference of the file, links resolved; undefined after reporting that it is missing or lies outside
 * of the sources.
 */
export async function resolveLocalPath(
  planning: Planning,
  folder: string,
  written: string,
  place: Place,
  what: string,
): Promise<string | undefined> {
  const absolute = resolve(folder, written);
  const real = await planning.request.files.realPath(absolute);
  if (real === undefined) {
    planning.problems.add(place, `${what} '${written}' does not exist (looked for ${absolute}).`);
    return undefined;
  }
  return (await checkInside(planning, real, written, place, what)) ? real : undefined;
}

/** Reports a path that leaves the sources; true when it may be used. */
export async function checkInside(
  planning: Planning,
  realPath: string,
  written: string,
  place: Place,
  what: string,
): Promise<boolean> {
  const { allowPathsOutsideSources, sourcesDirectory, files } = planning.request;
  if (allowPathsOutsideSources === true) return true;
  const root = (await files.realPath(sourcesDirectory)) ?? sourcesDirectory;
  if (isInside(root, realPath)) return true;
  planning.problems.add(
    place,
    `${what} '${written}' leads to ${realPath}, outside of the sources (${root}). ` +
      'Move it below them, or set allowPathsOutsideSources if that is meant.',
  );
  return false;
}

/** Loads a YAML file that another one refers to (`component: ./train.yml`); undefined after reporting why it cannot be. */
export async function loadReferencedFile(
  planning: Planning,
  source: SourceFile,
  written: string,
  place: Place,
): Promise<SourceFile | undefined> {
  const path = await resolveLocalPath(planning, source.folder, written, place, 'The file');
  if (path === undefined) return undefined;
  if (source.chain.includes(path)) {
    planning.problems.add(
      place,
      `'${written}' leads back to a file that includes it; files cannot include each other.`,
    );
    return undefined;
  }
  const content = await planning.request.files.readText(path);
  if (content === undefined) {
    planning.problems.add(place, `'${written}' is not a file that can be read.`);
    return undefined;
  }
  const display = join(dirname(source.display), written);
  try {
    // Paths inside start from where the reference points, not from where a link leads.
    return {
      node: loadYaml(content, display),
      display,
      folder: dirname(resolve(source.folder, written)),
      chain: [...source.chain, path],
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    for (const { message, file, line, column } of error.problems) {
      planning.problems.add(
        { file: file ?? display, ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }) },
        message,
      );
    }
    return undefined;
  }
}
