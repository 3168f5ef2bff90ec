/**
 * Syntax of pipeline expressions: literals, names, function calls, and `.property`, `[index]` and `*` behind a name.
 * There are no operators and no grouping parentheses.
 */
import { ExpressionError, parseVersion, type Version } from './values.ts';

export type Node =
  | { readonly kind: 'literal'; readonly value: boolean | number | string | Version }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Node[] }
  | { readonly kind: 'index'; readonly of: Node; readonly index: Node }
  | { readonly kind: 'all'; readonly of: Node };

interface Token {
  readonly kind: 'symbol' | 'word' | 'text' | 'number';
  readonly text: string;
  /** Counted from 1, as the service reports it. */
  readonly position: number;
}

const MAX_LENGTH = 21_000;
const MAX_DEPTH = 50;
const TOKEN = /\s*(?:([()[\].,*])|([A-Za-z_][A-Za-z0-9_]*)|'((?:[^']|'')*)'|([+-]?(?:\d+(?:\.\d+)*\.?|\.\d+)))/y;

/** Parses an expression. Throws ExpressionError naming the symbol and its position. */
export function parseExpression(expression: string): Node {
  if (expression.trim() === '') throw new ExpressionError('An expression was expected');
  if (expression.length > MAX_LENGTH) throw new ExpressionError('Exceeded maximum expression length 21000');
  const reader = { tokens: tokenize(expression), at: 0, expression };
  const node = readOperand(reader, 1);
  const rest = reader.tokens[reader.at];
  if (rest !== undefined) throw unexpected(rest, expression);
  return node;
}

interface Reader {
  readonly tokens: readonly Token[];
  readonly expression: string;
  at: number;
}

function tokenize(expression: string): Token[] {
  const tokens: Token[] = [];
  const text = expression.trimEnd();
  for (let at = 0; at < text.length;) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) throw unexpected(strayToken(text, at), expression);
    const [whole, symbol, word, quoted, number] = match;
    const raw = whole.trimStart();
    const position = at + whole.length - raw.length + 1;
    if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol, position });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, position });
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.replaceAll("''", "'"), position });
    else tokens.push({ kind: 'number', text: number ?? raw, position });
    at += whole.length;
  }
  return tokens;
}

function strayToken(text: string, at: number): Token {
  const rest = text.slice(at);
  const start = rest.length - rest.trimStart().length;
  const stray = /^[^\s,()[\]]+/.exec(rest.trimStart())?.[0] ?? rest.trim();
  return { kind: 'symbol', text: stray, position: at + start + 1 };
}

function readOperand(reader: Reader, depth: number): Node {
  if (depth > MAX_DEPTH) throw new ExpressionError('Exceeded maximum expression depth 50');
  const token = next(reader);
  switch (token.kind) {
    case 'text':
      return { kind: 'literal', value: token.text };
    case 'number':
      return { kind: 'literal', value: numberLiteral(token, reader.expression) };
    case 'symbol':
      throw unexpected(token, reader.expression);
    case 'word':
      return readWord(reader, token, depth);
  }
}

function readWord(reader: Reader, token: Token, depth: number): Node {
  if (peek(reader, '(')) {
    return readAccess(reader, { kind: 'call', name: token.text, args: readArguments(reader, depth) }, depth);
  }
  const word = token.text.toLowerCase();
  if (word === 'true' || word === 'false') return { kind: 'literal', value: word === 'true' };
  return readAccess(reader, { kind: 'name', name: token.text }, depth);
}

function readArguments(reader: Reader, depth: number): Node[] {
  const args: Node[] = [];
  next(reader);
  if (peek(reader, ')')) {
    next(reader);
    return args;
  }
  for (;;) {
    args.push(readOperand(reader, depth + 1));
    const separator = next(reader);
    if (separator.kind === 'symbol' && separator.text === ')') return args;
    if (separator.kind !== 'symbol' || separator.text !== ',') throw unexpected(separator, reader.expression);
  }
}

function readAccess(reader: Reader, start: Node, depth: number): Node {
  let node = start;
  for (;;) {
    if (peek(reader, '.')) {
      next(reader);
      const property = next(reader);
      if (property.kind === 'word') {
        node = { kind: 'index', of: node, index: { kind: 'literal', value: property.text } };
      } else if (property.kind === 'symbol' && property.text === '*') node = { kind: 'all', of: node };
      else throw unexpected(property, reader.expression);
    } else if (peek(reader, '[')) {
      next(reader);
      node = readBracket(reader, node, depth);
    } else return node;
  }
}

function readBracket(reader: Reader, of: Node, depth: number): Node {
  let node: Node;
  if (peek(reader, '*')) {
    next(reader);
    node = { kind: 'all', of };
  } else node = { kind: 'index', of, index: readOperand(reader, depth + 1) };
  const close = next(reader);
  if (close.kind !== 'symbol' || close.text !== ']') throw unexpected(close, reader.expression);
  return node;
}

function numberLiteral(token: Token, expression: string): number | Version {
  if (token.text.split('.').length <= 2 && !token.text.endsWith('.')) return Number(token.text);
  const version = parseVersion(token.text);
  if (version === undefined) throw unexpected(token, expression);
  return version;
}

function next(reader: Reader): Token {
  const token = reader.tokens[reader.at++];
  if (token === undefined) throw new ExpressionError(`Unexpected end of expression: '${reader.expression}'`);
  return token;
}

function peek(reader: Reader, symbol: string): boolean {
  const token = reader.tokens[reader.at];
  return token?.kind === 'symbol' && token.text === symbol;
}

function unexpected(token: Token, expression: string): ExpressionError {
  return new ExpressionError(
    `Unexpected symbol: '${token.text}'. Located at position ${token.position} within expression: ${expression}`,
  );
}
