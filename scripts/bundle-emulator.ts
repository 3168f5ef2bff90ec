/**
 * Builds `dist/emulator`: the emulator as one file, with the blob server's thread and the Python programs it starts beside
 * it. Loading thousands of modules one by one is most of its start; this is what `npm run emulator` runs.
 */
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build, type BuildOptions } from 'esbuild';
import { NODE_BUNDLE } from './bundle/esbuild-options.ts';
import { repositoryRoot } from './task-contract.ts';

const outputFolder = join(repositoryRoot, 'dist/emulator');

const common = { ...NODE_BUNDLE, absWorkingDir: repositoryRoot, logLevel: 'warning' } as const satisfies BuildOptions;

rmSync(outputFolder, { recursive: true, force: true });
mkdirSync(outputFolder, { recursive: true });
await Promise.all([
  build({
    ...common,
    entryPoints: ['local/emulator/main.ts'],
    outfile: 'dist/emulator/main.mjs',
    format: 'esm',
    // Packages that are CommonJS inside ask for Node's own modules by require.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module';\nconst require = requireOf(import.meta.url);",
    },
  }),
  build({
    ...common,
    entryPoints: ['local/emulator/blob/azurite-worker.cjs'],
    outfile: 'dist/emulator/azurite-worker.cjs',
    format: 'cjs',
    mainFields: ['main'],
    // A warning here is about Azurite's own code.
    logLevel: 'error',
  }),
]);
for (const program of pythonPrograms()) copyFileSync(program, join(outputFolder, basename(program)));

/** Each lies beside the module that starts it, which the bundle has taken in. */
function pythonPrograms(): readonly string[] {
  const sources = join(repositoryRoot, 'local/emulator');
  return readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.py'))
    .map((path) => join(sources, path));
}
