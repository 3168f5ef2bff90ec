/** Reads one YAML file with positions, as texts: what a scalar means is for the place that reads it. */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Node,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { parseExpression } from '../agent/expressions/parse.ts';
import { toText, ExpressionError, type Value } from '../agent/expressions/values.ts';
import { evaluateExpression } from '../agent/expressions/evaluate.ts';
import { suggestion } from './nearest-name.ts';
import type { Problem } from './problems.ts';

export interface Entry {
  readonly key: Node;
  /** Undefined for a key without a value. */
  readonly value: Node | undefined;
}

/** A file being read; everything wrong with it is collected. */
export class YamlSource {
  readonly file: string;
  readonly problems: Problem[] = [];
  readonly root: Node | undefined;
  /** What `${{ parameters.x }}` is; undefined until the parameters are known. */
  parameters: ReadonlyMap<string, Value> | undefined;
  readonly #lines = new LineCounter();

  constructor(file: string, text: string) {
    this.file = file;
    const document = parseDocument(text, { schema: 'failsafe', lineCounter: this.#lines, prettyErrors: false });
    for (const error of [...document.errors, ...document.warnings]) {
      this.#reportAt(error.pos[0], `This is not valid YAML: ${error.message}.`);
    }
    visit(document, (_key, node) => {
      if (isAlias(node) || (isNode(node) && node.anchor !== undefined)) {
        this.report(node, 'Anchors are not supported in pipelines.');
      }
    });
    this.root = document.contents ?? undefined;
  }

  report(node: Node | undefined, sentence: string): void {
    this.#reportAt(node?.range?.[0] ?? 0, sentence);
  }

  /** The entries of a mapping by key. Reports what is no mapping, unknown keys with the nearest known one, and directives. */
  mapping(node: Node | undefined, what: string, known?: readonly string[]): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    if (!isMap(node)) {
      this.report(node, `${what} must be a mapping.`);
      return entries;
    }
    for (const pair of (node as YAMLMap<Node, Node | null>).items) {
      const key = isScalar(pair.key) ? String(pair.key.value) : '';
      if (key.includes('${{'))
        this.report(pair.key, 'Template directives (if, each, insert) are not supported here yet.');
      else if (known !== undefined && !known.includes(key)) {
        this.report(pair.key, `Unexpected property '${key}' in ${what}.${suggestion(key, known)}`);
      } else entries.set(key, { key: pair.key, value: pair.value ?? undefined });
    }
    return entries;
  }

  sequence(node: Node | undefined, what: string): Node[] {
    if (isSeq(node)) return node.items as Node[];
    this.report(node, `${what} must be a list.`);
    return [];
  }

  /** The text of a scalar, with `${{ parameters.x }}` evaluated; '' for a key without a value. */
  text(node: Node | undefined, what: string): string {
    if (node === undefined) return '';
    if (!isScalar(node)) {
      this.report(node, `${what} must be a single value, not a ${isMap(node) ? 'mapping' : 'list'}.`);
      return '';
    }
    // The failsafe schema knows no scalars but texts.
    const text = typeof node.value === 'string' ? node.value : '';
    return text.includes('${{') ? this.#expand(text, node) : text;
  }

  /** A Boolean as pipelines write them; macros are not evaluated there. */
  boolean(node: Node | undefined, what: string): boolean {
    const text = this.text(node, what);
    if (/^(true|y|yes|on)$/i.test(text)) return true;
    if (!/^(false|n|no|off)$/i.test(text))
      this.report(node, `Unexpected value '${text}': ${what} must be true or false.`);
    return false;
  }

  integer(node: Node | undefined, what: string): number {
    const text = this.text(node, what);
    if (/^\d+$/.test(text)) return Number(text);
    this.report(node, `Expected an integer value for ${what}. Actual value: '${text}'.`);
    return 0;
  }

  isList(node: Node | undefined): boolean {
    return isSeq(node);
  }

  isMapping(node: Node | undefined): boolean {
    return isMap(node);
  }

  #expand(text: string, node: Node): string {
    const { parameters } = this;
    if (parameters === undefined) {
      this.report(node, 'A template expression is not allowed in this context.');
      return text;
    }
    return text.replaceAll(/\$\{\{((?:'[^']*'|[^'])*?)\}\}/g, (whole, expression: string) => {
      try {
        return toText(evaluateExpression(expression.trim(), { names: { parameters }, functions: {} }));
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw error;
        this.report(node, `${whole}: ${error.message}. Only parameters are known in template expressions here.`);
        return whole;
      }
    });
  }

  #reportAt(offset: number, sentence: string): void {
    const { line, col } = this.#lines.linePos(offset);
    this.problems.push({ file: this.file, line: Math.max(line, 1), column: Math.max(col, 1), sentence });
  }
}

function isNode(value: unknown): value is Scalar | YAMLMap | YAMLSeq {
  return isScalar(value) || isMap(value) || isSeq(value);
}

/** The text of an entry, or undefined where there is none. */
export function readText(source: YamlSource, entries: ReadonlyMap<string, Entry>, key: string): string | undefined {
  const entry = entries.get(key);
  return entry && source.text(entry.value, key);
}

/** A condition whose syntax is right; a bad one is reported. */
export function readCondition(source: YamlSource, entries: ReadonlyMap<string, Entry>): string | undefined {
  const text = readText(source, entries, 'condition');
  try {
    if (text !== undefined && text.trim() !== '') parseExpression(text);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    source.report(entries.get('condition')?.value, `${error.message}.`);
  }
  return text;
}
