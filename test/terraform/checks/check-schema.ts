/** Every resource and data source against the provider's schema: what terraform's own validation would say, by structure. */
import type { Attribute, Block, ProviderSchema, TypeSchemas, ValueType } from '../schema/provider-schema.ts';
import { type Body, type DeclaredBlock, listOf, type Module } from './read-module.ts';

/** Terraform's own arguments, which no provider declares. */
const META_ARGUMENTS = new Set([
  'count',
  'for_each',
  'depends_on',
  'provider',
  'lifecycle',
  'provisioner',
  'connection',
]);

/** Sentences on what does not fit the schema, as `file: address: …`. */
export function schemaProblems(module: Module, schema: ProviderSchema): readonly string[] {
  return [
    ...module.resources.flatMap((block) => typeProblems(block, schema.resource_schemas)),
    ...module.dataSources.flatMap((block) => typeProblems(block, schema.data_source_schemas)),
  ];
}

function typeProblems({ file, address, type, body }: DeclaredBlock, types: TypeSchemas): readonly string[] {
  const found = types[type];
  if (found === undefined) return [`${file}: ${address}: unknown type "${type}"`];
  const own = Object.fromEntries(Object.entries(body).filter(([name]) => !META_ARGUMENTS.has(name)));
  return blockProblems(found.block, own).map((problem) => `${file}: ${address}: ${problem}`);
}

function blockProblems(block: Block, body: Body): readonly string[] {
  const { dynamic, ...plain } = body;
  const generated = dynamicContents(dynamic);
  const given = new Set([...Object.keys(plain), ...generated.keys()]);
  return [
    ...Object.entries(plain).flatMap(([name, value]) => argumentProblems(block, name, value)),
    ...[...generated].flatMap(([name, contents]) => nestedProblems(block, name, contents, false)),
    ...Object.entries(block.attributes)
      .filter(([name, { required }]) => required === true && !given.has(name))
      .map(([name]) => `missing argument "${name}"`),
    ...Object.entries(block.block_types)
      .filter(([name, { min_items = 0 }]) => min_items > 0 && !given.has(name))
      .map(([name]) => `missing block "${name}"`),
  ];
}

/** The contents of `dynamic` blocks, by the block they generate. */
function dynamicContents(dynamic: unknown): ReadonlyMap<string, readonly Body[]> {
  if (typeof dynamic !== 'object' || dynamic === null) return new Map();
  const entries = Object.entries(dynamic as Body);
  return new Map(entries.map(([name, blocks]) => [name, listOf(blocks).flatMap(({ content }) => listOf(content))]));
}

function argumentProblems(block: Block, name: string, value: unknown): readonly string[] {
  const attribute = block.attributes[name];
  if (attribute === undefined) return nestedProblems(block, name, listOf(value), true);
  const readOnly = attribute.required !== true && attribute.optional !== true;
  return readOnly ? [`"${name}" is read-only`] : literalProblems(name, attribute, value);
}

function nestedProblems(block: Block, name: string, bodies: readonly Body[], isCounted: boolean): readonly string[] {
  const nested = block.block_types[name];
  if (nested === undefined) return attributeAsBlockProblems(block, name, bodies);
  const { max_items = Number.POSITIVE_INFINITY } = nested;
  return [
    ...(isCounted && bodies.length > max_items ? [`at most ${max_items} block "${name}"`] : []),
    ...bodies.flatMap((body) => blockProblems(nested.block, body).map((problem) => `${name}: ${problem}`)),
  ];
}

/** Lists of objects may be written as blocks, such as the rules of a security group. */
function attributeAsBlockProblems(block: Block, name: string, bodies: readonly Body[]): readonly string[] {
  const type = block.attributes[name]?.type;
  const element = typeof type === 'object' ? type[1] : undefined;
  if (typeof element !== 'object' || element[0] !== 'object') return [`unknown argument or block "${name}"`];
  const members: Readonly<Record<string, unknown>> = element[1] as Readonly<Record<string, ValueType>>;
  return bodies.flatMap((body) =>
    Object.keys(body)
      .filter((member) => !(member in members))
      .map((member) => `${name}: unknown argument "${member}"`),
  );
}

/** Literals only: what an expression gives is known to terraform alone. */
function literalProblems(name: string, { type }: Attribute, value: unknown): readonly string[] {
  if (value === null || (typeof value === 'string' && value.includes('${'))) return [];
  const kind = typeof type === 'string' ? type : type[0];
  return fits(kind, value) ? [] : [`"${name}" must be a ${kind}`];
}

function fits(kind: string, value: unknown): boolean {
  switch (kind) {
    case 'bool':
      return typeof value === 'boolean' || value === 'true' || value === 'false';
    case 'number':
      return typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value));
    case 'string':
      return typeof value !== 'object';
    case 'list':
    case 'set':
      return Array.isArray(value);
    default:
      return typeof value === 'object';
  }
}
