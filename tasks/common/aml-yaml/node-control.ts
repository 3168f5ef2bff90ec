import type { NodeContent, NodeReader } from './pipeline-node.ts';
import { jobOutputs } from './job-data.ts';
import { pythonJson } from './python-json.ts';
import { anything, integer, listOf, mapOf, record, text, type Reader } from './readers.ts';
import { compact, passThrough, type TemplateObject } from './templates.ts';

function steering(type: string, members: TemplateObject, common: NodeContent['common'] = {}): NodeContent {
  return { type, common, uses: { kind: 'nothing' }, members, needsCompute: false, leavesOut: ['name'] };
}

/** `${{parent.jobs.b.outputs.ok}}` → `ok`: loops name ports of their own body. */
function portName(binding: string): string {
  return /\.(?:inputs|outputs)\.([^.}]+?)\s*\}\}$/.exec(binding)?.[1] ?? binding;
}

const textOrTexts: Reader<readonly string[]> = (node, at) => {
  if (node.kind === 'list') return listOf(text)(node, at);
  const single = text(node, at);
  return single === undefined ? undefined : [single];
};

const readLoop = record(
  {
    name: text,
    type: text,
    body: text,
    condition: text,
    mapping: mapOf(textOrTexts),
    limits: record({ max_iteration_count: integer }),
  },
  { required: ['body'] },
);

/** Repeats a node until a condition fails. */
export const doWhileNode: NodeReader = (node, at) => {
  const values = readLoop(node, at);
  if (values === undefined) return undefined;
  const mapping = Object.entries(values.mapping ?? {}).map(([name, targets]) => [name, targets.map(portName)]);
  return steering(
    'do_while',
    compact({
      type: 'do_while',
      body: values.body,
      condition: values.condition === undefined ? undefined : portName(values.condition),
      mapping: Object.fromEntries(mapping) as TemplateObject,
      limits: values.limits,
    }),
  );
};

const readBranches = record(
  { name: text, type: text, condition: anything, true_block: textOrTexts, false_block: textOrTexts },
  { required: ['condition'] },
);

/** Runs one of two nodes. */
export const ifElseNode: NodeReader = (node, at) => {
  const values = readBranches(node, at);
  if (values === undefined) return undefined;
  const block = (names: readonly string[] | undefined) => (names?.length === 1 ? names[0] : names);
  return steering(
    'if_else',
    compact({
      type: 'if_else',
      condition: values.condition && passThrough(values.condition),
      true_block: block(values.true_block),
      false_block: block(values.false_block),
    }),
  );
};

const items: Reader<string> = (node, at) =>
  node.kind === 'list' || node.kind === 'map' ? pythonJson(passThrough(node)) : text(node, at);

const readForEach = record(
  { name: text, type: text, body: text, items, outputs: jobOutputs, max_concurrency: integer },
  { required: ['body', 'items'] },
);

/** Runs a node once for each item. */
export const parallelForNode: NodeReader = (node, at) => {
  const values = readForEach(node, at);
  if (values === undefined) return undefined;
  const { body, items: list, max_concurrency, outputs } = values;
  const members = compact({ type: 'parallel_for', body, items: list, max_concurrency });
  return steering('parallel_for', members, outputs === undefined ? {} : { outputs });
};
