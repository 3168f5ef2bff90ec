/** Builds `dist/agent-bootstrap/pool.cjs`: the pool tool as one file, to copy to where only Node is. */
import { writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { NODE_BUNDLE } from './bundle/esbuild-options.ts';
import { oneCopyPlugin } from './bundle/one-copy-plugin.ts';
import { packagesOf } from './bundle/inspect-bundle.ts';
import { thirdPartyNotices } from './bundle/third-party-notices.ts';
import { repositoryRoot } from './task-contract.ts';

const output = 'dist/agent-bootstrap';

const { metafile, outputFiles } = await build({
  ...NODE_BUNDLE,
  absWorkingDir: repositoryRoot,
  entryPoints: { pool: 'agent-bootstrap/pool/main.ts' },
  outdir: output,
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  banner: { js: '#!/usr/bin/env node' },
  minify: true,
  metafile: true,
  write: false,
  logLevel: 'warning',
  plugins: [oneCopyPlugin()],
});

mkdirSync(join(repositoryRoot, output), { recursive: true });
for (const { path, contents } of outputFiles)
  writeFileSync(path, contents, { mode: path.endsWith('.cjs') ? 0o755 : 0o644 });
const packages = Object.values(metafile.outputs).flatMap(packagesOf);
writeFileSync(join(repositoryRoot, output, 'ThirdPartyNotices.txt'), thirdPartyNotices(repositoryRoot, packages));
