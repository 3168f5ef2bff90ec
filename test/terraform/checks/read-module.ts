/** A folder of Terraform files as plain data, read without terraform. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHcl } from '../../../scripts/parse-hcl.ts';

/** A block or a value as the parser gives it: blocks are lists of objects, expressions are text with `${…}`. */
export type Body = Readonly<Record<string, unknown>>;

export interface DeclaredBlock {
  /** How terraform names it: `azurerm_subnet.agents`, `data.azurerm_client_config.current`, `module.network`. */
  readonly address: string;
  readonly type: string;
  readonly file: string;
  readonly body: Body;
}

export interface Module {
  readonly folder: string;
  readonly resources: readonly DeclaredBlock[];
  readonly dataSources: readonly DeclaredBlock[];
  readonly calls: readonly DeclaredBlock[];
  readonly variables: ReadonlyMap<string, Body>;
  readonly outputs: ReadonlyMap<string, Body>;
  readonly locals: ReadonlySet<string>;
  /** Everything said in the files, as text, to look for references in. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Reads every .tf file of a folder. Throws with file and line on what is no HCL. */
export async function readModule(folder: string): Promise<Module> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.tf'));
  const parsed = await Promise.all(
    files.map(async (file): Promise<[string, Body]> => [file, await parseFile(join(folder, file))]),
  );
  const named = (kind: string): [string, Body][] =>
    parsed.flatMap(([, body]) =>
      Object.entries(blocksOf(body[kind])).map(([name, found]) => [name, firstOf(found)] as [string, Body]),
    );
  return {
    folder,
    resources: parsed.flatMap(([file, body]) => typedBlocks(file, body.resource, '')),
    dataSources: parsed.flatMap(([file, body]) => typedBlocks(file, body.data, 'data.')),
    calls: parsed.flatMap(([file, body]) =>
      Object.entries(blocksOf(body.module)).map(([name, found]) => ({
        address: `module.${name}`,
        type: name,
        file,
        body: firstOf(found),
      })),
    ),
    variables: new Map(named('variable')),
    outputs: new Map(named('output')),
    locals: new Set(parsed.flatMap(([, body]) => listOf(body.locals).flatMap((found) => Object.keys(found)))),
    texts: new Map(parsed.map(([file, body]) => [file, JSON.stringify(body)])),
  };
}

async function parseFile(path: string): Promise<Body> {
  return (await parseHcl(path, readFileSync(path, 'utf8'))) as Body;
}

function typedBlocks(file: string, types: unknown, prefix: string): DeclaredBlock[] {
  return Object.entries(blocksOf(types)).flatMap(([type, named]) =>
    Object.entries(blocksOf(named)).map(([name, found]) => ({
      address: `${prefix}${type}.${name}`,
      type,
      file,
      body: firstOf(found),
    })),
  );
}

function blocksOf(value: unknown): Body {
  return typeof value === 'object' && value !== null ? (value as Body) : {};
}

/** The blocks of one kind: the parser gives a list even of one. */
export function listOf(value: unknown): readonly Body[] {
  return Array.isArray(value) ? (value as readonly Body[]) : [];
}

function firstOf(value: unknown): Body {
  return listOf(value)[0] ?? {};
}
