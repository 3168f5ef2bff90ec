import { dirname } from 'node:path';
import { UserError } from '../errors.ts';
import { detectKind, JOB_TYPES, kindLabel, type FileKind } from './kinds.ts';
import { loadYaml } from './load-yaml.ts';
import { applyOverrides } from './overrides.ts';
import type { Plan, PlanKind } from './plan.ts';
import type { PlanRequest } from './plan-request.ts';
import { checkInside, Planning, type SourceFile } from './planning.ts';
import { ProblemList } from './problems.ts';
import { checkRegistryAsset, checkRegistryKind } from './registry-target.ts';
import { member, stringMember, type Place, type YamlNode } from './yaml-node.ts';

export type { Override } from './overrides.ts';
export type { JobExtras, PlanRequest } from './plan-request.ts';

/**
 * Reads a file of `az ml` YAML and everything it refers to, and says what it asks of the workspace. Nothing is sent.
 *
 * @throws UserError with every problem found, each with its place; also for a kind of file that is not supported
 */
export async function planFile(request: PlanRequest): Promise<Plan> {
  const problems = new ProblemList();
  const planning = new Planning(request, problems);
  const source = await readSource(planning);
  const kind = checkedKind(request, source.node);
  if (request.registry !== undefined) checkRegistryKind(planning, kind, source.node);
  const planned = await kind.plan?.(planning, source);
  if (planned !== undefined && request.registry !== undefined) {
    checkRegistryAsset(planning, kind, source.node, planned.main);
  }
  problems.throwIfAny();
  if (planned === undefined)
    throw new UserError({ file: request.file, message: `${capital(kind.label)} could not be read.` });
  const { main } = planned;
  return {
    kind: planned.kind,
    file: request.file,
    steps: [...planning.steps(), main],
    main,
    warnings: planning.warnings,
    keyLines: keyLines(source.node),
  };
}

/** Overrides have no line. */
function keyLines(node: YamlNode): Readonly<Record<string, number>> {
  const entries = node.kind === 'map' ? [...node.entries.values()] : [];
  return Object.fromEntries(
    entries.flatMap(({ key, keyPlace }) => (keyPlace.line === undefined ? [] : [[key, keyPlace.line] as const])),
  );
}

async function readSource(planning: Planning): Promise<SourceFile> {
  const { request, problems } = planning;
  const place: Place = { file: request.file };
  const realPath = await request.files.realPath(request.absolutePath);
  const content = realPath === undefined ? undefined : await request.files.readText(realPath);
  if (realPath === undefined || content === undefined) {
    throw new UserError({ message: `The file '${request.file}' does not exist (looked for ${request.absolutePath}).` });
  }
  await checkInside(planning, realPath, request.file, place, 'The file');
  problems.throwIfAny();
  const loaded = loadYaml(content, request.file);
  if (loaded.kind !== 'map')
    throw new UserError({ file: request.file, message: 'The file must hold a mapping of keys to values.' });
  const node = applyOverrides(loaded, request.overrides ?? [], request.file, problems);
  problems.throwIfAny();
  return { node, display: request.file, folder: dirname(request.absolutePath), chain: [realPath] };
}

/** Finds out what the file describes. Throws UserError where that is unclear, unsupported or not what the caller takes. */
function checkedKind(request: PlanRequest, node: YamlNode): FileKind {
  const expected: readonly PlanKind[] =
    request.kind === undefined ? [] : typeof request.kind === 'string' ? [request.kind] : request.kind;
  const found = detectKind(node, expected);
  const type = member(node, 'type');
  const place = { file: request.file, line: (type ?? node).place.line, column: (type ?? node).place.column };
  const fail = (message: string): UserError => new UserError(definedOnly(place, message));
  if (found === undefined) {
    const written = stringMember(node, 'type');
    throw fail(
      written === undefined
        ? "What the file describes is unclear: it has no '$schema' and no 'type' that says it."
        : `'${written}' is no known type. A job is one of ${JOB_TYPES.join(', ')}.`,
    );
  }
  if (expected.length > 0 && !expected.includes(found.kind)) {
    throw fail(`The file describes ${found.label}, but ${expected.map(kindLabel).join(' or ')} is expected here.`);
  }
  if (found.plan === undefined) throw fail(`The file describes ${found.label}, which is not supported.`);
  return found;
}

function definedOnly(place: { file: string; line: number | undefined; column: number | undefined }, message: string) {
  return {
    file: place.file,
    message,
    ...(place.line === undefined ? {} : { line: place.line }),
    ...(place.column === undefined ? {} : { column: place.column }),
  };
}

function capital(label: string): string {
  return label.charAt(0).toUpperCase() + label.slice(1);
}
