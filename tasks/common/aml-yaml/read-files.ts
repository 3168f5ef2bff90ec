import type { Files, LocalFile } from '../ports.ts';

export interface ContentUse {
  /** Called before the bytes of the file at that index. */
  begin?(index: number): void;
  chunk(bytes: Uint8Array): void;
}

/** Hands on the bytes of all files, one after the other in their order, chunk by chunk. */
export async function readFiles(
  files: Pick<Files, 'read'>,
  content: readonly Pick<LocalFile, 'path' | 'size'>[],
  use: ContentUse,
): Promise<void> {
  for (const [index, file] of content.entries()) {
    use.begin?.(index);
    for await (const bytes of files.read(file.path, file.size)) use.chunk(bytes);
  }
}
