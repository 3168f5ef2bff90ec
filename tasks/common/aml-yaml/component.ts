import { planCommandComponent } from './component-command.ts';
import { planPipelineComponent } from './component-pipeline.ts';
import { namedComponentPut, type DefinitionSource, type LocalComponent } from './component-types.ts';
import type { PlannedEntity, Planning, SourceFile } from './planning.ts';
import { childAt, type At } from './readers.ts';
import { member, stringMember, type YamlNode } from './yaml-node.ts';

const NAME = /^[a-z][a-z\d_]*$/;

/** A component as a file of its own. */
export async function planComponent(planning: Planning, source: SourceFile): Promise<PlannedEntity | undefined> {
  const at: At = { path: '', problems: planning.problems };
  const component = await planComponentDefinition(planning, source, source.node, at, 'YAML.COMPONENT');
  if (component === undefined) return undefined;
  if (component.name === undefined) planning.problems.add(source.node.place, "'name' is missing; it is required.");
  else if (!NAME.test(component.name)) {
    planning.problems.add(
      member(source.node, 'name')?.place ?? source.node.place,
      `'${component.name}' is no valid component name: lower-case letters, digits and underscores, a letter first.`,
    );
  }
  return { kind: 'component', main: namedComponentPut(component) };
}

/** Any component, by its type; undefined after reporting what is wrong. */
export async function planComponentDefinition(
  planning: Planning,
  source: SourceFile,
  node: YamlNode,
  at: At,
  definedIn: DefinitionSource,
): Promise<LocalComponent | undefined> {
  const type = stringMember(node, 'type')?.toLowerCase() ?? 'command';
  if (type === 'command') return planCommandComponent(planning, source, node, at, definedIn);
  if (type === 'pipeline') return planPipelineComponent(planning, source, node, at, definedIn, planComponentDefinition);
  at.problems.add(
    member(node, 'type')?.place ?? node.place,
    `'${childAt(at, 'type').path}' is '${type}': components of this type are not supported. Supported are command and pipeline.`,
  );
  return undefined;
}
