/** Paths on the agent, as text. Forward slashes work on every system; backslashes only separate on Windows paths. */

/** True for `/x`, `C:\x`, `C:/x` and `\\server\x`. */
export function isAbsolutePath(path: string): boolean {
  return /^(?:\/|[A-Za-z]:[\\/]|\\\\)/.test(path);
}

/** The path below a folder, unless it is absolute itself. */
export function pathBelow(folder: string, path: string): string {
  if (isAbsolutePath(path)) return path;
  return `${folder.replace(/[\\/]+$/, '')}/${path.replace(/^\.\//, '')}`;
}

/** The path as people know it: relative to the folder where it lies below it, with forward slashes. */
export function shownPath(folder: string, path: string): string {
  const [root, full] = [folder.replaceAll('\\', '/').replace(/\/+$/, ''), path.replaceAll('\\', '/')];
  return full.startsWith(`${root}/`) ? full.slice(root.length + 1) : full;
}
