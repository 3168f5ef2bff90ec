/** The files that a task's lines of paths and patterns mean. */
import { globTest, isGlob } from '../domain/glob.ts';
import { pathBelow, shownPath } from '../domain/paths.ts';
import { UserError, type Problem } from '../errors.ts';
import type { Files } from '../ports.ts';

export interface FoundFile {
  readonly absolutePath: string;
  /** Relative to the sources where it lies below them. */
  readonly shown: string;
}

/** Folders no pattern looks into: they hold other people's files, many of them. */
const SKIPPED = new Set(['.git', 'node_modules']);

/**
 * The files of each line in turn, those of a pattern in alphabetical order; a file that is named twice counts once.
 * Throws UserError that names every line without a file.
 */
export async function findFiles(
  files: Files,
  sources: string,
  lines: readonly string[],
): Promise<readonly FoundFile[]> {
  const found = new Map<string, FoundFile>();
  const problems: Problem[] = [];
  for (const line of lines) {
    const paths = isGlob(line) ? await matches(files, sources, line) : await single(files, pathBelow(sources, line));
    if (paths.length === 0) {
      const what = isGlob(line) ? 'No file matches' : 'There is no file';
      problems.push({ message: `${what} '${line}' (looked in ${sources}).` });
    }
    for (const path of paths) found.set(path, { absolutePath: path, shown: shownPath(sources, path) });
  }
  if (problems.length > 0) throw new UserError(problems);
  return [...found.values()];
}

async function single(files: Files, path: string): Promise<readonly string[]> {
  return (await files.stat(path))?.kind === 'file' ? [path] : [];
}

async function matches(files: Files, sources: string, pattern: string): Promise<readonly string[]> {
  const isMatch = globTest(shownPath(sources, pattern));
  const found: string[] = [];
  const visit = async (folder: string, prefix: string): Promise<void> => {
    for (const entry of (await files.list(folder)) ?? []) {
      const relative = prefix + entry.name;
      if (entry.kind === 'file' && isMatch(relative)) found.push(pathBelow(sources, relative));
      // A link may lead in a circle or out of the sources.
      if (entry.kind === 'folder' && !entry.isLink && !SKIPPED.has(entry.name)) {
        await visit(pathBelow(sources, relative), `${relative}/`);
      }
    }
  };
  await visit(sources, '');
  return found.sort();
}
