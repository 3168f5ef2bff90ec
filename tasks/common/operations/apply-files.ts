/** Applies files of `az ml` YAML in order, or shows what that would change. */
import type { Plan } from '../aml-yaml/plan.ts';
import { textAt } from '../domain/json.ts';
import { escapeMarkdown, markdownTable } from '../domain/markdown.ts';
import { isPublic } from '../domain/network-mode.ts';
import { applyPlan } from './apply-plan.ts';
import { planFiles, type PlanFilesRequest } from './plan-files.ts';
import { applyToRegistry } from './apply-to-registry.ts';
import type { RegistryContext } from './registry-upload.ts';
import type { Context, OperationAgent } from './task-context.ts';
import { NO_WORKSPACE } from './validation-report.ts';
import { whatIf, type Predicted, type PredictedResource } from './what-if.ts';

/** `whatIf` writes nothing. */
export type ApplyMode = 'apply' | 'whatIf';

export interface ApplyOutputs {
  readonly changed: string;
  readonly changes: string;
  readonly resourceName: string;
  readonly resourceVersion?: string | undefined;
  readonly resourceId?: string | undefined;
}

interface FileChange extends PredictedResource {
  readonly file: string;
  readonly kind: string;
}

/** All files are read and checked before the first one is applied; wrong YAML changes nothing. */
export async function applyFiles(context: Context, request: PlanFilesRequest, mode: ApplyMode): Promise<ApplyOutputs> {
  const { agent, workspace } = context;
  const plans = await planFiles(agent, workspace.id, request);
  const predicted: Predicted = new Map();
  return applyPlans(agent, workspace.id.name, plans, mode, async (plan) => {
    const result = mode === 'apply' ? await applyPlan(context, plan) : await whatIf(context, plan, predicted);
    warnIfPublic(context, plan);
    return result;
  });
}

/** The same in a registry. */
export async function applyFilesToRegistry(
  context: RegistryContext,
  request: PlanFilesRequest,
  mode: ApplyMode,
): Promise<ApplyOutputs> {
  const { agent, registry } = context;
  const plans = await planFiles(agent, NO_WORKSPACE, request);
  return applyPlans(agent, registry.name, plans, mode, (plan) => applyToRegistry(context, plan, mode));
}

async function applyPlans(
  agent: OperationAgent,
  place: string,
  plans: readonly Plan[],
  mode: ApplyMode,
  apply: (plan: Plan) => Promise<PredictedResource>,
): Promise<ApplyOutputs> {
  const changes: FileChange[] = [];
  try {
    for (const [index, plan] of plans.entries()) {
      agent.log.progress((100 * index) / plans.length, plan.file);
      changes.push(await agent.log.group(plan.file, () => applyOne(agent, mode, plan, apply)));
    }
  } finally {
    agent.addSummary(summary(place, mode, changes, plans.length));
  }
  return outputs(changes);
}

async function applyOne(
  { log }: OperationAgent,
  mode: ApplyMode,
  plan: Plan,
  apply: (plan: Plan) => Promise<PredictedResource>,
): Promise<FileChange> {
  const { change, name, version, id, fields } = await apply(plan);
  log.info(`${plan.kind} ${nameAndVersion(name, version)}: ${changeText(change, mode)}`);
  for (const { path, from, to } of fields) log.info(`  ${path}: ${valueText(from)} → ${valueText(to)}`);
  return { file: plan.file, kind: plan.kind, change, name, version, id, fields };
}

/** Files are applied as they are; but nobody should open an endpoint to the internet without having been told. */
function warnIfPublic({ agent }: Context, plan: Plan): void {
  if (plan.kind !== 'onlineEndpoint') return;
  const { properties } = plan.main.body;
  const declared = { properties: properties as never };
  if (textAt(declared, 'properties', 'compute') !== undefined || !isPublic(declared)) return;
  agent.log.warning(
    `${plan.file}: the endpoint '${plan.main.name}' can be reached from the internet. ` +
      "Set 'public_network_access: disabled', or deploy it with AmlDeployOnlineEndpoint, which is private by default.",
  );
}

function outputs(changes: readonly FileChange[]): ApplyOutputs {
  const last = changes.at(-1);
  return {
    changed: String(changes.some(({ change }) => change !== 'unchanged')),
    changes: JSON.stringify(changes.map(({ fields, ...rest }) => (fields.length === 0 ? rest : { ...rest, fields }))),
    resourceName: last?.name ?? '',
    resourceVersion: last?.version,
    resourceId: last?.id,
  };
}

function summary(place: string, mode: ApplyMode, changes: readonly FileChange[], planned: number): string {
  const title = mode === 'apply' ? 'Applied to' : 'What would change in';
  const rows = changes.map(({ file, kind, name, version, change, fields }) => [
    escapeMarkdown(file),
    escapeMarkdown(kind),
    escapeMarkdown(nameAndVersion(name, version)),
    changeText(change, mode),
    fields.map(({ path, from, to }) => escapeMarkdown(`${path}: ${valueText(from)} → ${valueText(to)}`)).join('<br>'),
  ]);
  const rest = planned - changes.length;
  const note = rest === 0 ? '' : `\n\n${rest} of ${planned} files were not applied, because one failed.`;
  return `### ${title} ${escapeMarkdown(place)}\n\n${markdownTable(['File', 'Kind', 'Name', 'Change', 'Fields'], rows)}${note}`;
}

export function nameAndVersion(name: string, version: string | undefined): string {
  return version === undefined ? name : `${name}:${version}`;
}

function changeText(change: FileChange['change'], mode: ApplyMode): string {
  if (mode === 'whatIf') return change;
  return { create: 'created', change: 'changed', unchanged: 'unchanged' }[change];
}

function valueText(value: unknown): string {
  const text = value === undefined ? '(none)' : typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`;
}
