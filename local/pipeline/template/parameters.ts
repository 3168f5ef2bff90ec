/** Parameters of pipelines and templates: what a file declares, and what it is given (documentation: "Runtime parameters"). */
import { DeclaredNames, type Value } from '../../agent/expressions/values.ts';
import { asTexts, valueOf, type DocumentNode, type Entry, type Place } from '../document/document-node.ts';
import { isEmpty, type Entries, type NodeReader } from '../document/node-reader.ts';
import { suggestion } from '../nearest-name.ts';
import { normaliseParameter, STRUCTURE_TYPES } from './normalise.ts';

const ANY_TYPES = [
  ...['object', 'container', 'containerList', 'stringList', 'environment', 'filePath', 'pool'],
  ...['secureFile', 'serviceConnection', 'legacyObject'],
];
const TYPES = ['string', 'number', 'boolean', ...ANY_TYPES, ...STRUCTURE_TYPES];
const KEYS = ['name', 'displayName', 'type', 'default', 'values'];

export interface Declaration {
  readonly name: string;
  readonly type: string;
  readonly place: Place;
  readonly fallback: DocumentNode | undefined;
  readonly allowed: readonly string[] | undefined;
}

/** Stages, jobs or steps of a parameter of such a type, as its template sees them. */
export type StructureOf = (type: string, node: DocumentNode) => DocumentNode;

/** The value of `parameters`, by what `parameters:` of the file declares and by what is given. Reports everything wrong. */
export function bindParameters(
  reader: NodeReader,
  declared: DocumentNode | undefined,
  given: { readonly place: Place; readonly entries: readonly Entry[] },
  structure?: StructureOf,
): Value {
  if (declared?.kind === 'mapping') return bindUntyped(declared.entries, given.entries);
  const declarations = readDeclarations(reader, declared, structure);
  const values = new DeclaredNames();
  for (const declaration of declarations) {
    const entry = given.entries.find(({ key }) => key.text === declaration.name);
    values.set(declaration.name, bind(reader, declaration, entry?.value, given.place, structure));
  }
  const names = declarations.map(({ name }) => name);
  for (const { key } of given.entries.filter((entry) => !names.includes(entry.key.text))) {
    reader.report(key, `Unexpected parameter '${key.text}'.${suggestion(key.text, names)}`);
  }
  return values;
}

/** The parameters a file declares with a list; none for the older form without types. */
export function readDeclarations(
  reader: NodeReader,
  node: DocumentNode | undefined,
  structure?: StructureOf,
): readonly Declaration[] {
  const declarations: Declaration[] = [];
  for (const item of reader.sequence(node, '`parameters`')) {
    const entries = reader.mapping(item, 'a parameter', KEYS);
    const name = reader.optionalText(entries, 'name') ?? '';
    const type = reader.optionalText(entries, 'type') ?? 'string';
    if (name === '') reader.report(item, 'A parameter needs a name.');
    if (declarations.some((each) => each.name.toLowerCase() === name.toLowerCase())) {
      reader.report(item, `'${name}' is already defined.`);
    }
    if (!TYPES.includes(type)) {
      const at = entries.get('type')?.value ?? item;
      reader.report(at, `Unexpected value '${type}': it is no type of a parameter.${suggestion(type, TYPES)}`);
    }
    const declaration = {
      name,
      type,
      place: item.place,
      fallback: entries.get('default')?.value,
      allowed: readAllowed(reader, entries),
    };
    declarations.push(declaration);
    // A default must be right even where it is not used.
    if (declaration.fallback !== undefined) bind(reader, declaration, undefined, item.place, structure);
  }
  return declarations;
}

function readAllowed(reader: NodeReader, entries: Entries): readonly string[] | undefined {
  const entry = entries.get('values');
  return entry && reader.sequence(entry.value, '`values`').map((value) => reader.text(value, 'a value'));
}

/** The older form, without types: more may be given than is declared, and every single value is a text. */
function bindUntyped(declared: readonly Entry[], given: readonly Entry[]): Value {
  const values = new Map<string, Value>();
  for (const { key, value } of [...declared, ...given]) values.set(key.text, valueOf(asTexts(value)));
  return values;
}

function bind(
  reader: NodeReader,
  declaration: Declaration,
  given: DocumentNode | undefined,
  missingAt: Place,
  structure: StructureOf = (kind, node) => normaliseParameter(reader, kind, node),
): Value {
  const { name, type, allowed } = declaration;
  const node = given ?? declaration.fallback;
  if (node === undefined) {
    reader.report({ place: missingAt }, `A value for the '${name}' parameter must be provided.`);
    return null;
  }
  if (allowed !== undefined && node.kind === 'scalar' && ['string', 'number'].includes(type)) {
    if (!allowed.includes(node.text)) {
      const list = allowed.join(', ');
      reader.report(node, `The '${name}' parameter value '${node.text}' is not one of ${list}.`);
    }
  }
  return convert(reader, declaration, node, structure);
}

function convert(reader: NodeReader, { name, type }: Declaration, node: DocumentNode, structure: StructureOf): Value {
  switch (type) {
    case 'string':
      return reader.text(node, `the parameter '${name}'`);
    case 'number': {
      const text = reader.text(node, `the parameter '${name}'`);
      if (node.kind === 'scalar' && !/^[+-]?\d+(\.\d+)?$/.test(text)) {
        reader.report(node, `The '${name}' parameter value '${text}' is not a valid number.`);
      }
      return Number(text);
    }
    case 'boolean': {
      const text = reader.text(node, `the parameter '${name}'`);
      if (node.kind === 'scalar' && !/^(true|false)$/i.test(text)) {
        reader.report(node, `The '${name}' parameter value '${text}' is not a valid Boolean.`);
      }
      return text.toLowerCase() === 'true';
    }
    case 'legacyObject':
      return valueOf(asTexts(node));
    default:
      if (STRUCTURE_TYPES.includes(type)) return isEmpty(node) ? [] : valueOf(structure(type, node));
      return valueOf(node);
  }
}
