import { isAbsolute } from 'node:path';
import type { Template } from './plan.ts';
import type { Planning } from './planning.ts';
import { pythonText } from './python-literals.ts';
import {
  anything,
  childAt,
  choice,
  oneOf,
  record,
  refuse,
  text,
  textOrNumber,
  type At,
  type Reader,
} from './readers.ts';
import { assetReference, isBinding, isUrl } from './references.ts';
import { localPath, planUpload } from './uploads.ts';
import { member, type MapNode, type Place, type StringNode, type YamlNode } from './yaml-node.ts';

export const DATA_TYPES = [
  'uri_file',
  'uri_folder',
  'mltable',
  'mlflow_model',
  'custom_model',
  'triton_model',
] as const;
export type DataType = (typeof DATA_TYPES)[number];

const INPUT_MODES: Readonly<Record<string, string>> = {
  ro_mount: 'ReadOnlyMount',
  download: 'Download',
  direct: 'Direct',
  eval_mount: 'EvalMount',
  eval_download: 'EvalDownload',
};
const OUTPUT_MODES: Readonly<Record<string, string>> = {
  rw_mount: 'ReadWriteMount',
  mount: 'ReadWriteMount',
  upload: 'Upload',
  direct: 'Direct',
};

/** A mode in the file's spelling (a component's spec has it) and in the service's. */
export interface Mode {
  readonly written: string;
  readonly sent: string;
}

function modeOf(table: Readonly<Record<string, string>>): Reader<Mode> {
  return choice(Object.fromEntries(Object.entries(table).map(([written, sent]) => [written, { written, sent }])));
}

export const inputMode = modeOf(INPUT_MODES);
export const outputMode = modeOf(OUTPUT_MODES);

export type JobInput =
  | { readonly kind: 'literal'; readonly node: YamlNode; readonly text: string }
  | {
      readonly kind: 'data';
      readonly type: DataType;
      readonly mode: Mode | undefined;
      readonly path: StringNode;
    }
  /** `${{parent.…}}`, bare or as the path of a data input. */
  | {
      readonly kind: 'binding';
      readonly text: string;
      readonly place: Place;
      readonly type: DataType | undefined;
      readonly mode: Mode | undefined;
    };

const KEY = /^[a-zA-Z_]+[a-zA-Z0-9_]*$/;

const dataInput = record({ type: oneOf(DATA_TYPES), mode: inputMode, path: anything, description: text });
const literalInput = record({ type: text, value: anything, default: anything, description: text });
const PRIMITIVE_TYPES = ['string', 'integer', 'number', 'boolean'];

/** One input of a job or of a pipeline's node. */
export const jobInput: Reader<JobInput> = (node, at) => {
  if (node.kind === 'map') return mapInput(node, at);
  const written = node.kind === 'null' ? undefined : pythonText(node);
  if (written === undefined) {
    refuse(node, at, 'a text, a number, true, false or a mapping with a path');
    return;
  }
  if (node.kind === 'string' && isBinding(written)) {
    return { kind: 'binding', text: written.trim(), place: node.place, type: undefined, mode: undefined };
  }
  return { kind: 'literal', node, text: written };
};

function mapInput(node: MapNode, at: At): JobInput | undefined {
  const type = member(node, 'type');
  if (type?.kind === 'string' && PRIMITIVE_TYPES.includes(type.value)) {
    const values = literalInput(node, at);
    const value = values?.value ?? values?.default;
    if (value !== undefined) return jobInput(value, childAt(at, 'value'));
    at.problems.add(node.place, `'${at.path}' has no value; write it in place of the mapping.`);
    return undefined;
  }
  const values = dataInput(node, at);
  if (values === undefined) return undefined;
  const path = values.path;
  if (path?.kind !== 'string' || path.value === '') {
    if (path !== undefined) {
      refuse(path, childAt(at, 'path'), 'a path or a reference to data, and not empty');
      return;
    }
    at.problems.add(node.place, `'${at.path}' has no 'path'; an input of a job must say where its data is.`);
    return undefined;
  }
  const mode = checkedMode(values.mode, values.type, node, at);
  if (isBinding(path.value)) {
    return { kind: 'binding', text: path.value.trim(), place: path.place, type: values.type, mode };
  }
  return { kind: 'data', type: values.type ?? 'uri_folder', mode, path };
}

