/** In which styles PyYAML may write a string (Emitter.analyze_scalar in yaml/emitter.py, block context, no Unicode output). */
export interface TextAnalysis {
  readonly allowsPlain: boolean;
  readonly allowsSingleQuotes: boolean;
  readonly hasLineBreaks: boolean;
}

const INDICATOR_AT_START = /^([#,[\]{}&*!|>'"%@`]|---|\.\.\.|[-?:]([ \t\r\n]|$))/;
const INDICATOR_INSIDE = /.:([ \t\r\n]|$)|[ \t\r\n]#/s;
/** Everything outside printable ASCII, line feeds apart. */
const SPECIAL_CHARACTER = /[^\n\x20-\x7e]/;

export function analyzeText(text: string): TextAnalysis {
  const special = SPECIAL_CHARACTER.test(text);
  const hasLineBreaks = text.includes('\n');
  const blankBesideBreak = / \n|\n /.test(text);
  const atTheEnds = /^[ \n]|[ \n]$/.test(text);
  const indicators = INDICATOR_AT_START.test(text) || INDICATOR_INSIDE.test(text);
  return {
    allowsPlain: !special && !hasLineBreaks && !atTheEnds && !indicators,
    allowsSingleQuotes: !special && !blankBesideBreak,
    hasLineBreaks,
  };
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '0',
  '\x07': 'a',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '\x1b': 'e',
  '"': '"',
  '\\': '\\',
  '\x85': 'N',
  '\xa0': '_',
  '\u2028': 'L',
  '\u2029': 'P',
};

/** The escape of a character inside double quotes; undefined where it stands for itself. */
export function doubleQuotedEscape(character: string): string | undefined {
  const short = ESCAPES[character];
  if (short !== undefined) return `\\${short}`;
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0x20 && code <= 0x7e) return undefined;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
