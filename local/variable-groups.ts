/** Files that stand for variable groups of the library. */
import { existsSync, readFileSync } from 'node:fs';
import { entryOf, type DocumentNode } from './pipeline/document/document-node.ts';
import { NodeReader } from './pipeline/document/node-reader.ts';
import { parseYaml } from './pipeline/document/parse-document.ts';
import type { VariableGroup } from './pipeline/plan/reading.ts';
import { ProblemList } from './pipeline/problems.ts';
import { UsageError } from './usage-error.ts';

/**
 * Reads `name: value` files, YAML or JSON; `name: { value: …, isSecret: true }` is a secret. Throws UsageError for a file
 * that is not there, PipelineRefused for one that is something else.
 */
export function readVariableGroups(files: Readonly<Record<string, string>>): ReadonlyMap<string, VariableGroup> {
  return new Map(Object.entries(files).map(([name, file]) => [name, readGroup(name, file)]));
}

function readGroup(name: string, file: string): VariableGroup {
  if (!existsSync(file)) throw new UsageError(`--group ${name}: there is no file ${file}.`);
  const problems = new ProblemList();
  const reader = new NodeReader(problems);
  const root = parseYaml(readFileSync(file, 'utf8'), file, problems);
  const entries = root === undefined ? [] : [...reader.mapping(root, 'a variable group')];
  const group = Object.fromEntries(entries.map(([variable, { value }]) => [variable, readValue(reader, value)]));
  problems.throwIfAny();
  return group;
}

function readValue(reader: NodeReader, node: DocumentNode): VariableGroup[string] {
  if (node.kind === 'scalar') return { value: node.text, secret: false };
  const entries = reader.mapping(node, 'a variable', ['value', 'isSecret']);
  const value = entryOf(node, 'value')?.value;
  return {
    value: value === undefined ? '' : reader.text(value, 'value'),
    secret: reader.boolean(entries, 'isSecret', false),
  };
}
