import { nearest } from '../domain/spelling.ts';
import type { JobInput, JobOutput } from './job-data.ts';
import type { ProblemList } from './problems.ts';
import type { Place } from './yaml-node.ts';

/** What a port of the surrounding pipeline or of another node is, as far as a binding to it tells. */
export interface PortType {
  readonly type: string;
  /** As written. */
  readonly mode: string | undefined;
}

/** What the nodes of a graph can be bound to. */
export interface PipelineScope {
  readonly inputs: ReadonlyMap<string, PortType>;
  readonly outputs: ReadonlyMap<string, PortType>;
  readonly nodes: ReadonlyMap<string, NodePorts>;
}

export interface NodePorts {
  /** The outputs the node's file or its local component names, and what they are. */
  readonly outputs: ReadonlyMap<string, PortType>;
  /** False for registered components: their outputs are known to the service only. */
  readonly isComplete: boolean;
}

const PARENT_INPUT = /^\$\{\{\s*parent\.inputs\.([^}]+?)\s*\}\}$/;
const PARENT_OUTPUT = /^\$\{\{\s*parent\.outputs\.([^}]+?)\s*\}\}$/;
const NODE_OUTPUT = /^\$\{\{\s*parent\.jobs\.([^.}]+)\.(inputs|outputs)\.([^}]+?)\s*\}\}$/;
const OLD_INPUT = /^\$\{\{\s*(inputs|outputs|jobs)\.[^}]+\}\}$/;

/** Reports a node's binding that leads nowhere. */
export function checkInputBinding(
  input: Extract<JobInput, { readonly kind: 'binding' }>,
  scope: PipelineScope,
  problems: ProblemList,
): void {
  const { text, place } = input;
  const parentInput = PARENT_INPUT.exec(text)?.[1];
  if (parentInput !== undefined)
    checkName(parentInput, scope.inputs, text, 'the pipeline has no such input', place, problems);
  const [, node, direction, port] = NODE_OUTPUT.exec(text) ?? [];
  if (node !== undefined && port !== undefined) {
    const source = scope.nodes.get(node);
    if (source === undefined) checkName(node, scope.nodes, text, 'the pipeline has no such node', place, problems);
    else if (direction === 'outputs' && source.isComplete) {
      checkName(port, source.outputs, text, `node '${node}' has no such output`, place, problems);
    }
  }
  if (OLD_INPUT.test(text)) {
    const replacement = text.replace(/^\$\{\{\s*/, '${{parent.');
    problems.add(place, `${text} is the old spelling of a binding; write ${replacement}.`);
  }
}

/** Reports a node's output that is bound to nothing. */
export function checkOutputBinding(output: JobOutput, scope: PipelineScope, problems: ProblemList): void {
  const name = output.binding === undefined ? undefined : PARENT_OUTPUT.exec(output.binding)?.[1];
  if (name === undefined || output.binding === undefined) return;
  checkName(name, scope.outputs, output.binding, 'the pipeline has no such output', output.place, problems);
}

/** Names with a dot are members of a group of inputs, whose definition is the service's. */
function checkName(
  name: string,
  known: ReadonlyMap<string, unknown>,
  binding: string,
  complaint: string,
  place: Place,
  problems: ProblemList,
): void {
  if (name.includes('.') || known.has(name)) return;
  const close = nearest(name, [...known.keys()]);
  const hint =
    close === undefined
      ? `It has ${known.size === 0 ? 'none' : [...known.keys()].join(', ')}.`
      : `Did you mean '${close}'?`;
  problems.add(place, `${binding} leads nowhere: ${complaint}. ${hint}`);
}

/** What a bound input is: its type, and for an input of the pipeline its mode too. */
export function bindingType(text: string, scope: PipelineScope): PortType {
  const parentInput = PARENT_INPUT.exec(text)?.[1];
  if (parentInput !== undefined) return scope.inputs.get(parentInput) ?? FOLDER;
  const [, node, , port] = NODE_OUTPUT.exec(text) ?? [];
  const source = node === undefined || port === undefined ? undefined : scope.nodes.get(node)?.outputs.get(port);
  // How the other node writes its output says nothing about how this one reads it.
  return source === undefined ? FOLDER : { type: source.type, mode: undefined };
}

/** What a bound output of a node is. */
export function outputBindingType(text: string, scope: Pick<PipelineScope, 'outputs'>): PortType {
  const name = PARENT_OUTPUT.exec(text)?.[1];
  return (name === undefined ? undefined : scope.outputs.get(name)) ?? FOLDER;
}

const FOLDER: PortType = { type: 'uri_folder', mode: undefined };
