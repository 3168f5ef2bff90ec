/**
 * Checks a pipeline and its templates, as they are written, against the published schema with Microsoft's language
 * service. What templates make of their parameters is the expansion's to judge.
 */
import { getLanguageService, parse } from 'azure-pipelines-language-service';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { TaskDefinition } from '../../agent/task-definition.ts';
import { entryOf, type DocumentNode } from '../document/document-node.ts';
import { NodeReader } from '../document/node-reader.ts';
import { parseYaml } from '../document/parse-document.ts';
import { nearestName, suggestion } from '../nearest-name.ts';
import { ProblemList, type Problem } from '../problems.ts';
import { Budget } from '../template/budget.ts';
import type { FileKind } from '../template/expand-file.ts';
import { readDeclarations } from '../template/parameters.ts';
import { TemplateFiles, type FileId, type FileSource } from '../template/template-files.ts';
import { kindOfFile, openPlaces, taskReferences, templateReferences } from './references.ts';
import { pipelineSchema } from './schema.ts';

export interface ValidationInput {
  readonly file: FileId;
  readonly source: FileSource;
  /** What the file is used for; told by its keys where it is missing. */
  readonly kind?: FileKind;
  /** Leaves out the templates it names. */
  readonly alone?: boolean;
}

/** Severities that are faults; others are hints. */
const FAULTS = [1, 2];
const LONGEST_MESSAGE = 200;

/** A file that has been read. */
interface OpenFile {
  readonly root: DocumentNode;
  readonly kind: FileKind;
  readonly shown: string;
  readonly text: string;
}

type LanguageService = ReturnType<typeof getLanguageService>;

/** Keeps the schema of each kind of file, which takes longer to prepare than a file to check. */
export class PipelineValidator {
  readonly #tasks: readonly TaskDefinition[];
  readonly #known: readonly string[];
  readonly #services = new Map<string, LanguageService>();

  /** `tasks` are those whose inputs are checked, beside those of the service. */
  constructor(tasks: readonly TaskDefinition[]) {
    this.#tasks = tasks;
    this.#known = pipelineSchema('pipeline', tasks).tasks;
  }

  /** Everything wrong in the file and in every template it names, directly or through others. */
  async validatePipeline(input: ValidationInput): Promise<readonly Problem[]> {
    const { source, file } = input;
    const problems = new ProblemList();
    const files = new TemplateFiles(source, problems, new Budget());
    const open = (id: FileId, root: DocumentNode, kind: FileKind): OpenFile & { readonly key: string } => {
      const shown = source.show(id);
      return { root, kind, shown, text: source.read(id) ?? '', key: `${kind} ${shown}` };
    };
    const opened = files.open(file, { file: source.show(file), line: 1, column: 1 });
    const root = opened?.isBroken === true ? undefined : opened?.root;
    for (const alias of source.repositories) files.declareRepository(alias);
    const waiting = root === undefined ? [] : [open(file, root, input.kind ?? kindOfFile(root))];
    const seen = new Set<string>();
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (seen.has(next.key)) continue;
      seen.add(next.key);
      await this.#check(next, problems);
      for (const { kind, template } of input.alone === true ? [] : templateReferences(next.root)) {
        const found = mayRead(template.text, source) ? files.resolve(template) : undefined;
        if (found?.root !== undefined && !found.isBroken) waiting.push(open(found, found.root, kind));
      }
    }
    return problems.all;
  }

  async #check({ root, kind, shown, text }: OpenFile, problems: ProblemList): Promise<void> {
    const others = new Set<string>();
    for (const { text: name, place } of taskReferences(root)) {
      if (name.includes('${{') || this.#known.some((each) => each.toLowerCase() === name.toLowerCase())) continue;
      others.add(name);
      const wrong = misspelled(name, this.#known);
      if (wrong !== undefined) problems.report(place, wrong);
    }
    const service = this.#serviceFor(kind, [...others].sort());
    const document = TextDocument.create('file:///pipeline.yml', 'azure-pipelines', 1, text);
    const diagnostics = await withoutChatter(async () => service.doValidation(document, parse(text)));
    const open = openPlaces(root);
    for (const { range, severity, message } of diagnostics) {
      const place = { file: shown, line: range.start.line + 1, column: range.start.character + 1 };
      // What an expression gives is not known yet.
      if (!FAULTS.includes(severity ?? 1) || open.has(`${place.line}:${place.column}`)) continue;
      const sentence = typeof message === 'string' ? message : message.value;
      problems.report(place, sentence.length > LONGEST_MESSAGE ? `${sentence.slice(0, LONGEST_MESSAGE)} …` : sentence);
    }
  }

  #serviceFor(kind: FileKind, others: readonly string[]): LanguageService {
    const key = [kind, ...others].join(' ');
    const known = this.#services.get(key);
    if (known !== undefined) return known;
    const schema = pipelineSchema(kind, this.#tasks, others).document;
    const service = getLanguageService(
      () => Promise.resolve(schema),
      [],
      () => Promise.resolve('schema://pipeline'),
    );
    service.configure({ validate: true, schemas: [] });
    this.#services.set(key, service);
    return service;
  }
}

/** Parameters of a file that have neither a default nor a value; undefined for a file of variables, which is no pipeline. */
export function openParameters(
  { file, source }: Pick<ValidationInput, 'file' | 'source'>,
  given: Readonly<Record<string, string>>,
): readonly string[] | undefined {
  const root = parseYaml(source.read(file) ?? '', source.show(file), new ProblemList());
  if (root === undefined || kindOfFile(root) === 'variables') return undefined;
  const declared = entryOf(root, 'parameters')?.value;
  if (declared?.kind === 'mapping') return [];
  return readDeclarations(new NodeReader(new ProblemList()), declared)
    .filter(({ name, fallback }) => fallback === undefined && !Object.hasOwn(given, name))
    .map(({ name }) => name);
}

/** Repositories that are not on this machine are not checked. */
function mayRead(template: string, { repositories }: FileSource): boolean {
  const sign = template.lastIndexOf('@');
  return sign < 0 || repositories.includes(template.slice(sign + 1));
}

/** A task nobody knows may come from another extension; one that is nearly known is a mistake. */
function misspelled(reference: string, known: readonly string[]): string | undefined {
  const name = reference.split('@')[0] ?? '';
  const versions = known.filter((each) => each.toLowerCase().startsWith(`${name.toLowerCase()}@`));
  if (versions.length > 0) return `The task '${reference}' is not known; there is ${versions.join(', ')}.`;
  const names = known.map((each) => each.split('@')[0] ?? '');
  if (nearestName(name, names) === undefined) return undefined;
  return `The task '${reference}' is not known.${suggestion(name, names)}`;
}

const CHATTER = /^(getSchemaForResource|resource:|this\.customSchemaProvider|loadSchema)/;

/** The language service tells the console what it does. */
async function withoutChatter<T>(work: () => Promise<T>): Promise<T> {
  const { log } = console;
  console.log = (...parts: unknown[]): void => {
    if (!CHATTER.test(String(parts[0]))) log(...parts);
  };
  try {
    return await work();
  } finally {
    console.log = log;
  }
}
