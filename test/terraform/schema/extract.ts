/**
 * Writes the committed schema anew: `npm run terraform:schema`, or `-- --check` to compare only. Fetches the package
 * that was generated from the provider (30 MB, 270 MB unpacked: too large to install on each run of the tests) and
 * keeps the types the modules use.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../../scripts/task-contract.ts';
import { buildSchema } from './build-schema.ts';
import { withDocumentedChanges } from './documented-changes.ts';
import { readSchema, SCHEMA_FILE } from './read-schema.ts';
import type { ProviderSchema, TypeSchema } from './provider-schema.ts';
import { DATA_SOURCE_TYPES, RESOURCE_TYPES } from './schema-types.ts';

const PACKAGE = '@cdktf/provider-azurerm@14.23.1';
const cache = join(repositoryRoot, '.local/terraform-schema');

function fetchPackage(): string {
  const folder = join(cache, 'package/lib');
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const printed = execFileSync('npm', ['pack', PACKAGE, '--json', '--loglevel=error'], {
    cwd: cache,
    encoding: 'utf8',
  });
  const [{ filename }] = JSON.parse(printed) as [{ filename: string }];
  execFileSync('tar', ['-xzf', filename], { cwd: cache });
  return folder;
}

/** Large types keep their nested ones in modules of their own, which are read as if they stood in one. */
function readType(folder: string): TypeSchema {
  const nested = join(folder, 'index-structs');
  const names = existsSync(nested) ? readdirSync(nested).sort() : [];
  const read = (suffix: string): string =>
    [join(folder, `index${suffix}`), ...names.filter((name) => name.endsWith(suffix)).map((name) => join(nested, name))]
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
  return buildSchema(read('.d.ts'), read('.js').replace(/index_structs_\d+\.|structs\d+_\d+\./g, ''));
}

function readTypes(library: string, prefix: string, types: readonly string[]): Record<string, TypeSchema> {
  const folder = (type: string): string => join(library, prefix + type.replace(/^azurerm_/, '').replaceAll('_', '-'));
  return Object.fromEntries(types.map((type) => [type, readType(folder(type))]));
}

function extract(): ProviderSchema {
  const library = fetchPackage();
  const provider = readType(join(library, 'provider'));
  // Terraform's own argument of every provider block, not one of the provider's.
  const attributes = Object.fromEntries(Object.entries(provider.block.attributes).filter(([name]) => name !== 'alias'));
  return withDocumentedChanges({
    provider: { version: 0, block: { ...provider.block, attributes } },
    resource_schemas: readTypes(library, '', RESOURCE_TYPES),
    data_source_schemas: readTypes(library, 'data-azurerm-', DATA_SOURCE_TYPES),
  });
}

/** One type a line, so that a change of one shows as one line. */
function print(schema: ProviderSchema): string {
  const types = (schemas: Readonly<Record<string, TypeSchema>>): string =>
    Object.entries(schemas)
      .map(([name, type]) => `  ${JSON.stringify(name)}: ${JSON.stringify(type)}`)
      .join(',\n');
  return [
    '{',
    `"provider": ${JSON.stringify(schema.provider)},`,
    `"resource_schemas": {\n${types(schema.resource_schemas)}\n},`,
    `"data_source_schemas": {\n${types(schema.data_source_schemas)}\n}`,
    '}\n',
  ].join('\n');
}

const text = print(extract());
if (process.argv.includes('--check')) {
  const same = JSON.stringify(readSchema()) === JSON.stringify(JSON.parse(text));
  process.stdout.write(same ? 'The schema is what the package says.\n' : 'The schema differs from the package.\n');
  process.exitCode = same ? 0 : 1;
} else {
  writeFileSync(SCHEMA_FILE, text);
  process.stdout.write(`${SCHEMA_FILE}: ${text.length} bytes\n`);
}
