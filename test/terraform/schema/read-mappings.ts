/** Reads how the generated code turns arguments into HCL: what is an attribute, what a block, and of which type. */

export interface Mapping {
  readonly isBlock: boolean;
  /** simple, list, set, map or struct. */
  readonly kind: string;
  readonly storage: string;
  /** The nested structure that a block is made of. */
  readonly structure?: string;
  /** True for an attribute that is only written like a block. */
  readonly isAttributeAsBlock: boolean;
}

/** Mappings by Terraform name, by structure; the type itself is `ROOT`. */
export type Mappings = ReadonlyMap<string, ReadonlyMap<string, Mapping>>;

export const ROOT = '(root)';

const STRUCTURE = /function (\w+)ToHclTerraform\(struct\) \{([\s\S]*?)\n\}/g;
const ROOT_BODY = /synthesizeHclAttributes\(\) \{([\s\S]*?)\n {4}\}/;
const ENTRY =
  /(\w+): \{\n\s*value: ([^\n]*),\n\s*isBlock: (true|false),\n\s*type: "(\w+)",\n\s*storageClassType: "(\w+)"/g;

/** Reads one generated module. */
export function readMappings(source: string): Mappings {
  const mappings = new Map<string, ReadonlyMap<string, Mapping>>();
  for (const [, name = '', body = ''] of source.matchAll(STRUCTURE)) mappings.set(name, entries(body));
  return mappings.set(ROOT, entries(ROOT_BODY.exec(source)?.[1] ?? ''));
}

function entries(body: string): ReadonlyMap<string, Mapping> {
  const found = new Map<string, Mapping>();
  for (const [, name = '', value = '', isBlock, kind = '', storage = ''] of body.matchAll(ENTRY)) {
    const structure = /(\w+)ToHclTerraform/.exec(value)?.[1];
    found.set(name, {
      isBlock: isBlock === 'true',
      kind,
      storage,
      isAttributeAsBlock: /listMapperHcl\([^,]+, false\)/.test(value),
      ...(structure === undefined ? {} : { structure }),
    });
  }
  return found;
}
