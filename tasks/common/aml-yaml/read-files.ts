import type { Files, LocalFile } from '../ports.ts';

/** Files up to this size are read ahead whole, so that many small ones do not wait for each other. */
const SMALL = 1024 * 1024;
const AHEAD = 16;

export interface ContentUse {
  /** Called before the bytes of the file at that index. */
  begin?(index: number): void;
  chunk(bytes: Uint8Array): void;
}

/** Hands on the bytes of all files, one after the other in their order; never more than a few megabytes in memory. */
export async function readFiles(
  files: Files,
  content: readonly Pick<LocalFile, 'path' | 'size'>[],
  use: ContentUse,
): Promise<void> {
  const started: (Promise<Uint8Array[]> | undefined)[] = [];
  for (const [index, file] of content.entries()) {
    while (started.length < Math.min(index + AHEAD, content.length)) {
      const next = content[started.length];
      const reading = next !== undefined && next.size <= SMALL ? collect(files.read(next.path)) : undefined;
      // A failure is reported where the file's turn comes; until then it must not count as unhandled.
      reading?.catch(() => undefined);
      started.push(reading);
    }
    const whole = started[index];
    use.begin?.(index);
    started[index] = undefined;
    if (whole === undefined) for await (const chunk of files.read(file.path)) use.chunk(chunk);
    else for (const chunk of await whole) use.chunk(chunk);
  }
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}
