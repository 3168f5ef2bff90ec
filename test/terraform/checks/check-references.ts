/** What a module refers to must be declared, and what it declares must be used: references, calls, inputs, outputs. */
import { join } from 'node:path';
import type { ProviderSchema } from '../schema/provider-schema.ts';
import type { DeclaredBlock, Module } from './read-module.ts';

/** Arguments of a call that are no inputs of the called module. */
const CALL_ARGUMENTS = new Set(['source', 'version', 'providers', 'count', 'for_each', 'depends_on']);

/** Sentences on references to what is not there, and on variables and locals that nothing reads. */
export function referenceProblems(
  module: Module,
  schema: ProviderSchema,
  modules: ReadonlyMap<string, Module>,
): string[] {
  const all = [...module.texts.values()].join('\n');
  return [
    ...[...module.texts].flatMap(([file, text]) =>
      [
        ...undeclared(text, /\bvar\.(\w+)/g, (name) => module.variables.has(name)),
        ...undeclared(text, /\blocal\.(\w+)/g, (name) => module.locals.has(name)),
        ...resourceProblems(text, module, schema),
        ...outputProblems(text, module, modules),
      ].map((problem) => `${file}: ${problem}`),
    ),
    ...module.calls.flatMap((call) => callProblems(call, module, modules)),
    ...[...module.variables.keys()]
      .filter((name) => !new RegExp(`\\bvar\\.${name}\\b`).test(withoutVariables(module)))
      .map((name) => `variables.tf: nothing reads var.${name}`),
    ...[...module.locals]
      .filter((name) => !new RegExp(`\\blocal\\.${name}\\b`).test(all))
      .map((name) => `nothing reads local.${name}`),
  ];
}

/** A variable that only its own validation reads is not used. */
function withoutVariables(module: Module): string {
  return [...module.texts]
    .filter(([file]) => file !== 'variables.tf')
    .map(([, text]) => text)
    .join('\n');
}

function undeclared(text: string, pattern: RegExp, isDeclared: (name: string) => boolean): readonly string[] {
  return [
    ...new Set(
      [...text.matchAll(pattern)]
        .filter(([, name = '']) => !isDeclared(name))
        .map(([whole]) => `${whole} is not declared`),
    ),
  ];
}

function resourceProblems(text: string, module: Module, schema: ProviderSchema): readonly string[] {
  const declared = new Map([...module.resources, ...module.dataSources].map(({ address, type }) => [address, type]));
  const references = text.matchAll(/\b(data\.)?(azurerm_\w+)\.(\w+)(?:\[[^\]]*\])?(?:\.(\w+))?/g);
  return [...references].flatMap(([whole, data = '', type = '', name = '', attribute]) => {
    if (!declared.has(`${data}${type}.${name}`)) return [`${whole} is not declared`];
    const types = data === '' ? schema.resource_schemas : schema.data_source_schemas;
    const block = types[type]?.block;
    if (attribute === undefined || block === undefined) return [];
    return attribute in block.attributes || attribute in block.block_types
      ? []
      : [`${whole}: no attribute "${attribute}"`];
  });
}

function outputProblems(text: string, module: Module, modules: ReadonlyMap<string, Module>): readonly string[] {
  return [...text.matchAll(/\bmodule\.(\w+)(?:\[[^\]]*\])?\.(\w+)/g)].flatMap(([whole, name, output = '']) => {
    const call = module.calls.find(({ type }) => type === name);
    if (call === undefined) return [`${whole} is not called`];
    const called = calledModule(call, module, modules);
    return called === undefined || called.outputs.has(output) ? [] : [`${whole}: the module has no such output`];
  });
}

function callProblems(call: DeclaredBlock, module: Module, modules: ReadonlyMap<string, Module>): readonly string[] {
  const called = calledModule(call, module, modules);
  if (called === undefined) return [`${call.file}: ${call.address}: no module at ${String(call.body.source)}`];
  const given = Object.keys(call.body).filter((name) => !CALL_ARGUMENTS.has(name));
  const required = [...called.variables].filter(([, body]) => !('default' in body)).map(([name]) => name);
  return [
    ...given.filter((name) => !called.variables.has(name)).map((name) => `the module has no input "${name}"`),
    ...required.filter((name) => !given.includes(name)).map((name) => `missing input "${name}"`),
  ].map((problem) => `${call.file}: ${call.address}: ${problem}`);
}

function calledModule(
  { body }: DeclaredBlock,
  module: Module,
  modules: ReadonlyMap<string, Module>,
): Module | undefined {
  return typeof body.source === 'string' ? modules.get(join(module.folder, body.source)) : undefined;
}
