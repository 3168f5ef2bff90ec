/** The one esbuild configuration: from a task's sources to the CommonJS the agent runs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildOptions, Plugin } from 'esbuild';
import type { Task } from '../task-contract.ts';
import { oneCopyPlugin } from './one-copy-plugin.ts';

/** What every bundle of this repository is made with: one file for Node 20 and newer, licences beside it. */
export const NODE_BUNDLE = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  keepNames: true,
  legalComments: 'linked',
  // ES modules first: a fifth smaller, and a misspelt import fails the build.
  mainFields: ['module', 'main'],
} as const satisfies BuildOptions;

/** Options for all entries of these tasks; nothing is written. Paths in the result are relative to `root`. */
export function bundleOptions(root: string, entryPoints: Readonly<Record<string, string>>) {
  return {
    ...NODE_BUNDLE,
    absWorkingDir: root,
    entryPoints: { ...entryPoints },
    outdir: 'dist/tasks',
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    minify: true,
    sourcemap: 'external',
    metafile: true,
    write: false,
    logLevel: 'silent',
    plugins: [handlersPlugin(root), oneCopyPlugin()],
  } as const satisfies BuildOptions;
}

/**
 * What is bundled for a task. A task with a post-job handler gets one file with both handlers, because each alone would
 * carry the same clients again.
 */
export function entryPoint(task: Task): Readonly<Record<string, string>> {
  if (hasPostJob(task)) return { [`${task.name}/handlers`]: `handlers:${task.name}` };
  return { [`${task.name}/index`]: `tasks/${task.name}/index.ts` };
}

/** The files that only start a handler, by their path below the output folder. */
export function handlerStubs(task: Task): Readonly<Record<string, string>> {
  if (!hasPostJob(task)) return {};
  const stub = (handler: string): string => `'use strict';\nvoid require('./handlers.cjs').${handler}();\n`;
  return { [`${task.name}/index.cjs`]: stub('index'), [`${task.name}/post.cjs`]: stub('post') };
}

function hasPostJob(task: Task): boolean {
  return existsSync(join(task.folder, 'post.ts'));
}

/** Makes `handlers:<Task>` a module that loads one handler or the other. */
function handlersPlugin(root: string): Plugin {
  return {
    name: 'handlers',
    setup(build) {
      build.onResolve({ filter: /^handlers:/ }, ({ path }) => ({
        path: path.slice('handlers:'.length),
        namespace: 'handlers',
      }));
      build.onLoad({ filter: /.*/, namespace: 'handlers' }, ({ path }) => ({
        contents: "export const index = () => import('./index.ts');\nexport const post = () => import('./post.ts');\n",
        resolveDir: join(root, 'tasks', path),
      }));
    },
  };
}
