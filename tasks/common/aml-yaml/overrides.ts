import type { Json } from '../domain/json.ts';
import type { ProblemList } from './problems.ts';
import type { MapEntry, Place, YamlNode } from './yaml-node.ts';

/** One `--set path=value`, or a flag that stands for one (`--name`, `--endpoint-name`). */
export interface Override {
  /** `a.b[0].c`; a dot inside a key is written `\.`. */
  readonly path: string;
  readonly value: Json;
}

/**
 * Applies overrides to the outermost document, in the order given, before anything is checked: missing mappings are made, `[n]`
 * addresses (and makes) list items, a value that is there is replaced. Values keep the type they are given in; typed fields read
 * texts as well.
 */
export function applyOverrides(
  root: YamlNode,
  overrides: readonly Override[],
  file: string,
  problems: ProblemList,
): YamlNode {
  let result = root;
  for (const override of overrides) {
    const place: Place = { file, override: override.path };
    const path = parsePath(override.path);
    if (path === undefined) {
      problems.add(place, 'the path is not of the form a.b[0].c');
      continue;
    }
    const obstacle = findObstacle(result, path);
    if (obstacle !== undefined) problems.add(place, obstacle);
    else result = replaceAt(result, path, jsonNode(override.value, place), place);
  }
  return result;
}

type Step = string | number;

function parsePath(path: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  const token = /(?:^|\.)((?:\\.|[^.[\]\\])+)|\[(\d{1,6})\]/gy;
  while (token.lastIndex < path.length) {
    const match = token.exec(path);
    if (match === null) return undefined;
    const [, key, index] = match;
    steps.push(key === undefined ? Number(index) : key.replaceAll(/\\(.)/g, '$1'));
  }
  return steps.length === 0 ? undefined : steps;
}

/** What stands on the way and has no members; the last step itself may be anything. */
function findObstacle(root: YamlNode, path: readonly Step[]): string | undefined {
  let node: YamlNode | undefined = root;
  for (const [index, step] of path.entries()) {
    if (node === undefined || node.kind === 'null') return undefined;
    if (node.kind === 'map') node = node.entries.get(String(step))?.value;
    else if (node.kind === 'list' && typeof step === 'number') node = node.items[step];
    else {
      const way = formatPath(path.slice(0, index));
      return node.kind === 'string'
        ? `'${way}' is the text '${node.value}': a reference or a text has no members that can be set. Replace it as a whole.`
        : `'${way}' has no members that can be set; it is not a mapping. Replace it as a whole.`;
    }
  }
  return undefined;
}

function formatPath(steps: readonly Step[]): string {
  return steps
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');
}

function replaceAt(node: YamlNode | undefined, path: readonly Step[], value: YamlNode, place: Place): YamlNode {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof step === 'number' && node?.kind !== 'map') return replaceItem(node, step, rest, value, place);
  const key = String(step);
  const entries = new Map<string, MapEntry>(node?.kind === 'map' ? node.entries : []);
  const before = entries.get(key);
  const after = replaceAt(before?.value, rest, value, place);
  entries.set(key, { key, keyPlace: before?.keyPlace ?? place, value: after });
  return { kind: 'map', entries, place: node?.place ?? place };
}

function replaceItem(
  node: YamlNode | undefined,
  index: number,
  rest: readonly Step[],
  value: YamlNode,
  place: Place,
): YamlNode {
  const items = node?.kind === 'list' ? [...node.items] : [];
  while (items.length < index) items.push({ kind: 'null', place });
  items[index] = replaceAt(items[index], rest, value, place);
  return { kind: 'list', items, place: node?.place ?? place };
}

function jsonNode(value: Json | undefined, place: Place): YamlNode {
  if (value === null || value === undefined) return { kind: 'null', place };
  if (typeof value === 'string') return { kind: 'string', value, place };
  if (typeof value === 'boolean') return { kind: 'boolean', value, place };
  if (typeof value === 'number') {
    return Number.isInteger(value) ? { kind: 'integer', value: BigInt(value), place } : { kind: 'float', value, place };
  }
  if (Array.isArray(value)) {
    return { kind: 'list', items: (value as readonly Json[]).map((item) => jsonNode(item, place)), place };
  }
  const entries = Object.entries(value).map(([key, item]): [string, MapEntry] => [
    key,
    { key, keyPlace: place, value: jsonNode(item, place) },
  ]);
  return { kind: 'map', entries: new Map(entries), place };
}
