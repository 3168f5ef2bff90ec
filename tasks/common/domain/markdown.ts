/** Text from elsewhere inside a Markdown page: shown as it is, never obeyed. */

/** Escapes what Markdown or HTML would act on; line breaks and control characters become blanks. */
export function escapeMarkdown(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex -- control characters are what is removed
      .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
      .trim()
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;')
      .replace(ACTIVE, (character) => `&#${character.charCodeAt(0)};`)
  );
}

/**
 * What starts something in Markdown: emphasis, code, links, tables, formulas, mentions, links without brackets, and at the start
 * of a text headings and lists. Underscores inside a word and lone colons do not.
 */
const ACTIVE = /[\\`*[\]|~$@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=\/\/)|(?<=\bwww)\.|^[-+#=]|(?<=^\d+)[.)]/gi;

/** A table; the cells are Markdown already. No rows, no table. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A link; an address other than https is shown as text. */
export function markdownLink(text: string, url: string | undefined): string {
  if (url === undefined || !/^https:\/\/[^\s<>()"'`\\]+$/.test(url)) return escapeMarkdown(text);
  return `[${escapeMarkdown(text)}](${url})`;
}

/** Several lines exactly as they are, without a chance to leave the block. */
export function codeBlock(text: string): string {
  const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map((match) => match[0].length + 1)));
  return `${fence}text\n${text.replace(/\r\n?/g, '\n')}\n${fence}`;
}
