/** Reads `${{ … }}` in a text: a whole value, parts of one, or a directive. Source of the rules: "Template expressions". */
import { parseExpression, type Node } from '../../agent/expressions/parse.ts';
import { ExpressionError } from '../../agent/expressions/values.ts';
import { scalarsOf, type DocumentNode, type ScalarNode } from '../document/document-node.ts';
import type { ProblemList } from '../problems.ts';

export interface TemplateExpression {
  readonly node: Node;
  /** As it is written, for messages. */
  readonly text: string;
}

export type Directive =
  | { readonly word: 'if' | 'elseif'; readonly condition: TemplateExpression }
  | { readonly word: 'else' | 'insert' }
  | { readonly word: 'each'; readonly variable: string; readonly of: TemplateExpression };

export type TemplateText =
  | { readonly kind: 'plain' }
  /** The whole text is one expression, so its value keeps its kind. */
  | { readonly kind: 'value'; readonly expression: TemplateExpression }
  | { readonly kind: 'mixed'; readonly parts: readonly (string | TemplateExpression)[] }
  | { readonly kind: 'directive'; readonly directive: Directive };

const PARAMETERS: Readonly<Record<Directive['word'], number>> = { if: 1, elseif: 1, else: 0, insert: 0, each: 3 };
const PLAIN: TemplateText = { kind: 'plain' };

const known = new WeakMap<ScalarNode, TemplateText>();

/** What stands in a scalar. Throws ExpressionError for wrong syntax. */
export function templateText(node: ScalarNode): TemplateText {
  const read = known.get(node) ?? readTemplateText(node.text);
  known.set(node, read);
  return read;
}

/** Reports wrong syntax anywhere in a document, in branches that are not taken too. */
export function checkSyntax(node: DocumentNode, problems: ProblemList): void {
  for (const found of scalarsOf(node)) {
    try {
      templateText(found);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      problems.report(found.place, `${error.message}.`);
    }
  }
}

function readTemplateText(text: string): TemplateText {
  if (!text.includes('${{')) return PLAIN;
  const parts = splitText(text);
  const [only] = parts.length === 1 ? parts : [];
  if (only !== undefined && typeof only !== 'string') {
    const directive = readDirective(only.inside);
    if (directive !== undefined) return { kind: 'directive', directive };
    return { kind: 'value', expression: readExpression(only.inside) };
  }
  return {
    kind: 'mixed',
    parts: parts.map((part) => {
      if (typeof part === 'string') return part;
      const word = directiveWord(part.inside);
      if (word !== undefined) {
        throw new ExpressionError(
          `The directive '${word}' is not allowed in this context. Directives must be the whole key or value`,
        );
      }
      return readExpression(part.inside);
    }),
  };
}

/** Texts, and what stands inside `${{` and `}}`. The closing is searched outside of single quotes. */
function splitText(text: string): (string | { readonly inside: string })[] {
  const parts: (string | { readonly inside: string })[] = [];
  let from = 0;
  for (;;) {
    const start = text.indexOf('${{', from);
    if (start < 0) break;
    if (start > from) parts.push(text.slice(from, start));
    const end = findEnd(text, start + 3);
    if (end === undefined) {
      throw new ExpressionError(
        'The expression is not closed. An unescaped ${{ sequence was found, but the closing }} sequence was not found',
      );
    }
    parts.push({ inside: text.slice(start + 3, end).trim() });
    from = end + 2;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}

function findEnd(text: string, from: number): number | undefined {
  let quoted = false;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "'") quoted = !quoted;
    else if (!quoted && text.startsWith('}}', at)) return at;
  }
  return undefined;
}

function readExpression(text: string): TemplateExpression {
  if (text === '') throw new ExpressionError('An expression was expected');
  return { node: parseExpression(text), text };
}

function directiveWord(inside: string): Directive['word'] | undefined {
  const word = /^([a-z]+)(?=\s|$)/.exec(inside)?.[1];
  return isDirective(word) ? word : undefined;
}

function isDirective(word: string | undefined): word is Directive['word'] {
  return word !== undefined && Object.hasOwn(PARAMETERS, word);
}

function readDirective(inside: string): Directive | undefined {
  const word = directiveWord(inside);
  if (word === undefined) return undefined;
  const given = splitParameters(inside.slice(word.length));
  const expected = PARAMETERS[word];
  if (given.length !== expected) {
    throw new ExpressionError(
      `Exactly ${expected} parameter(s) were expected following the directive '${word}'. Actual parameter count: ${given.length}`,
    );
  }
  const [first = '', second = '', third = ''] = given;
  switch (word) {
    case 'if':
    case 'elseif':
      return { word, condition: readExpression(first) };
    case 'else':
    case 'insert':
      return { word };
    case 'each':
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(first)) throw new ExpressionError(`Unexpected symbol: '${first}'`);
      if (second !== 'in') throw new ExpressionError(`Expected 'in' and not '${second}' after the directive 'each'`);
      return { word, variable: first, of: readExpression(third) };
  }
}

/** Splits at blanks outside of quotes and parentheses. */
function splitParameters(text: string): string[] {
  const parameters: string[] = [];
  let current = '';
  let quoted = false;
  let depth = 0;
  for (const letter of text) {
    if (letter === "'") quoted = !quoted;
    else if (!quoted && letter === '(') depth++;
    else if (!quoted && letter === ')') depth--;
    if (/\s/.test(letter) && !quoted && depth <= 0) {
      if (current !== '') parameters.push(current);
      current = '';
    } else current += letter;
  }
  if (current !== '') parameters.push(current);
  return parameters;
}
