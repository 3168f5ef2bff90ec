/**
 * Replaces secrets in everything that is written. Which forms of a secret are known follows the agent
 * (Worker.cs, HostContext.cs, AdditionalMaskingRegexes.cs), so that a leak there is a leak here.
 */
const MASK = '***';
/** `//user:PASSWORD@` in a URL. */
const URL_PASSWORD = /(?<=\/\/[^:/?#\n\s]+:)[^@\n\s]+(?=@)/g;
const LONGEST_IGNORED_LENGTH = 6;

type Encoder = (value: string) => string;

export class SecretMasker {
  readonly #values = new Set<string>();
  readonly #minimumLength: number;

  /** `minimumLength` is AZP_IGNORE_SECRETS_SHORTER_THAN: shorter secrets are not masked; at most 6. */
  constructor(minimumLength = 0) {
    this.#minimumLength = Math.min(minimumLength, LONGEST_IGNORED_LENGTH);
  }

  /** Masks a value and its JSON, URI and backslash forms. Nothing is done for blank text. */
  add(value: string): void {
    if (value.trim() === '') return;
    for (const form of [value, ...ENCODERS.map((encode) => encode(value))]) {
      if (form !== '' && form.length >= this.#minimumLength) this.#values.add(form);
    }
  }

  /** A secret the job starts with: also without quotes and blanks around it, escaped for commands, and in base64. */
  addJobSecret(value: string): void {
    if (value.trim() === '') return;
    const base64 = Buffer.from(value, 'utf8').toString('base64');
    for (const form of [value, base64]) {
      for (const variant of [form, escapeForCommands(form), escapeLineBreaks(form)]) {
        this.add(variant);
        this.add(variant.trim());
        this.add(withoutQuotes(variant));
      }
    }
  }

  /** A secret a task registers while it runs: as it is and escaped for commands; neither base64 nor single lines. */
  addTaskSecret(value: string): void {
    for (const variant of [value, escapeForCommands(value), escapeLineBreaks(value)]) this.add(variant);
  }

  /** The text with every secret replaced; secrets that overlap or touch give one mask. */
  mask(text: string): string {
    const spans = this.#spansIn(text).sort((a, b) => a.start - b.start);
    let masked = '';
    let end = 0;
    let previousEnd = -1;
    for (const span of spans) {
      if (span.start > previousEnd) masked += text.slice(end, span.start) + MASK;
      previousEnd = Math.max(previousEnd, span.end);
      end = previousEnd;
    }
    return masked + text.slice(end);
  }

  #spansIn(text: string): { start: number; end: number }[] {
    const spans = [...text.matchAll(URL_PASSWORD)].map((match) => ({
      start: match.index,
      end: match.index + match[0].length,
    }));
    for (const value of this.#values) {
      for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
        spans.push({ start: at, end: at + value.length });
      }
    }
    return spans;
  }
}

const ENCODERS: readonly Encoder[] = [
  (value) => JSON.stringify(value).slice(1, -1),
  (value) => encodeUri(value),
  (value) => value.replaceAll('\\\\', '\\').replaceAll("\\'", "'").replaceAll('\\"', '"').replaceAll('\\t', '\t'),
];

/** Everything but RFC 3986's unreserved characters, as .NET does it; half a surrogate pair is replaced first. */
function encodeUri(value: string): string {
  const encoded = encodeURIComponent(Buffer.from(value, 'utf8').toString('utf8'));
  return encoded.replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function escapeForCommands(value: string): string {
  return escapeLineBreaks(value.replaceAll('%', '%AZP25'));
}

function escapeLineBreaks(value: string): string {
  return value.replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function withoutQuotes(value: string): string {
  const quoted = /^'(?<single>.*)'$|^"(?<double>.*)"$/s.exec(value)?.groups;
  return quoted?.single ?? quoted?.double ?? value;
}
