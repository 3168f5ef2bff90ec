/** What can be made in a registry, and from what. */
import { kindLabel, type FileKind } from './kinds.ts';
import type { PlanKind, PutStep, Template } from './plan.ts';
import { isDeferred } from './plan.ts';
import type { Planning } from './planning.ts';
import { ProblemList } from './problems.ts';
import { member, type Place, type YamlNode } from './yaml-node.ts';

/** The kinds of files that describe assets of a registry. */
const REGISTRY_KINDS: readonly PlanKind[] = ['component', 'data', 'environment', 'model'];

/** Throws UserError for a file that describes something no registry holds. */
export function checkRegistryKind(planning: Planning, kind: FileKind, node: YamlNode): void {
  if (REGISTRY_KINDS.includes(kind.kind)) return;
  const problems = new ProblemList();
  const known = REGISTRY_KINDS.map(kindLabel).join(', ');
  problems.add(
    { ...node.place, file: planning.request.file },
    `The file describes ${kind.label}, which cannot be created in a registry; a registry holds ${known}.`,
  );
  problems.throwIfAny();
}

/** Reports what a planned asset lacks, or has of a workspace. */
export function checkRegistryAsset(planning: Planning, kind: FileKind, node: YamlNode, main: PutStep): void {
  if (kind.kind === 'data' && main.version?.rule !== 'given') {
    planning.problems.add(node.place, "'version' is missing; data in a registry needs one.");
  }
  for (const key of ['modelUri', 'dataUri'] as const) {
    const uri = memberOf(main.body.properties, key);
    if (typeof uri !== 'string' || uri.startsWith('https://')) continue;
    planning.problems.add(placeOf(node), contentElsewhere(uri));
  }
}

function memberOf(properties: Template | undefined, key: string): Template | undefined {
  if (typeof properties !== 'object' || properties === null || isDeferred(properties)) return undefined;
  return (properties as Readonly<Record<string, Template>>)[key];
}

function placeOf(node: YamlNode): Place {
  return member(node, 'path')?.place ?? node.place;
}

function contentElsewhere(uri: string): string {
  return (
    `'${uri}' lies in a workspace; an asset of a registry is made of a local file or folder. ` +
    'Register it in the workspace first, and take it to the registry with AmlPromoteModel.'
  );
}
