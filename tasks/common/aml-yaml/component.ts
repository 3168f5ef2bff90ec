import { planCommandComponent } from './component-command.ts';
import { planParallelComponent } from './component-parallel.ts';
import { planPipelineComponent } from './component-pipeline.ts';
import { planSparkComponent } from './component-spark.ts';
import { namedComponentPut, type ComponentPlanner } from './component-types.ts';
import { planDataTransferComponent } from './data-transfer.ts';
import type { PlannedEntity, Planning, SourceFile } from './planning.ts';
import { childAt, type At } from './readers.ts';
import { member, stringMember } from './yaml-node.ts';

const NAME = /^[a-z][a-z\d_]*$/;

/** A component as a file of its own. */
export async function planComponent(planning: Planning, source: SourceFile): Promise<PlannedEntity | undefined> {
  const at: At = { path: '', problems: planning.problems };
  const component = await planComponentDefinition(planning, source, source.node, at, 'YAML.COMPONENT');
  if (component === undefined) return undefined;
  if (component.name === undefined) planning.problems.addMissing(source.node.place, 'name');
  else if (!NAME.test(component.name)) {
    planning.problems.add(
      member(source.node, 'name')?.place ?? source.node.place,
      `'${component.name}' is no valid component name: lower-case letters, digits and underscores, a letter first.`,
    );
  }
  return { kind: 'component', main: namedComponentPut(component) };
}

const TYPES: Readonly<Record<string, ComponentPlanner>> = {
  command: planCommandComponent,
  pipeline: (planning, source, node, at, definedIn) =>
    planPipelineComponent(planning, source, node, at, definedIn, planComponentDefinition),
  parallel: planParallelComponent,
  spark: planSparkComponent,
  data_transfer: planDataTransferComponent,
};

/** Any component, by its type; undefined after reporting what is wrong. */
export function planComponentDefinition(
  ...[planning, source, node, at, definedIn]: Parameters<ComponentPlanner>
): ReturnType<ComponentPlanner> {
  const type = stringMember(node, 'type')?.toLowerCase() ?? 'command';
  const plan = TYPES[type];
  if (plan !== undefined) return plan(planning, source, node, at, definedIn);
  at.problems.add(
    member(node, 'type')?.place ?? node.place,
    `'${childAt(at, 'type').path}' is '${type}': components of this type are not supported. ` +
      `Supported are ${Object.keys(TYPES).join(', ')}.`,
  );
  return Promise.resolve(undefined);
}
