/** Keeps secrets out of what is written: tells the agent about them, and removes them from files it does not mask. */
import { formatCommand, type WriteLine } from './commands.ts';

/** Shorter values would turn the log into asterisks. */
const SHORTEST_SECRET = 3;

export interface Masking {
  /** Masks a value in all forms it may appear in. */
  readonly add: (secret: string) => void;
  /** The text with every known secret replaced by `***`. */
  readonly redact: (text: string) => string;
}

/** Masking by the agent (`task.setsecret`), each form once; `known` are secrets it masks already. */
export function masking(write: WriteLine, knownToAgent: readonly string[] = []): Masking {
  const known = new Set(knownToAgent.flatMap(secretForms));
  return {
    add: (secret) => {
      for (const form of secretForms(secret)) {
        if (known.has(form)) continue;
        known.add(form);
        write(formatCommand('task.setsecret', {}, form));
      }
    },
    redact: (text) => {
      const longestFirst = [...known].sort((left, right) => right.length - left.length);
      return longestFirst.reduce((result, secret) => result.replaceAll(secret, '***'), text);
    },
  };
}

/**
 * The forms a secret is seen in: as it is, URL-encoded, in base64, and line by line, because the agent masks within one
 * line only. Values of one or two characters have none.
 */
export function secretForms(secret: string): readonly string[] {
  const lines = secret.split(/\r\n|\r|\n/).map((line) => line.trim());
  const whole = secret.trim();
  const forms = [whole, ...lines, ...[whole, ...lines].flatMap(encodedForms)];
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST_SECRET);
}

function encodedForms(value: string): readonly string[] {
  if (value.length < SHORTEST_SECRET) return [];
  const bytes = Buffer.from(value, 'utf8');
  const base64 = bytes.toString('base64');
  return [encodeURIComponent(bytes.toString('utf8')), base64, base64.replace(/=+$/, '')];
}
