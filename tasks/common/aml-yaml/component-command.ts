import { codeWithIncludes, type Include } from './additional-includes.ts';
import { inputDefinitions, outputDefinitions } from './component-ports.ts';
import {
  COMMON_COMPONENT_FIELDS,
  componentHead,
  type ComponentHead,
  type DefinitionSource,
  type LocalComponent,
} from './component-types.ts';
import { planEnvironmentField } from './environment.ts';
import { distribution, nodeDistribution, resources, specDistribution } from './job-settings.ts';
import type { Template } from './plan.ts';
import type { Planning, SourceFile } from './planning.ts';
import { anything, boolean, childAt, listOf, record, text, type At, type Reader, type Values } from './readers.ts';
import { compact } from './templates.ts';
import { localPath, planCode, uploadCode } from './uploads.ts';
import { member, type YamlNode } from './yaml-node.ts';

/** One of `additional_includes`. */
export const include: Reader<Include> = (node, at) => {
  if (node.kind === 'map') {
    at.problems.add(
      node.place,
      `'${at.path}' is a package of Azure Artifacts: download it in a step before this one (UniversalPackages@0) and include its folder.`,
    );
    return undefined;
  }
  const written = text(node, at);
  return written === undefined ? undefined : { written, place: node.place };
};

const FIELDS = {
  ...COMMON_COMPONENT_FIELDS,
  is_deterministic: boolean,
  inputs: inputDefinitions,
  outputs: outputDefinitions,
  code: text,
  command: text,
  environment: anything,
  resources,
  distribution,
  additional_includes: listOf(include),
};

const readCommandComponent = record(FIELDS, { required: ['command', 'environment'] });

/** A command component of a file, or written in place of a reference to one. */
export async function planCommandComponent(
  planning: Planning,
  source: SourceFile,
  node: YamlNode,
  at: At,
  definedIn: DefinitionSource,
): Promise<LocalComponent | undefined> {
  const values = readCommandComponent(node, at);
  if (values === undefined) return undefined;
  const head = componentHead('command', node, definedIn, values);
  return finishCommandComponent(planning, source, node, at, head, values);
}

/** The part of a command that a component and an inline node have in common. */
export type CommandContent = Pick<
  Values<typeof FIELDS>,
  'code' | 'command' | 'environment' | 'resources' | 'distribution' | 'additional_includes' | 'is_deterministic'
>;

/** Plans code and environment and puts the spec together. */
export async function finishCommandComponent(
  planning: Planning,
  source: SourceFile,
  node: YamlNode,
  at: At,
  head: ComponentHead,
  values: CommandContent,
): Promise<LocalComponent> {
  const environment =
    values.environment &&
    (await planEnvironmentField(planning, source, values.environment, childAt(at, 'environment'), 'anonymous'));
  return {
    ...head,
    forNodes: compact({
      resources: values.resources,
      distribution: values.distribution && nodeDistribution(values.distribution),
    }),
    specific: {
      is_deterministic: values.is_deterministic ?? true,
      command: values.command,
      code: await componentCode(planning, source, node, values),
      environment: prefixed(environment),
      resources: values.resources,
      distribution: values.distribution && specDistribution(values.distribution),
      additional_includes: values.additional_includes?.map((entry) => entry.written),
    },
  };
}

async function componentCode(
  planning: Planning,
  source: SourceFile,
  node: YamlNode,
  values: CommandContent,
): Promise<Template | undefined> {
  const place = member(node, 'code')?.place ?? node.place;
  const code = values.code === undefined ? undefined : localPath(source.folder, values.code, place, 'The code');
  const includes = values.additional_includes ?? [];
  if (includes.length === 0) return code && planCode(planning, code, 'component', 'azureml:');
  const merged = await codeWithIncludes(planning, source.folder, code, includes);
  return merged && uploadCode(planning, merged, 'azureml:');
}

/** In a spec, ARM ids stand behind `azureml:`; registry URIs and the service's own environments as they are. */
export function prefixed(reference: Template | undefined): Template | undefined {
  if (typeof reference === 'string') return reference.startsWith('/') ? `azureml:${reference}` : reference;
  if (typeof reference === 'object' && reference !== null && '$step' in reference) {
    return { ...reference, $prefix: 'azureml:' };
  }
  return reference;
}
