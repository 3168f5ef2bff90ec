/** Finds and parses the files of a pipeline: templates beside the including file, in its repository, or in another one. */
import type { DocumentNode, Place, ScalarNode } from '../document/document-node.ts';
import { parseYaml } from '../document/parse-document.ts';
import { suggestion } from '../nearest-name.ts';
import type { ProblemList } from '../problems.ts';
import type { Budget } from './budget.ts';
import { checkSyntax } from './template-text.ts';

/** A file of a repository; `self` is the one of the pipeline. */
export interface FileId {
  readonly repository: string;
  /** From the root of the repository, with forward slashes. */
  readonly path: string;
}

/** Where the texts come from; the expansion itself reads no disk. */
export interface FileSource {
  /** Repositories whose files can be read, `self` among them. */
  readonly repositories: readonly string[];
  /** Undefined where there is no such file. */
  readonly read: (file: FileId) => string | undefined;
  /** How problems name the file. */
  readonly show: (file: FileId) => string;
}

export interface TemplateFile extends FileId {
  readonly root: DocumentNode | undefined;
  /** It is no YAML, or an expression in it has a wrong syntax; that has been reported. */
  readonly isBroken: boolean;
}

export class TemplateFiles {
  readonly #source: FileSource;
  readonly #problems: ProblemList;
  readonly #budget: Budget;
  readonly #known = new Map<string, TemplateFile | undefined>();
  /** Aliases of `resources.repositories`. */
  readonly #aliases = new Set(['self']);

  constructor(source: FileSource, problems: ProblemList, budget: Budget) {
    this.#source = source;
    this.#problems = problems;
    this.#budget = budget;
  }

  declareRepository(alias: string): void {
    this.#aliases.add(alias);
  }

  /** Reads and parses a file once. Undefined where there is none. */
  open(file: FileId, at: Place): TemplateFile | undefined {
    const shown = this.#source.show(file);
    if (this.#known.has(shown)) return this.#known.get(shown);
    this.#budget.spendFile(at, shown);
    const text = this.#source.read(file);
    let opened: TemplateFile | undefined;
    if (text !== undefined) {
      const before = this.#problems.count;
      const root = parseYaml(text, shown, this.#problems);
      if (root !== undefined) checkSyntax(root, this.#problems);
      opened = { ...file, root, isBroken: this.#problems.count > before };
    }
    this.#known.set(shown, opened);
    return opened;
  }

  /** The file that a `template:` means. What is not there is reported. */
  resolve(reference: ScalarNode): TemplateFile | undefined {
    const file = this.#locate(reference);
    if (file === undefined) return undefined;
    const opened = this.open(file, reference.place);
    if (opened === undefined) {
      this.#problems.report(
        reference.place,
        `File ${this.#source.show(file)} was not found; the template is '${reference.text}'.`,
      );
    }
    return opened;
  }

  #locate(reference: ScalarNode): FileId | undefined {
    const sign = reference.text.lastIndexOf('@');
    const path = (sign < 0 ? reference.text : reference.text.slice(0, sign)).replaceAll('\\', '/');
    const including = this.#fileOf(reference.place);
    const repository = sign < 0 ? including.repository : reference.text.slice(sign + 1);
    if (path === '') this.#problems.report(reference.place, 'A template needs a path.');
    if (path === '' || !this.#mayRead(repository, reference)) return undefined;
    const fromRoot = sign >= 0 || path.startsWith('/');
    const folder = fromRoot ? [] : including.path.split('/').slice(0, -1);
    const joined = joinPath(folder, path);
    if (joined === undefined) {
      this.#problems.report(reference.place, `The template '${reference.text}' is outside of its repository.`);
      return undefined;
    }
    return { repository, path: joined };
  }

  /** An included file is named by its own place; what was given on the command line counts as the pipeline's. */
  #fileOf({ file }: Place): FileId {
    return this.#known.get(file) ?? { repository: 'self', path: '' };
  }

  #mayRead(repository: string, reference: ScalarNode): boolean {
    if (!this.#aliases.has(repository)) {
      const hint = suggestion(repository, [...this.#aliases]);
      this.#problems.report(
        reference.place,
        `The repository '${repository}' is not among the pipeline's 'resources: repositories:'.${hint}`,
      );
      return false;
    }
    if (this.#source.repositories.includes(repository)) return true;
    this.#problems.report(
      reference.place,
      `The repository '${repository}' is not on this machine; give its folder with --repository ${repository}=FOLDER.`,
    );
    return false;
  }
}

/** Undefined where the path leaves the root. */
function joinPath(folder: readonly string[], path: string): string | undefined {
  const parts = [...folder];
  for (const part of path.split('/')) {
    if (part === '..') {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}
