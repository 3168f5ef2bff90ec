/** Reads parts of a document and reports what they are not, with a place and the nearest right spelling. */
import type { DocumentNode, Entry, Place } from './document-node.ts';
import { suggestion } from '../nearest-name.ts';
import type { ProblemList } from '../problems.ts';

export type Entries = ReadonlyMap<string, Entry>;

export class NodeReader {
  readonly problems: ProblemList;

  constructor(problems: ProblemList) {
    this.problems = problems;
  }

  report(at: { readonly place: Place }, sentence: string): void {
    this.problems.report(at.place, sentence);
  }

  /** The entries of a mapping by key. Reports what is no mapping, and unknown keys with the nearest known one. */
  mapping(node: DocumentNode, what: string, known?: readonly string[]): Entries {
    const entries = new Map<string, Entry>();
    if (node.kind !== 'mapping') {
      if (!isEmpty(node)) this.report(node, `${what} must be a mapping.`);
      return entries;
    }
    for (const entry of node.entries) {
      const key = entry.key.text;
      if (known === undefined || known.includes(key)) entries.set(key, entry);
      else this.report(entry.key, `Unexpected property '${key}' in ${what}.${suggestion(key, known)}`);
    }
    return entries;
  }

  /** The items of a list; none of what is empty. */
  sequence(node: DocumentNode | undefined, what: string): readonly DocumentNode[] {
    if (node === undefined || isEmpty(node)) return [];
    if (node.kind === 'sequence') return node.items;
    this.report(node, `${what} must be a list.`);
    return [];
  }

  text(node: DocumentNode, what: string): string {
    if (node.kind === 'scalar') return node.text;
    this.report(node, `A ${node.kind} was not expected: ${what} must be a single value.`);
    return '';
  }

  optionalText(entries: Entries, key: string): string | undefined {
    const entry = entries.get(key);
    return entry && this.text(entry.value, key);
  }

  /** A Boolean as pipelines write them; macros are not evaluated there. */
  boolean(entries: Entries, key: string, fallback: boolean): boolean {
    const entry = entries.get(key);
    if (entry === undefined) return fallback;
    const text = this.text(entry.value, key);
    if (/^(true|y|yes|on)$/i.test(text)) return true;
    if (!/^(false|n|no|off)$/i.test(text)) {
      this.report(entry.value, `Unexpected value '${text}': ${key} must be true or false.`);
    }
    return false;
  }

  integer(entries: Entries, key: string): number | undefined {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    const text = this.text(entry.value, key);
    if (/^\d{1,15}$/.test(text)) return Number(text);
    this.report(entry.value, `Expected an integer value. Actual value: '${text}'. It is the value of ${key}.`);
    return undefined;
  }

  /** Names of a list, or the one name; undefined where nothing is written. */
  names(entries: Entries, key: string): readonly string[] | undefined {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.value.kind === 'sequence') return entry.value.items.map((item) => this.text(item, key));
    const name = this.text(entry.value, key);
    return name === '' ? [] : [name];
  }
}

/** A key without a value. */
export function isEmpty(node: DocumentNode): boolean {
  return node.kind === 'scalar' && (node.text === '' || node.value === null);
}
