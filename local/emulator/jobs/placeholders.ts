/** What a job's command says in `${{…}}` and `$[[…]]`, filled in as the service does before the shell sees it. */

export interface PlaceholderValues {
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  /** Further names that may stand alone, such as `name` or `default_datastore` in an output's path. */
  readonly names?: Readonly<Record<string, string>>;
}

const OPTIONAL_BLOCK = /\$\[\[([\s\S]*?)\]\]/g;
const PLACEHOLDER = /\$\{\{\s*([^{}]*?)\s*\}\}/g;

/**
 * The command with every known placeholder replaced. A `$[[…]]` block stays when all its placeholders have values and
 * goes as a whole otherwise; a placeholder outside of such a block that nobody can fill stays as it is written.
 */
export function fillPlaceholders(text: string, values: PlaceholderValues): string {
  const withoutBlocks = text.replace(OPTIONAL_BLOCK, (_, block: string) =>
    namesIn(block).every((name) => valueOf(name, values) !== undefined) ? block.trim() : '',
  );
  return withoutBlocks.replace(PLACEHOLDER, (whole, name: string) => valueOf(name, values) ?? whole);
}

/** The names between `${{` and `}}`, in order. */
export function namesIn(text: string): readonly string[] {
  return [...text.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '');
}

function valueOf(name: string, values: PlaceholderValues): string | undefined {
  const [scope, key] = splitOnce(name, '.');
  if (scope === 'inputs' && key !== undefined) return values.inputs[key];
  if (scope === 'outputs' && key !== undefined) return values.outputs[key];
  return values.names?.[name];
}

function splitOnce(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
