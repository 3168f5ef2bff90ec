/** Copies a working tree into the sources folder, as a checkout of what is there now would look. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MAX_LISTING = 256 * 1024 * 1024;

/** Empties `to` and fills it: below git with what git tracks or would track, elsewhere with everything. Returns the number of files or entries. */
export async function checkOut(from: string, to: string): Promise<number> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(to)) await rm(join(to, entry), { recursive: true, force: true });
  const files = await trackedFiles(from);
  const entries = files ?? (await readdir(from)).filter((name) => name !== '.git');
  for (const entry of entries) {
    await mkdir(dirname(join(to, entry)), { recursive: true });
    await cp(join(from, entry), join(to, entry), { recursive: true, verbatimSymlinks: true });
  }
  return entries.length;
}

/** Undefined where git is not there, or knows nothing of the folder. */
async function trackedFiles(folder: string): Promise<string[] | undefined> {
  try {
    const { stdout } = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
      cwd: folder,
      maxBuffer: MAX_LISTING,
    });
    const files = stdout.split('\0').filter((file) => file !== '' && existsSync(join(folder, file)));
    return files.length === 0 ? undefined : files;
  } catch {
    return undefined;
  }
}
