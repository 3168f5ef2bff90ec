/** Puts a pipeline together: its file, the templates it names, and stages, jobs and steps in their full form. */
import type { Value } from '../../agent/expressions/values.ts';
import {
  entryOf,
  mapping,
  scalar,
  sequence,
  type DocumentNode,
  type Entry,
  type MappingNode,
  type Place,
} from '../document/document-node.ts';
import { NodeReader } from '../document/node-reader.ts';
import { parseYaml } from '../document/parse-document.ts';
import { ProblemList } from '../problems.ts';
import { Budget, LimitExceeded } from './budget.ts';
import { expandFile } from './expand-file.ts';
import { includeTemplate, type Assembly } from './include-template.ts';
import {
  kindOfJob,
  kindOfStage,
  kindOfStep,
  mapEntry,
  mapHooks,
  normaliseParameter,
  normaliseStep,
} from './normalise.ts';
import { readDeclarations } from './parameters.ts';
import { TemplateFiles, type FileId, type FileSource } from './template-files.ts';

export interface ExpansionInput {
  readonly file: FileId;
  readonly source: FileSource;
  /** Values for the pipeline's parameters, as they are typed. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Variables every file sees: predefined ones and those given when the run is queued. */
  readonly variables?: Readonly<Record<string, string>>;
}

const BODY = ['stages', 'jobs', 'steps', 'extends'];
const SIMPLE_TYPES = ['string', 'number', 'boolean'];

/**
 * The final document: what stands beside `stages` as it is, and `stages` with every template in its place and every step
 * a task. Throws PipelineRefused with everything that is wrong.
 */
export function expandPipeline(input: ExpansionInput): MappingNode {
  const problems = new ProblemList();
  const budget = new Budget();
  const assembly: Assembly = {
    reader: new NodeReader(problems),
    budget,
    files: new TemplateFiles(input.source, problems, budget),
    variables: new Map<string, Value>(Object.entries(input.variables ?? {})),
  };
  let root: MappingNode | undefined;
  try {
    root = assemble(input, assembly);
  } catch (error) {
    if (!(error instanceof LimitExceeded)) throw error;
    problems.report(error.place, error.message);
  }
  problems.throwIfAny();
  if (root === undefined) throw new Error('An expansion without a result has a problem.');
  return root;
}

function assemble(input: ExpansionInput, assembly: Assembly): MappingNode | undefined {
  const { reader, files } = assembly;
  const at: Place = { file: input.source.show(input.file), line: 1, column: 1 };
  const file = files.open(input.file, at);
  if (file?.root === undefined) {
    reader.report({ place: at }, 'The pipeline is empty.');
    return undefined;
  }
  reader.problems.throwIfAny();
  for (const alias of repositoryAliases(file.root)) files.declareRepository(alias);
  const entries = typedEntries(reader, entryOf(file.root, 'parameters')?.value, input.parameters ?? {});
  const root = expandFile(file.root, 'pipeline', { place: at, entries }, inFile(assembly, 0));
  reader.problems.throwIfAny();
  return withStages(assembly, withExtension(assembly, root, 0));
}

function inFile(assembly: Assembly, depth: number): Parameters<typeof expandFile>[3] {
  return {
    ...assembly,
    variablesOf: (reference) => {
      const included = includeTemplate(assembly, reference, 'variables', depth + 1, inFile);
      const variables = included && entryOf(included, 'variables')?.value;
      return variables === undefined ? [] : variableItems(assembly.reader, variables);
    },
    structureOf: (type, node) => structureOf(assembly, type, node, depth),
  };
}

/** Parameters that hold parts of a pipeline come with the templates they name in their places, and every step a task. */
function structureOf(assembly: Assembly, type: string, node: DocumentNode, depth: number): DocumentNode {
  const before = assembly.reader.problems.count;
  const normalised = normaliseParameter(assembly.reader, type, node);
  if (assembly.reader.problems.count > before) return normalised;
  const itemsOf = type.startsWith('stage') ? stagesOf : type.startsWith('step') ? stepsOf : jobsOf;
  if (type.endsWith('List')) return sequence(node.place, itemsOf(assembly, node, depth));
  const [only, ...others] = itemsOf(assembly, sequence(node.place, [node]), depth);
  if (others.length > 0) assembly.reader.report(node, `A parameter of the type ${type} holds one, not several.`);
  return only ?? normalised;
}

/** Variables as a list, whichever way they are written. */
function variableItems(reader: NodeReader, node: DocumentNode): readonly DocumentNode[] {
  if (node.kind !== 'mapping') return reader.sequence(node, '`variables`');
  return node.entries.map(({ key, value }) =>
    mapping(key.place, [
      { key: scalar(key.place, 'name'), value: key },
      { key: scalar(key.place, 'value'), value },
    ]),
  );
}

