import type { PortDefinition } from './component-ports.ts';
import type { ComponentHead } from './component-types.ts';
import type { JobInput, JobOutput } from './job-data.ts';
import { bindingType, outputBindingType, type PipelineScope } from './pipeline-bindings.ts';
import type { PipelineNode } from './pipeline-node.ts';
import { compact } from './templates.ts';
import type { YamlNode } from './yaml-node.ts';

/**
 * The head of the anonymous component that a node written in the pipeline itself becomes; what its inputs and outputs are
 * follows from what they are given.
 */
export function inlineHead(type: string, node: PipelineNode, scope: PipelineScope): ComponentHead {
  return {
    type,
    name: undefined,
    version: undefined,
    schema: undefined,
    displayName: undefined,
    description: node.common.description,
    tags: node.common.tags,
    inputs: new Map([...node.inputs].map(([name, input]) => [name, inferredInput(input, scope)])),
    outputs: new Map([...node.outputs].map(([name, output]) => [name, inferredOutput(output, scope)])),
    source: 'YAML.JOB',
  };
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
