/** File patterns: `*` and `?` within a name, `**` over folders, `[ab]` and `{a,b}` as choices. */

/** True when the text is a pattern and not simply a path. */
export function isGlob(text: string): boolean {
  return /[*?[{]/.test(text);
}

/** A test for paths with forward slashes; a name that starts with a dot is only matched by a pattern that says so. */
export function globTest(pattern: string): (path: string) => boolean {
  const expression = new RegExp(`^${translate(pattern.replaceAll('\\', '/').replace(/^\.\//, ''))}$`);
  return (path) => expression.test(path);
}

const NOT_HIDDEN = '(?!\\.)';

function translate(pattern: string): string {
  const tokens = /\*\*\/|\*\*|\*|\?|\[!?[^\]/]+\]|\{[^{}/]*\}|[\s\S]/g;
  let start = true;
  return [...pattern.matchAll(tokens)]
    .map(([token]) => {
      const hidden = start ? NOT_HIDDEN : '';
      start = token.endsWith('/');
      if (token === '**/') return `(?:${NOT_HIDDEN}[^/]+/)*`;
      if (token === '**') return `(?:${NOT_HIDDEN}[^/]+(?:/${NOT_HIDDEN}[^/]+)*)?`;
      if (token === '*') return `${hidden}[^/]*`;
      if (token === '?') return `${hidden}[^/]`;
      if (token.startsWith('[') && token.length > 1)
        return `${hidden}${token.replace('[!', '[^').replaceAll('\\', '\\\\')}`;
      if (token.startsWith('{') && token.length > 1)
        return `(?:${token.slice(1, -1).split(',').map(translate).join('|')})`;
      return token.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
    })
    .join('');
}
