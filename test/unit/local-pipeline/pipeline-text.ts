/** Pipelines written in a test, expanded and planned with files that exist nowhere else. */
import { fileURLToPath } from 'node:url';
import { entryOf, type DocumentNode, type MappingNode } from '../../../local/pipeline/document/document-node.ts';
import type { PipelinePlan } from '../../../local/pipeline/plan/plan.ts';
import { readPlan, type PlanInput } from '../../../local/pipeline/plan/read-plan.ts';
import { readTaskCatalog } from '../../../local/pipeline/plan/task-catalog.ts';
import { PipelineRefused } from '../../../local/pipeline/problems.ts';
import { expandPipeline } from '../../../local/pipeline/template/expand-pipeline.ts';

export interface TextInput {
  /** Templates by path, or `path@alias`. */
  readonly files?: Readonly<Record<string, string>>;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
  /** Repositories whose files are here, beside `self`. */
  readonly repositories?: readonly string[];
  readonly plan?: Partial<PlanInput>;
}

/** Tasks of the fixtures: Scripted@1 has the input `script` and the output `declared`. */
export const catalog = readTaskCatalog(fileURLToPath(new URL('../../fixtures/tasks', import.meta.url)));

export function expand(text: string, input: TextInput = {}): MappingNode {
  const { files = {}, repositories = [] } = input;
  const name = ({ repository, path }: { repository: string; path: string }): string =>
    repository === 'self' ? path : `${path}@${repository}`;
  return expandPipeline({
    file: { repository: 'self', path: 'p.yml' },
    source: {
      repositories: ['self', ...repositories],
      read: (file) => (name(file) === 'p.yml' ? text : files[name(file)]),
      show: name,
    },
    ...(input.parameters && { parameters: input.parameters }),
    ...(input.variables && { variables: input.variables }),
  });
}

export function plan(text: string, input: TextInput = {}): PipelinePlan {
  return readPlan({
    document: expand(text, input),
    catalog,
    connections: ['main-connection'],
    ...(input.variables && { variables: input.variables }),
    ...input.plan,
  });
}

/** What is wrong, as `line:column sentence`; of another file than the pipeline's with its name in front. */
export function problems(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    if (!(error instanceof PipelineRefused)) throw error;
    return error.problems.map(({ file, line, column, sentence }) => {
      const place = `${line}:${column} ${sentence}`;
      return file === 'p.yml' ? place : `${file}:${place}`;
    });
  }
  return [];
}

export type Plain = string | Plain[] | { [key: string]: Plain };

/** A document as plain texts, lists and objects. */
export function plain(node: DocumentNode | undefined): Plain {
  if (node === undefined) return '';
  if (node.kind === 'scalar') return node.text;
  if (node.kind === 'sequence') return node.items.map(plain);
  return Object.fromEntries(node.entries.map(({ key, value }) => [key.text, plain(value)]));
}

/** The steps of the only job of an expanded pipeline. */
export function stepsOf(document: MappingNode): Plain {
  const first = (node: DocumentNode | undefined): DocumentNode | undefined =>
    node?.kind === 'sequence' ? node.items[0] : undefined;
  const stage = first(entryOf(document, 'stages')?.value);
  const job = first(entryOf(stage, 'jobs')?.value);
  return plain(entryOf(job, 'steps')?.value);
}
