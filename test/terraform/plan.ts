/** A plan as terraform prints it, flattened: every resource with its module, type and planned values. */
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import type { Terraform } from './terraform.ts';

export interface PlannedResource {
  readonly address: string;
  readonly type: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export interface Plan {
  readonly resources: readonly PlannedResource[];
  /** Resources of a type, without the provider's prefix. */
  readonly of: (type: string) => readonly PlannedResource[];
  /** The whole plan as text. */
  readonly text: string;
  readonly configuration: string;
}

interface PlannedModule {
  readonly resources?: readonly PlannedResource[];
  readonly child_modules?: readonly PlannedModule[];
}

/** Plans a root module with these inputs. Needs `terraform init` before. Throws with terraform's messages. */
export function makePlan(terraform: Terraform, folder: string, inputs: Readonly<Record<string, unknown>>): Plan {
  writeFileSync(join(folder, 'test.auto.tfvars.json'), JSON.stringify(inputs));
  terraform.run(folder, 'plan', '-no-color', '-input=false', '-out=plan');
  const text = terraform.run(folder, 'show', '-json', 'plan');
  const { planned_values, configuration } = JSON.parse(text) as {
    planned_values: { root_module: PlannedModule };
    configuration: unknown;
  };
  const resources = flatten(planned_values.root_module);
  return {
    resources,
    of: (type) => resources.filter((resource) => resource.type === `azurerm_${type}`),
    text,
    configuration: JSON.stringify(configuration),
  };
}

function flatten({ resources = [], child_modules = [] }: PlannedModule): readonly PlannedResource[] {
  return [...resources, ...child_modules.flatMap(flatten)];
}