function checkedMode(mode: Mode | undefined, type: DataType | undefined, node: MapNode, at: At): Mode | undefined {
  if (mode?.written.startsWith('eval_') === true && type !== 'mltable') {
    at.problems.add(
      member(node, 'mode')?.place ?? node.place,
      `'${at.path}.mode' is ${mode.written}, which only inputs of type mltable can have.`,
    );
  }
  return mode;
}

/** The inputs of a job by name; names that are no identifiers are reported. */
export const jobInputs = named(jobInput);

export interface JobOutput {
  readonly type: DataType | undefined;
  readonly mode: Mode | undefined;
  readonly path: string | undefined;
  readonly name: string | undefined;
  readonly version: string | undefined;
  /** `${{parent.outputs.x}}`, bare or as the path. */
  readonly binding: string | undefined;
  readonly place: Place;
  /** True where the file says nothing at all about the output. */
  readonly isEmpty: boolean;
}

const outputFields = record({
  type: oneOf(DATA_TYPES),
  mode: outputMode,
  path: text,
  name: text,
  version: textOrNumber,
  description: text,
});

/** One output of a job or of a pipeline's node. */
export const jobOutput: Reader<JobOutput> = (node, at) => {
  const nothing = { type: undefined, mode: undefined, path: undefined, name: undefined, version: undefined };
  if (node.kind === 'null') return { ...nothing, binding: undefined, place: node.place, isEmpty: true };
  if (node.kind === 'string' && isBinding(node.value)) {
    return { ...nothing, binding: node.value.trim(), place: node.place, isEmpty: false };
  }
  const values = outputFields(node, at);
  if (values === undefined) return undefined;
  const { path } = values;
  const binding = path !== undefined && isBinding(path) ? path.trim() : undefined;
  return {
    type: values.type,
    mode: values.mode,
    path: binding === undefined ? path : undefined,
    name: values.name,
    version: values.version,
    binding,
    place: node.place,
    isEmpty: node.kind === 'map' && node.entries.size === 0,
  };
};

export const jobOutputs = named(jobOutput);

/** A mapping whose keys must be identifiers. */
export function named<T>(reader: Reader<T>): Reader<ReadonlyMap<string, T>> {
  return (node, at) => {
    if (node.kind !== 'map') {
      refuse(node, at, 'a mapping');
      return;
    }
    const result = new Map<string, T>();
    for (const entry of node.entries.values()) {
      if (!KEY.test(entry.key)) {
        at.problems.add(
          entry.keyPlace,
          `'${entry.key}' in '${at.path}' is no valid name: letters, digits and underscores, not starting with a digit.`,
        );
      }
      const value = reader(entry.value, childAt(at, entry.key));
      if (value !== undefined) result.set(entry.key, value);
    }
    return result;
  };
}

/** Where the data of a job's or node's input is; undefined after reporting what is wrong. Local data is uploaded. */
export async function planInputUri(
  planning: Planning,
  folder: string,
  input: Extract<JobInput, { readonly kind: 'data' }>,
): Promise<Template | undefined> {
  const written = input.path.value;
  if (isBinding(written) || /^(azureml:)?\/subscriptions\//i.test(written) || isUrl(written)) return written;
  if (!isAbsolute(written) && /[:@]/.test(written)) {
    const collection = input.type === 'mlflow_model' || input.type === 'custom_model' ? 'models' : 'data';
    return assetReference(planning, collection, written, input.path.place);
  }
  const uploaded = await planUpload(planning, localPath(folder, written, input.path.place, 'The data path'), {
    uriForm: 'short',
    trailingSlash: input.type === 'uri_folder',
  });
  if (isAbsolute(written) && uploaded !== undefined && input.type !== 'mltable') {
    const expected = input.type === 'uri_file' ? 'file' : input.type === 'uri_folder' ? 'folder' : uploaded.source.kind;
    if (uploaded.source.kind !== expected) {
      planning.problems.add(
        input.path.place,
        `'${written}' is a ${uploaded.source.kind}, but the input's type is ${input.type}.`,
      );
    }
  }
  return uploaded?.uri;
}
