/**
 * The ignore rules of the service's own client (`.amlignore`, else `.gitignore`, of the root folder only). They look like git's
 * but differ: the last matching rule wins and a folder's exclusion can be undone for a file below it, as nothing is pruned.
 */

export interface IgnoreRule {
  readonly pattern: RegExp;
  readonly negated: boolean;
}

/** Added at the end for every component's code, beside what its ignore file says. */
export const COMPONENT_RULES: readonly IgnoreRule[] = parseIgnoreRules('__pycache__');

/** True when the path (relative to the root, with forward slashes) is left out. */
export function isIgnored(relativePath: string, rules: readonly IgnoreRule[]): boolean {
  const last = rules.findLast((rule) => rule.pattern.test(relativePath));
  return last !== undefined && !last.negated;
}

/**
 * The rules of an ignore file's text.
 * @throws SyntaxError for a pattern that means nothing, naming it
 */
export function parseIgnoreRules(text: string): readonly IgnoreRule[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .flatMap((line) => {
      const rule = parseRule(line.trim());
      return rule === undefined ? [] : [rule];
    });
}

function parseRule(line: string): IgnoreRule | undefined {
  if (line === '' || line.startsWith('#') || line === '/') return undefined;
  const negated = line.startsWith('!');
  return { pattern: new RegExp(expression(negated ? line.slice(1) : line), 'su'), negated };
}

function expression(pattern: string): string {
  const segments = pattern.split('/').filter((segment, index, all) => segment !== '**' || all[index - 1] !== '**');
  if (segments.length === 2 && segments[0] === '**' && segments[1] === '') return '^.+/.*$';
  if (segments[0] === '') segments.shift();
  else if ((segments.length === 1 || (segments.length === 2 && segments[1] === '')) && segments[0] !== '**') {
    segments.unshift('**');
  }
  if (segments.length === 0) throw new SyntaxError(`Invalid ignore pattern: '${pattern}'`);
  if (segments.length > 1 && segments.at(-1) === '') segments[segments.length - 1] = '**';
  return `^${joinSegments(segments, pattern)}$`;
}

function joinSegments(segments: readonly string[], pattern: string): string {
  let result = '';
  let needsSlash = false;
  const last = segments.length - 1;
  for (const [index, segment] of segments.entries()) {
    if (segment === '**') {
      if (last === 0) result += '.+';
      else if (index === 0) result += '(?:.+/)?';
      else result += index === last ? '/.*' : '(?:/.+)?';
      needsSlash = index > 0 && index < last;
      continue;
    }
    result += (needsSlash ? '/' : '') + (segment === '*' ? '[^/]+' : glob(segment, pattern));
    if (index === last) result += '(?:/.*)?';
    needsSlash = true;
  }
  return result;
}

function glob(segment: string, pattern: string): string {
  const characters = Array.from(segment);
  let result = '';
  for (let index = 0; index < characters.length; index += 1) {
    const character = characters[index] ?? '';
    if (character === '\\') {
      const next = characters[index + 1];
      if (next === undefined) throw new SyntaxError(`Ignore pattern with a lone \\ at its end: '${pattern}'`);
      result += literal(next);
      index += 1;
    } else if (character === '*') result += '[^/]*';
    else if (character === '?') result += '[^/]';
    else if (character === '[') {
      const characterClass = readClass(characters, index);
      result += characterClass?.expression ?? '\\[';
      index = characterClass?.end ?? index;
    } else result += literal(character);
  }
  return result;
}

/** `[…]` from `start`: `!` negates, `]` right at the start is literal. Undefined without a closing bracket. */
function readClass(
  characters: readonly string[],
  start: number,
): { readonly expression: string; readonly end: number } | undefined {
  let from = start + 1;
  const negated = characters[from] === '!';
  if (negated) from += 1;
  const end = characters.indexOf(']', characters[from] === ']' ? from + 1 : from);
  if (end < 0) return undefined;
  const content = characters.slice(from, end).map((character) => (character === '-' ? '-' : classLiteral(character)));
  return { expression: `[${negated ? '^' : ''}${content.join('')}]`, end };
}

function classLiteral(character: string): string {
  return /[\\\]^[&~|]/.test(character) ? `\\${character}` : character;
}

function literal(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}
