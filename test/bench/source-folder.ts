/** The folder that is hashed and uploaded: 10,000 files of 20 kB in 100 folders, 200 MB. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';

export const FILES = 10_000;
export const FILE_BYTES = 20_000;
const FOLDERS = 100;

/** Makes the folder, lends its path, and takes it away again. */
export async function withSourceFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), 'bench-source-'));
  try {
    const folder = join(root, 'src');
    for (let at = 0; at < FOLDERS; at += 1) mkdirSync(join(folder, `part-${at}`), { recursive: true });
    for (let at = 0; at < FILES; at += 1) {
      writeFileSync(join(folder, `part-${at % FOLDERS}`, `file-${at}.py`), content(at));
    }
    return await use(folder);
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Bytes that no other file has. */
function content(at: number): Buffer {
  return Buffer.alloc(FILE_BYTES, createHash('sha512').update(String(at)).digest());
}
