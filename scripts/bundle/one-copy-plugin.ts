/** npm nests equal copies of a package wherever another version of it lies at the top; a bundle needs one of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

/** Resolves every import of a package's version to the first copy that was met. Other versions stay copies of their own. */
export function oneCopyPlugin(): Plugin {
  return {
    name: 'one-copy',
    setup(build) {
      const roots = new Map<string, string>();
      build.onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...options }) => {
        if (pluginData === 'resolving' || path.includes(':') || options.kind === 'entry-point') return undefined;
        const found = await build.resolve(path, { ...options, pluginData: 'resolving' });
        const root = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(found.path)?.[0];
        if (found.errors.length > 0 || root === undefined) return found;
        const identity = packageIdentity(root);
        const first = roots.get(identity) ?? root;
        roots.set(identity, first);
        return { ...found, path: first + found.path.slice(root.length) };
      });
    },
  };
}

function packageIdentity(root: string): string {
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
  return `${String(name)}@${String(version)}`;
}
