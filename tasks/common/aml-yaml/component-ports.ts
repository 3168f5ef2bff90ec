import { DATA_TYPES, inputMode, named, outputMode } from './job-data.ts';
import { pythonFloat, pythonText } from './python-literals.ts';
import {
  anything,
  boolean,
  emptyAllowed,
  listOf,
  mapped,
  oneOf,
  record,
  expecting,
  text,
  type At,
  type Reader,
  type Values,
} from './readers.ts';
import { compact, passThrough, type TemplateObject } from './templates.ts';
import { member, type ScalarNode, type YamlNode } from './yaml-node.ts';

/*
 * Inputs and outputs as a component defines them. In a component's spec they stand nearly as in the file; defaults and limits
 * are texts there.
 */

const PRIMITIVE_TYPES = ['string', 'integer', 'number', 'boolean'] as const;
const INPUT_TYPES = [...DATA_TYPES, ...PRIMITIVE_TYPES, 'path', 'custom'] as const;

export interface PortDefinition {
  readonly type: string;
  /** As it is written. */
  readonly mode: string | undefined;
  /** True where a node need not give it. */
  readonly mayBeMissing: boolean;
  readonly spec: TemplateObject;
}

const scalar = expecting<ScalarNode>('a text, a number, true or false', (node) =>
  node.kind === 'list' || node.kind === 'map' || node.kind === 'null' || node.kind === 'timestamp' ? undefined : node,
);

/** The text of a default or limit; one of a number is a fraction, however it is written. */
function scalarText(node: ScalarNode | undefined, type: string): string | undefined {
  if (node === undefined) return undefined;
  return type === 'number' && node.kind === 'integer' ? pythonFloat(Number(node.value)) : pythonText(node);
}

const INPUT_FIELDS = {
  type: oneOf(INPUT_TYPES),
  description: text,
  mode: inputMode,
  optional: boolean,
  default: emptyAllowed(scalar),
  min: scalar,
  max: scalar,
  enum: listOf(anything),
  path: text,
  datatype: text,
};

const readInput = record(INPUT_FIELDS, { required: ['type'] });

export const inputDefinition: Reader<PortDefinition> = (node, at) => {
  const values = readInput(node, at);
  if (values === undefined) return undefined;
  const type = values.type ?? 'string';
  return {
    type,
    mode: values.mode?.written,
    mayBeMissing: values.optional === true || values.default !== undefined,
    spec: compact({
      type,
      description: values.description,
      mode: values.mode?.written,
      optional: values.optional,
      default: defaultText(values, type, node, at),
      min: scalarText(values.min, type),
      max: scalarText(values.max, type),
      enum: values.enum?.map(passThrough),
      path: values.path,
      datatype: values.datatype,
    }),
  };
};

function defaultText(values: Values<typeof INPUT_FIELDS>, type: string, node: YamlNode, at: At): string | undefined {
  if (values.default === undefined) return undefined;
  if (PRIMITIVE_TYPES.some((primitive) => primitive === type)) return scalarText(values.default, type);
  at.problems.add(
    member(node, 'default')?.place ?? node.place,
    `'${at.path}' is of type ${type}, which has no default; only ${PRIMITIVE_TYPES.join(', ')} have one.`,
  );
  return undefined;
}

export const inputDefinitions = named(inputDefinition);

const readOutput = record({
  type: oneOf([...DATA_TYPES, ...PRIMITIVE_TYPES, 'path']),
  description: text,
  mode: outputMode,
  is_control: boolean,
  early_available: boolean,
  path: text,
});

export const outputDefinition: Reader<PortDefinition> = mapped(readOutput, (values) => {
  const type = values.type ?? 'uri_folder';
  const mode = values.mode?.written;
  const spec = compact({ type, description: values.description, mode, path: values.path });
  return { type, mode, mayBeMissing: true, spec };
});

export const outputDefinitions = named(outputDefinition);
