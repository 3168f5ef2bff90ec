import { basename, resolve } from 'node:path';
import type { LocalFile } from '../ports.ts';
import { COMPONENT_RULES, isIgnored } from './ignore-rules.ts';
import { findEntry, toCodeSource, type LocalPath } from './local-source.ts';
import type { LocalSource } from './plan.ts';
import type { Planning } from './planning.ts';
import { flattenTree } from './source-tree.ts';
import type { Place } from './yaml-node.ts';

/** The folder's name in the upload: the service's client makes a temporary folder of that name. */
const MERGED_FOLDER = 'code_with_additional_includes';

export interface Include {
  readonly written: string;
  readonly place: Place;
}

/**
 * A component's code with further files and folders put beside it, each under its own name. Undefined after reporting what is
 * missing or stands in the way of something else.
 */
export async function codeWithIncludes(
  planning: Planning,
  folder: string,
  code: LocalPath | undefined,
  includes: readonly Include[],
): Promise<LocalSource | undefined> {
  const root = code && (await findEntry(planning, code));
  if (code !== undefined && root === undefined) return undefined;
  const merged = new Map<string, LocalFile>();
  if (root?.entry.kind === 'folder') for (const file of flattenTree(root.entry, [])) merged.set(file.name, file);
  for (const include of includes) {
    for (const file of await includedFiles(planning, folder, include)) {
      if (merged.has(file.name)) {
        planning.problems.add(include.place, `'${include.written}' brings ${file.name}, which the code already has.`);
      }
      merged.set(file.name, file);
    }
  }
  const rules = [...(root?.rules ?? []), ...COMPONENT_RULES];
  const files = [...merged.values()].filter((file) => !isIgnored(file.name, rules));
  const path = code ?? { folder, written: '.', place: includes[0]?.place ?? { file: '' }, what: 'The code' };
  const entry = root?.entry.kind === 'folder' ? root.entry : { kind: 'folder' as const, name: '', children: [] };
  return toCodeSource(planning, path, { real: root?.real ?? folder, entry }, files, MERGED_FOLDER);
}

async function includedFiles(planning: Planning, folder: string, include: Include): Promise<readonly LocalFile[]> {
  if (await isFolderToZip(planning, folder, include)) return [];
  const path = { folder, written: include.written, place: include.place, what: 'The additional include' };
  const found = await findEntry(planning, path);
  if (found === undefined) return [];
  const name = basename(found.real);
  if (found.entry.kind === 'file') return [{ path: found.real, name, size: found.entry.size }];
  return flattenTree(found.entry, found.rules).map((file) => ({ ...file, name: `${name}/${file.name}` }));
}

/** The service's client would zip the folder now; a zip's bytes differ from run to run, and with them the code and its component. */
async function isFolderToZip(planning: Planning, folder: string, { written, place }: Include): Promise<boolean> {
  const path = resolve(folder, written);
  const { files } = planning.request;
  if (!path.endsWith('.zip') || (await files.stat(path)) !== undefined) return false;
  if ((await files.stat(path.slice(0, -'.zip'.length)))?.kind !== 'folder') return false;
  planning.problems.add(
    place,
    `The additional include '${written}' is to be made of the folder beside it. Make the zip in a step before this one ` +
      `(ArchiveFiles@2), or include the folder itself: '${written.slice(0, -'.zip'.length)}'.`,
  );
  return true;
}
