import { createHash } from 'node:crypto';
import type { PortDefinition } from './component-ports.ts';
import { hasNumberText, withPlainNumbers } from './number-text.ts';
import type { Deferred, PutStep, Template } from './plan.ts';
import type { Planning, SourceFile } from './planning.ts';
import { text, textMap, textOrNumber, type At, type Values } from './readers.ts';
import { compact, compactDeep, type TemplateObject } from './templates.ts';
import { stringMember, type YamlNode } from './yaml-node.ts';

/** Where a definition comes from, as the service is told. */
export type DefinitionSource = 'YAML.COMPONENT' | 'YAML.JOB';

/** What a component has before its code, environment and children are planned. */
export interface ComponentHead {
  readonly type: string;
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly schema: string | undefined;
  readonly displayName: string | undefined;
  readonly description: string | undefined;
  readonly tags: Readonly<Record<string, string>> | undefined;
  readonly inputs: ReadonlyMap<string, PortDefinition>;
  readonly outputs: ReadonlyMap<string, PortDefinition>;
  readonly source: DefinitionSource;
}

/** A component of this repository, ready to be registered. */
export interface LocalComponent extends ComponentHead {
  /** The type's own part of the spec, ids open. */
  readonly specific: Readonly<Record<string, Template | undefined>>;
  /** The same as it is hashed, where that differs. */
  readonly hashedSpecific?: Readonly<Record<string, Template | undefined>>;
  /** Members copied to the nodes that use the component, as nodes have them. */
  readonly forNodes?: TemplateObject;
}

/** The head of a component from the fields all components have. */
export function componentHead(
  type: string,
  node: YamlNode,
  definedIn: DefinitionSource,
  values: Omit<Values<typeof COMMON_COMPONENT_FIELDS>, 'type'> & {
    readonly inputs?: ReadonlyMap<string, PortDefinition>;
    readonly outputs?: ReadonlyMap<string, PortDefinition>;
  },
): ComponentHead {
  return {
    type,
    name: values.name,
    version: values.version,
    schema: stringMember(node, '$schema')?.trim(),
    displayName: values.display_name,
    description: values.description,
    tags: values.tags,
    inputs: values.inputs ?? new Map<string, PortDefinition>(),
    outputs: values.outputs ?? new Map<string, PortDefinition>(),
    source: definedIn,
  };
}

/** Fields every component has. */
export const COMMON_COMPONENT_FIELDS = {
  name: text,
  version: textOrNumber,
  type: text,
  display_name: text,
  description: text,
  tags: textMap,
};

const ANONYMOUS = 'azureml_anonymous';

/** Registers the component under the name of all anonymous ones; equal components are one. Its id stands in the nodes. */
export function registerAnonymous(planning: Planning, component: LocalComponent): Deferred {
  const put = componentPut(component, { name: ANONYMOUS, version: '1' });
  const content = JSON.stringify(put.hashedSpec ?? put.body);
  const key = `component:${createHash('sha256').update(content).digest('hex')}`;
  return planning.step({ ...put, key, version: { rule: 'anonymousComponent' } }, 'id');
}

/** The PUT of a component under its own name. */
export function namedComponentPut(component: LocalComponent): PutStep {
  const { name = '', version } = component;
  const put = componentPut(component, { name, version });
  return {
    ...put,
    version: version === undefined ? { rule: 'next' } : { rule: 'given', version },
    // The service's client marks all kinds but pipelines.
    ...(component.type === 'pipeline' ? {} : { clientComponentHash: true }),
  };
}

function componentPut(
  component: LocalComponent,
  identity: { readonly name: string; readonly version: string | undefined },
): PutStep {
  const spec = componentSpec(component, identity, component.specific);
  const hashed = componentSpec(component, identity, component.hashedSpecific ?? component.specific);
  const differs = component.hashedSpecific !== undefined || hasNumberText(hashed);
  return {
    do: 'put',
    key: `component:${identity.name}`,
    collection: 'components',
    name: identity.name,
    body: {
      properties: compact({
        description: component.description,
        tags: component.tags ?? {},
        properties: {},
        isAnonymous: identity.name === ANONYMOUS,
        isArchived: component.type === 'pipeline' ? undefined : false,
        componentSpec: withPlainNumbers(spec),
      }),
    },
    ...(differs ? { hashedSpec: hashed } : {}),
  };
}

function componentSpec(
  component: LocalComponent,
  identity: { readonly name: string; readonly version: string | undefined },
  specific: LocalComponent['specific'],
): TemplateObject {
  const common = compactDeep({
    $schema: component.schema,
    name: identity.name,
    version: identity.version,
    display_name: component.displayName,
    description: component.description,
    tags: component.tags,
    inputs: specs(component.inputs),
    outputs: specs(component.outputs),
    type: component.type,
    _source: component.source,
  });
  const own = component.type === 'pipeline' ? compact(specific) : compactDeep(specific);
  return { ...common, ...own };
}

function specs(ports: ReadonlyMap<string, PortDefinition>): TemplateObject {
  return Object.fromEntries([...ports].map(([name, port]) => [name, port.spec]));
}

/** Plans a component of any type; what plans a graph gets it handed in, because graphs stand in components again. */
export type ComponentPlanner = (
  planning: Planning,
  source: SourceFile,
  node: YamlNode,
  at: At,
  definedIn: DefinitionSource,
) => Promise<LocalComponent | undefined>;
