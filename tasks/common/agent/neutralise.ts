/**
 * Makes text harmless for the agent, which obeys `##vso[` anywhere in a line of either stream and gives `##[` a meaning
 * in its log. The replacement is the agent's own (StringUtil.DeactivateVsoCommands): `##vso` becomes `**vso`.
 */

/** Characters an agent that compares text by culture may skip: it would still see the command behind them. */
const IGNORABLE = '[\\p{Default_Ignorable_Code_Point}\\p{Cf}]*';
const COMMAND = new RegExp(`#${IGNORABLE}#(?=${['v', 's', 'o'].map((letter) => IGNORABLE + letter).join('')})`, 'giu');
const FORMAT = new RegExp(`#${IGNORABLE}#(?=${IGNORABLE}\\[)`, 'gu');

/* eslint-disable no-control-regex -- control characters are what these look for */
/** Terminal escape sequences: strings (OSC, DCS, …), control sequences (colours, cursor), and the short ones. */
const ANSI = new RegExp(
  [
    /(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)/,
    /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]/,
    /\x1b[ -/]*[0-~]/,
  ]
    .map((sequence) => sequence.source)
    .join('|'),
  'g',
);
/** Control characters but the tab (NUL among them, as in UTF-16 read as UTF-8), and marks that reorder what is shown. */
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;
/* eslint-enable no-control-regex */

/** One line of text that the agent prints and nothing more. The line must not contain line breaks. */
export function neutraliseLine(line: string): string {
  return line.replace(ANSI, '').replace(CONTROL, '').replace(COMMAND, '**').replace(FORMAT, '**');
}

/** The lines of a text, each harmless. The agent ends a line at CRLF, LF and a lone CR, so these are the breaks. */
export function neutraliseLines(text: string): readonly string[] {
  return text.split(/\r\n|\r|\n/).map(neutraliseLine);
}

/** Text for a place that holds one line: breaks become spaces. */
export function neutraliseToOneLine(text: string): string {
  return neutraliseLines(text).join(' ').trim();
}

/** Lines longer than this are broken up, so that a stream without line breaks needs no more memory. */
const MAX_LINE_LENGTH = 64 * 1024;

/**
 * Neutralises a stream that arrives in pieces. Only whole lines are passed on: a command split over two pieces would
 * otherwise be joined again by the pipe.
 */
export interface LineNeutraliser {
  readonly push: (piece: string | Uint8Array) => void;
  /** Passes on what has no line break yet. */
  readonly end: () => void;
}

type Decoder = InstanceType<typeof TextDecoder>;

export function lineNeutraliser(write: (line: string) => void): LineNeutraliser {
  let decoder: Decoder | undefined;
  let pending = '';
  const flush = (): void => {
    const lines = pending.split(/\r\n|\r(?!$)|\n/);
    pending = lines.pop() ?? '';
    lines.forEach((line) => {
      write(neutraliseLine(line));
    });
    while (pending.length > MAX_LINE_LENGTH) {
      write(neutraliseLine(pending.slice(0, MAX_LINE_LENGTH)));
      pending = pending.slice(MAX_LINE_LENGTH);
    }
  };
  return {
    push: (piece) => {
      if (typeof piece === 'string') pending += piece;
      else pending += (decoder ??= decoderFor(piece)).decode(piece, { stream: true });
      flush();
    },
    end: () => {
      pending += decoder?.decode() ?? '';
      flush();
      if (pending !== '') write(neutraliseLine(pending.replace(/\r$/, '')));
      pending = '';
    },
  };
}

/** UTF-16 when the first bytes say so, UTF-8 otherwise. */
function decoderFor(first: Uint8Array): Decoder {
  if (first[0] === 0xff && first[1] === 0xfe) return new TextDecoder('utf-16le');
  if (first[0] === 0xfe && first[1] === 0xff) return new TextDecoder('utf-16be');
  return new TextDecoder('utf-8');
}
