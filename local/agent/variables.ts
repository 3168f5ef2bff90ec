/** Job variables: names without case, secrets and read-only names that stay so, macros (agent source: Variables.cs, VarUtil.cs). */
import { NamedMap } from './named-map.ts';

export interface Variable {
  readonly value: string;
  readonly secret: boolean;
  readonly readOnly: boolean;
  /** Keeps its letter case as an environment variable. */
  readonly preserveCase: boolean;
}

const MAX_DEPTH = 50;

export class Variables {
  readonly #declared = new NamedMap<Variable>();
  #expanded = new NamedMap<Variable>();
  readonly #onSecret: (value: string) => void;

  /** `onSecret` is told every secret value, before anyone can read it. */
  constructor(onSecret: (value: string) => void = () => undefined) {
    this.#onSecret = onSecret;
  }

  /** Sets a variable. A name that was secret or read-only stays so. */
  set(name: string, value: string, options: Partial<Omit<Variable, 'value'>> = {}): void {
    const earlier = this.#declared.get(name);
    const variable = {
      value,
      secret: (options.secret ?? false) || (earlier?.secret ?? false),
      readOnly: (options.readOnly ?? false) || (earlier?.readOnly ?? false),
      preserveCase: options.preserveCase ?? earlier?.preserveCase ?? false,
    };
    if (variable.secret) this.#onSecret(value);
    this.#declared.set(name, variable);
    this.#expanded.set(name, variable);
  }

  get(name: string): string | undefined {
    return this.#expanded.get(name)?.value;
  }

  /** The variable with its macros expanded as of the last `expand()`. */
  find(name: string): Variable | undefined {
    return this.#expanded.get(name);
  }

  entries(): IterableIterator<[string, Variable]> {
    return this.#expanded.entries();
  }

  isTrue(name: string): boolean {
    return this.get(name)?.toLowerCase() === 'true';
  }

  /**
   * Expands variables that name others, to any depth up to 50. Where they name each other in a circle, or deeper, the
   * text stays as it is. A variable that takes in a secret becomes one. Returns a warning for each that could not be done.
   */
  expand(): string[] {
    const warnings: string[] = [];
    const expanded = new NamedMap<Variable>();
    for (const [name, variable] of this.#declared.entries()) {
      const outcome = expandOne(name, variable, this.#declared);
      if (outcome.warning !== undefined) warnings.push(outcome.warning);
      const secret = variable.secret || outcome.secret;
      if (secret && !variable.secret) this.#onSecret(outcome.value);
      expanded.set(name, { ...variable, value: outcome.value, secret });
    }
    this.#expanded = expanded;
    return warnings;
  }

  /** Replaces each `$(name)` of a known variable once; what a value itself contains is not looked at again. */
  expandMacros(text: string): string {
    return replaceMacros(text, (name) => this.get(name));
  }
}

/** Replaces `$(name)` in one pass; after an unknown name the search goes on one character further. */
export function replaceMacros(text: string, valueOf: (name: string) => string | undefined): string {
  let result = text;
  let from = 0;
  for (;;) {
    const macro = nextMacro(result, from);
    if (macro === undefined) return result;
    const value = valueOf(macro.name);
    if (value === undefined) from = macro.start + 1;
    else {
      result = result.slice(0, macro.start) + value + result.slice(macro.end);
      from = macro.start + value.length;
    }
  }
}

function nextMacro(text: string, from: number): { name: string; start: number; end: number } | undefined {
  const start = text.indexOf('$(', from);
  if (start < 0) return undefined;
  const close = text.indexOf(')', start + 2);
  return close < 0 ? undefined : { name: text.slice(start + 2, close), start, end: close + 1 };
}

interface Expansion {
  readonly value: string;
  readonly secret: boolean;
  readonly warning?: string;
}

class ExpansionStopped extends Error {}

function expandOne(name: string, variable: Variable, all: NamedMap<Variable>): Expansion {
  let secret = false;
  const resolve = (value: string, path: readonly string[]): string =>
    replaceMacros(value, (nested) => {
      const found = all.get(nested);
      if (found === undefined) return undefined;
      if (path.length === MAX_DEPTH) {
        throw new ExpansionStopped(
          `Unable to expand variable '${name}'. The max expansion depth of ${MAX_DEPTH} was exceeded.`,
        );
      }
      if (path.includes(nested.toUpperCase())) {
        throw new ExpansionStopped(`Unable to expand variable '${name}'. A cyclical reference was detected.`);
      }
      secret ||= found.secret;
      return resolve(found.value, [...path, nested.toUpperCase()]);
    });
  try {
    return { value: resolve(variable.value, [name.toUpperCase()]), secret };
  } catch (error) {
    if (!(error instanceof ExpansionStopped)) throw error;
    return { value: variable.value, secret: false, warning: error.message };
  }
}
