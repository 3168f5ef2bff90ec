/** The committed schema of the azurerm provider. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ProviderSchema } from './provider-schema.ts';

export const SCHEMA_FILE = fileURLToPath(new URL('azurerm-4.55.0.json', import.meta.url));

export function readSchema(): ProviderSchema {
  return JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')) as ProviderSchema;
}
