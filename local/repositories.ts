/** Repositories on this machine: where templates are read from. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { FileId, FileSource } from './pipeline/template/template-files.ts';
import { UsageError } from './usage-error.ts';

export interface Repositories {
  /** The pipeline's own file within `self`. */
  readonly pipeline: FileId;
  readonly source: FileSource;
  /** By alias, `self` among them. */
  readonly folders: ReadonlyMap<string, string>;
}

/**
 * The repositories of a pipeline file: those given by alias, and as `self`, where it is not given, the folder above the
 * file that holds `.git`, else the file's own. Throws UsageError for a folder that is not there.
 */
export function openRepositories(file: string, given: Readonly<Record<string, string>>): Repositories {
  const path = resolve(file);
  const folders = new Map(Object.entries(given).map(([alias, folder]) => [alias, resolve(folder)]));
  for (const [alias, folder] of folders) {
    if (!existsSync(folder)) throw new UsageError(`--repository ${alias}: there is no folder ${folder}.`);
  }
  const self = folders.get('self') ?? repositoryOf(path) ?? dirname(path);
  folders.set('self', self);
  const inside = relative(self, path);
  if (inside.startsWith('..')) throw new UsageError(`The pipeline ${file} is not in the repository ${self}.`);
  const locate = (id: FileId): string => join(folders.get(id.repository) ?? self, ...id.path.split('/'));
  return {
    pipeline: { repository: 'self', path: inside.split(sep).join('/') },
    folders,
    source: {
      repositories: [...folders.keys()],
      read: (id) => {
        const found = locate(id);
        return existsSync(found) && statSync(found).isFile() ? readFileSync(found, 'utf8') : undefined;
      },
      show: (id) => relative(process.cwd(), locate(id)),
    },
  };
}

/** The nearest folder above that is a working tree of git. */
function repositoryOf(path: string): string | undefined {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}
