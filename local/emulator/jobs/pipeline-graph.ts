/** The graph of a pipeline job: which node waits for which, and what flows along the bindings. */
import { asObject, isJsonObject, textAt } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';

export type Binding =
  | { readonly kind: 'parentInput'; readonly name: string }
  | { readonly kind: 'nodeOutput'; readonly node: string; readonly output: string };

const PARENT_INPUT = /^\$\{\{\s*parent\.inputs\.([^{}]+?)\s*\}\}$/;
const NODE_OUTPUT = /^\$\{\{\s*parent\.jobs\.([^.{}\s]+)\.outputs\.([^{}]+?)\s*\}\}$/;
const PARENT_OUTPUT = /^\$\{\{\s*parent\.outputs\.([^{}]+?)\s*\}\}$/;
const ANY_NODE_OUTPUT = /\$\{\{\s*parent\.jobs\.([^.{}\s]+)\.outputs\.[^{}]+?\s*\}\}/g;

/** What a node's input is bound to; undefined when the text is a plain value. */
export function parseBinding(text: string): Binding | undefined {
  const input = PARENT_INPUT.exec(text.trim());
  if (input !== null) return { kind: 'parentInput', name: input[1] ?? '' };
  const output = NODE_OUTPUT.exec(text.trim());
  return output === null ? undefined : { kind: 'nodeOutput', node: output[1] ?? '', output: output[2] ?? '' };
}

/** The pipeline's output a node's output feeds: from `{value: "${{parent.outputs.x}}"}` or the bare text. */
export function boundOutput(output: Json | undefined): string | undefined {
  const text = typeof output === 'string' ? output : textAt(output, 'value');
  return text === undefined ? undefined : PARENT_OUTPUT.exec(text.trim())?.[1];
}

/** The text of an input as a node's body has it: the bare value, or its `value` or `uri`. */
export function inputText(input: Json | undefined): string | undefined {
  if (isJsonObject(input)) return plainText(input.value) ?? plainText(input.uri) ?? plainText(input.path);
  return plainText(input);
}

/** Numbers and booleans as the service keeps them in text. */
export function plainText(value: Json | undefined): string | undefined {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : undefined;
}

/** Names of the nodes that must be done before `node` can start. */
export function dependenciesOf(node: JsonObject): ReadonlySet<string> {
  const found = new Set<string>();
  for (const input of Object.values(asObject(node.inputs))) {
    for (const match of (inputText(input) ?? '').matchAll(ANY_NODE_OUTPUT)) found.add(match[1] ?? '');
  }
  return found;
}

/**
 * What is wrong with the graph, in one sentence: a binding to a node or an output that is not there, or nodes that
 * wait for each other. Undefined when it can run.
 */
export function findGraphProblem(
  jobs: Readonly<Record<string, JsonObject>>,
  outputsOf: (node: string) => readonly string[] | undefined,
): string | undefined {
  for (const [name, node] of Object.entries(jobs)) {
    for (const [input, value] of Object.entries(asObject(node.inputs))) {
      const binding = parseBinding(inputText(value) ?? '');
      if (binding?.kind !== 'nodeOutput') continue;
      const outputs = binding.node in jobs ? outputsOf(binding.node) : [];
      if (outputs === undefined || outputs.includes(binding.output)) continue;
      return `Input ${input} of node ${name} is bound to ${binding.node}.outputs.${binding.output}, which does not exist.`;
    }
  }
  const circle = findCircle(jobs);
  return circle === undefined ? undefined : `The nodes ${circle.join(', ')} wait for each other.`;
}

function findCircle(jobs: Readonly<Record<string, JsonObject>>): readonly string[] | undefined {
  const waiting = new Map(Object.entries(jobs).map(([name, node]) => [name, dependenciesOf(node)]));
  for (;;) {
    const free = [...waiting].filter(([, needs]) => [...needs].every((need) => !waiting.has(need)));
    if (free.length === 0) return waiting.size === 0 ? undefined : [...waiting.keys()];
    for (const [name] of free) waiting.delete(name);
  }
}
