/**
 * Fills the tables of inputs and outputs in the READMEs of the Terraform modules from their variables and outputs.
 * `--check` writes nothing and fails when a README is not as it would be written.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseHcl } from './parse-hcl.ts';
import { fillTables, table } from './generate/tables.ts';
import { repositoryRoot } from './task-contract.ts';

/** Longer types are told by their kind; the description says what is in them. */
const LONGEST_TYPE = 60;

type Declarations = Readonly<Record<string, readonly [Readonly<Record<string, unknown>>]>>;

/** A README that is not current, and what it should hold. */
export interface StaleReadme {
  /** Relative to the repository. */
  readonly file: string;
  readonly content: string;
}

/** Folders of all modules and examples. */
export function moduleFolders(): readonly string[] {
  return ['modules', 'examples'].flatMap((kind) => {
    const folder = join(repositoryRoot, 'agent-bootstrap/terraform', kind);
    return readdirSync(folder).map((name) => join(folder, name));
  });
}

/** The READMEs that do not say what their module takes and gives; a missing one counts. */
export async function findStaleReadmes(): Promise<readonly StaleReadme[]> {
  const all = await Promise.all(
    moduleFolders().map(async (folder) => {
      const path = join(folder, 'README.md');
      const old = existsSync(path) ? readFileSync(path, 'utf8') : '';
      return { file: relative(repositoryRoot, path), old, content: fillTables(old, await moduleTables(folder)) };
    }),
  );
  return all
    .filter(({ old, content }) => old === '' || old !== content)
    .map(({ file, content }) => ({ file, content }));
}

async function moduleTables(folder: string): Promise<Readonly<Record<string, string>>> {
  const inputs = await declarations(join(folder, 'variables.tf'), 'variable');
  const outputs = await declarations(join(folder, 'outputs.tf'), 'output');
  return {
    inputs: table(
      ['Input', 'Type', 'Default', 'Meaning'],
      inputs.map(([name, body]) => [`\`${name}\``, typeText(body.type), defaultText(body), sentence(body)]),
    ),
    outputs: table(
      ['Output', 'Meaning'],
      outputs.map(([name, body]) => [`\`${name}\``, sentence(body)]),
    ),
  };
}

async function declarations(file: string, kind: string): Promise<[string, Readonly<Record<string, unknown>>][]> {
  const parsed = (await parseHcl(file, readFileSync(file, 'utf8'))) as Readonly<Record<string, Declarations>>;
  return Object.entries(parsed[kind] ?? {}).map(([name, [body]]) => [name, body]);
}

function typeText(type: unknown): string {
  const text = String(type)
    .replace(/^\$\{|\}$/g, '')
    .replace(/\s+/g, ' ');
  const kind = /^(map|list|set)\(object|^object/.exec(text)?.[0];
  return `\`${text.length <= LONGEST_TYPE || kind === undefined ? text : kind.includes('(') ? `${kind})` : kind}\``;
}

function defaultText(body: Readonly<Record<string, unknown>>): string {
  return 'default' in body ? `\`${JSON.stringify(body.default)}\`` : '**required**';
}

function sentence(body: Readonly<Record<string, unknown>>): string {
  return String(body.description).trim();
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const stale = await findStaleReadmes();
  const isCheck = process.argv.includes('--check');
  for (const { file, content } of stale) {
    if (!isCheck) writeFileSync(join(repositoryRoot, file), content);
    process.stdout.write(`${file} ${isCheck ? 'is not current' : 'written'}\n`);
  }
  process.exitCode = isCheck && stale.length > 0 ? 1 : 0;
}
