/** Puts a type's schema together from the three things its generated package says of it. */
import { type Declarations, readDeclarations } from './read-declarations.ts';
import { type Mapping, type Mappings, readMappings, ROOT } from './read-mappings.ts';
import { readResults, type Result, type ResultClass } from './read-results.ts';
import type { Attribute, Block, NestedBlock, TypeSchema, ValueType } from './provider-schema.ts';

interface Sources {
  readonly declarations: Declarations;
  readonly mappings: Mappings;
  readonly classes: ReadonlyMap<string, ResultClass>;
}

const ROOT_BASES = ['TerraformResource', 'TerraformDataSource', 'TerraformProvider'];

const SIMPLE_TYPES: Readonly<Record<string, ValueType>> = {
  string: 'string',
  boolean: 'bool',
  number: 'number',
  stringMap: ['map', 'string'],
  numberMap: ['map', 'number'],
  booleanMap: ['map', 'bool'],
};

const ELEMENT_TYPES: Readonly<Record<string, string>> = {
  stringList: 'string',
  numberList: 'number',
  booleanList: 'bool',
};

/** The schema of one resource, data source or provider. Throws on a module that is none of them. */
export function buildSchema(declarationSource: string, code: string): TypeSchema {
  const sources = {
    declarations: readDeclarations(declarationSource),
    mappings: readMappings(code),
    classes: readResults(code),
  };
  const config = [...sources.declarations.keys()].find((name) => name.endsWith('Config'));
  const root = [...sources.classes].find(([, { base }]) => ROOT_BASES.includes(base))?.[0];
  if (config === undefined || root === undefined) throw new Error('not a generated resource, data source or provider');
  return { version: 0, block: buildBlock(sources, config, ROOT, root) };
}

function buildBlock(sources: Sources, declaration: string, structure: string, className: string): Block {
  const attributes: Record<string, Attribute> = {};
  const block_types: Record<string, NestedBlock> = {};
  const mappings = sources.mappings.get(structure);
  for (const [name, { optional, repeatable }] of sources.declarations.get(declaration) ?? []) {
    const mapping = mappings?.get(name);
    const presence = optional ? { optional: true } : { required: true };
    if (mapping?.isBlock !== true) {
      attributes[name] = { type: attributeType(mapping), ...presence };
      continue;
    }
    const block = nestedBlock(sources, mapping);
    if (mapping.isAttributeAsBlock) {
      attributes[name] = { type: blockAsValue(mapping, block), ...presence, computed: optional };
    } else block_types[name] = { nesting_mode: nestingMode(mapping), ...limits(mapping, optional, repeatable), block };
  }
  for (const [name, result] of sources.classes.get(className)?.results ?? []) {
    if (name in attributes || name in block_types) continue;
    attributes[name] = { type: resultType(sources, result), computed: true };
  }
  if (attributes.id?.optional === true) attributes.id = { ...attributes.id, computed: true };
  return { attributes, block_types };
}

function nestedBlock(sources: Sources, { structure = '' }: Mapping): Block {
  const declaration = [...sources.declarations.keys()].find((name) => lowerFirst(name) === structure) ?? '';
  return buildBlock(sources, declaration, structure, `${declaration}OutputReference`);
}

function attributeType(mapping: Mapping | undefined): ValueType {
  if (mapping === undefined) return 'string';
  const element = ELEMENT_TYPES[mapping.storage];
  const isList = mapping.kind === 'list' || mapping.kind === 'set';
  if (isList) return element === undefined ? 'dynamic' : [mapping.kind, element];
  return SIMPLE_TYPES[mapping.storage] ?? 'dynamic';
}

function blockAsValue(mapping: Mapping, { attributes, block_types }: Block): ValueType {
  const members = Object.entries(attributes).map(([name, { type }]): [string, ValueType] => [name, type]);
  const nested = Object.entries(block_types).map(([name, nestedType]): [string, ValueType] => [
    name,
    [nestedType.nesting_mode, 'dynamic'],
  ]);
  return [mapping.kind === 'set' ? 'set' : 'list', ['object', Object.fromEntries([...members, ...nested])]];
}

function nestingMode({ kind }: Mapping): string {
  return kind === 'struct' ? 'single' : kind;
}

function limits(mapping: Mapping, optional: boolean, repeatable: boolean): { min_items?: number; max_items?: number } {
  if (mapping.kind === 'struct') return {};
  return { ...(optional ? {} : { min_items: 1 }), ...(repeatable ? {} : { max_items: 1 }) };
}

function resultType(sources: Sources, result: Result, depth = 0): ValueType {
  if ('type' in result) return result.type;
  const reference = result.ofClass.replace(/(List|Map)$/, 'OutputReference');
  const members = depth < 8 ? [...(sources.classes.get(reference)?.results ?? [])] : [];
  const types = members.map(([name, member]): [string, ValueType] => [name, resultType(sources, member, depth + 1)]);
  return [result.isSet ? 'set' : 'list', ['object', Object.fromEntries(types)]];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