/** Names in `resources: repositories:`; they are literal, and known before anything is expanded. */
function repositoryAliases(root: DocumentNode): string[] {
  const list = entryOf(entryOf(root, 'resources')?.value, 'repositories')?.value;
  if (list?.kind !== 'sequence') return [];
  return list.items.flatMap((item) => {
    const alias = entryOf(item, 'repository')?.value;
    return alias?.kind === 'scalar' ? [alias.text] : [];
  });
}

/** What is typed for a parameter is YAML where the parameter is an object, and a text elsewhere. */
function typedEntries(
  reader: NodeReader,
  declared: DocumentNode | undefined,
  given: Readonly<Record<string, string>>,
): Entry[] {
  const quiet = new NodeReader(new ProblemList());
  const declarations = declared?.kind === 'mapping' ? [] : readDeclarations(quiet, declared);
  return Object.entries(given).map(([name, text]) => {
    const place = { file: `--param ${name}`, line: 1, column: 1 };
    const type = declarations.find((each) => each.name === name)?.type ?? 'string';
    const value = SIMPLE_TYPES.includes(type) ? undefined : parseYaml(text, place.file, reader.problems);
    return { key: scalar(place, name), value: value ?? scalar(place, text) };
  });
}

/** What `extends` names, in its place. */
function withExtension(assembly: Assembly, root: MappingNode, depth: number): MappingNode {
  const extension = entryOf(root, 'extends');
  if (extension === undefined) return root;
  const included = includeTemplate(assembly, extension.value, 'extends', depth + 1, inFile);
  const rest = root.entries.filter((entry) => entry !== extension);
  if (included === undefined) return mapping(root.place, rest);
  for (const { key } of included.entries) {
    const twice = rest.find((entry) => entry.key.text.toLowerCase() === key.text.toLowerCase());
    if (twice !== undefined) assembly.reader.report(key, `'${twice.key.text}' is already defined.`);
  }
  return withExtension(assembly, mapping(root.place, [...rest, ...included.entries]), depth + 1);
}

/** Bare jobs become one stage, bare steps one job of it. */
function withStages(assembly: Assembly, root: MappingNode): MappingNode {
  const body = root.entries.find(({ key }) => BODY.includes(key.text));
  const { reader } = assembly;
  if (body === undefined) {
    reader.report(root, "A pipeline needs 'stages', 'jobs', 'steps' or 'extends'.");
    return root;
  }
  const { key, value } = body;
  const entry = (name: string, node: DocumentNode): Entry => ({ key: scalar(key.place, name), value: node });
  const unnamed = (kind: string, name: string, inside: string, items: readonly DocumentNode[]): DocumentNode =>
    mapping(key.place, [entry(kind, scalar(key.place, name)), entry(inside, sequence(value.place, items))]);
  const stages = (): readonly DocumentNode[] => {
    if (key.text === 'stages') return stagesOf(assembly, value, 0);
    const jobs =
      key.text === 'jobs' ? jobsOf(assembly, value, 0) : [unnamed('job', 'Job', 'steps', stepsOf(assembly, value, 0))];
    return [unnamed('stage', '__default', 'jobs', jobs)];
  };
  const rest = root.entries.filter((each) => each !== body);
  return mapping(root.place, [...rest, entry('stages', sequence(value.place, stages()))]);
}

function stagesOf(assembly: Assembly, list: DocumentNode, depth: number): readonly DocumentNode[] {
  return assembly.reader.sequence(list, '`stages`').flatMap((item) => {
    const kind = kindOfStage(assembly.reader, item);
    if (kind === 'template') return included(assembly, item, 'stages', depth, stagesOf);
    return [mapEntry(item, 'jobs', (jobs) => sequence(jobs.place, jobsOf(assembly, jobs, depth)))];
  });
}

function jobsOf(assembly: Assembly, list: DocumentNode, depth: number): readonly DocumentNode[] {
  const steps = (node: DocumentNode): DocumentNode => sequence(node.place, stepsOf(assembly, node, depth));
  return assembly.reader.sequence(list, '`jobs`').flatMap((item) => {
    const kind = kindOfJob(assembly.reader, item);
    if (kind === 'template') return included(assembly, item, 'jobs', depth, jobsOf);
    return [mapHooks(mapEntry(item, 'steps', steps), steps)];
  });
}

function stepsOf(assembly: Assembly, list: DocumentNode, depth: number): readonly DocumentNode[] {
  return assembly.reader.sequence(list, '`steps`').flatMap((item) => {
    const kind = kindOfStep(assembly.reader, item);
    if (kind === 'template') return included(assembly, item, 'steps', depth, stepsOf);
    return kind === undefined ? [] : [normaliseStep(assembly.reader, item)];
  });
}

function included(
  assembly: Assembly,
  reference: DocumentNode,
  kind: 'stages' | 'jobs' | 'steps',
  depth: number,
  itemsOf: (assembly: Assembly, list: DocumentNode, depth: number) => readonly DocumentNode[],
): readonly DocumentNode[] {
  const template = includeTemplate(assembly, reference, kind, depth + 1, inFile);
  const list = template && entryOf(template, kind)?.value;
  return list === undefined ? [] : itemsOf(assembly, list, depth + 1);
}
