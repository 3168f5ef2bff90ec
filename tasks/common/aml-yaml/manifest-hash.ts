import { createHash } from 'node:crypto';

/**
 * One hash for many files: SHA-256 over a line `{sha256} {size} {name}` a file, in the order given. Whoever has the files can
 * compute it again.
 */
export function manifestHash(
  files: readonly { readonly name: string; readonly size: number; readonly sha256: string }[],
): string {
  const hash = createHash('sha256');
  for (const { name, size, sha256 } of files) hash.update(`${sha256} ${size} ${name}\n`);
  return hash.digest('hex');
}
