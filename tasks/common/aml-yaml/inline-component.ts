import { finishCommandComponent } from './component-command.ts';
import type { PortDefinition } from './component-ports.ts';
import type { LocalComponent } from './component-types.ts';
import type { JobInput, JobOutput } from './job-data.ts';
import { bindingType, outputBindingType, type PipelineScope } from './pipeline-bindings.ts';
import type { InlineValues, PipelineNode } from './pipeline-node.ts';
import type { Planning, SourceFile } from './planning.ts';
import { compact } from './templates.ts';
import { member, type YamlNode } from './yaml-node.ts';

/**
 * A command that is written in the pipeline itself becomes an anonymous component; what its inputs and outputs are follows from
 * what they are given.
 */
export function inlineCommandComponent(
  planning: Planning,
  source: SourceFile,
  node: PipelineNode,
  values: InlineValues,
  scope: PipelineScope,
): Promise<LocalComponent> {
  const place = member(node.node, 'additional_includes')?.place ?? node.place;
  const head = {
    type: 'command',
    name: undefined,
    version: undefined,
    schema: undefined,
    displayName: undefined,
    description: values.description,
    tags: values.tags,
    inputs: new Map([...node.inputs].map(([name, input]) => [name, inferredInput(input, scope)])),
    outputs: new Map([...node.outputs].map(([name, output]) => [name, inferredOutput(output, scope)])),
    source: 'YAML.JOB' as const,
  };
  const { additional_includes: includes, ...content } = values;
  const command =
    includes === undefined
      ? content
      : { ...content, additional_includes: includes.map((written) => ({ written, place })) };
  return finishCommandComponent(planning, source, node.node, node.at, head, command);
}

function inferredInput(input: JobInput, scope: PipelineScope): PortDefinition {
  if (input.kind === 'literal') return port(literalType(input.node), undefined, input.text);
  if (input.kind === 'data') return port(input.type, input.mode?.written);
  if (input.type !== undefined || input.mode !== undefined)
    return port(input.type ?? 'uri_folder', input.mode?.written);
  const { type, mode } = bindingType(input.text, scope);
  return port(type, mode);
}

function inferredOutput(output: JobOutput, scope: PipelineScope): PortDefinition {
  if (output.binding === undefined) return port(output.type ?? 'uri_folder', output.mode?.written);
  const { type, mode } = outputBindingType(output.binding, scope);
  return port(type, output.mode?.written ?? mode);
}

function port(type: string, mode: string | undefined, defaultText?: string): PortDefinition {
  return { type, mode, mayBeMissing: false, spec: compact({ type, mode, default: defaultText }) };
}

function literalType(node: YamlNode): string {
  switch (node.kind) {
    case 'integer':
      return 'integer';
    case 'float':
      return 'number';
    case 'boolean':
      return 'boolean';
    default:
      return 'string';
  }
}
