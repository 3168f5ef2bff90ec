/** What a plan would do to the workspace as it is now. Reads only. */
import type { Plan, PutStep, RequireStep, Step } from '../aml-yaml/plan.ts';
import { yamlData } from '../aml-yaml/yaml-data.ts';
import { textAt } from '../domain/json.ts';
import { differences } from '../domain/resource-difference.ts';
import type { AppliedResource } from './apply-plan.ts';
import { checkRequired, keepTraffic, liveResource, resolveLatest } from './apply-plan.ts';
import { resolveCollectedData } from './collected-data.ts';
import { resolveMembers, type PlanResults, type StepResult } from './plan-results.ts';
import { predictedVersion, resourceArmId } from './put-resource.ts';
import type { Context } from './task-context.ts';
import { dataUri, findCode } from './upload-source.ts';

export type PredictedResource = Omit<AppliedResource, 'id' | 'resource'> & { readonly id: string | undefined };

/** What earlier plans of the same run would create, by its path (`onlineEndpoints/e`, `data/d`): it counts as being there. */
export type Predicted = Map<string, StepResult>;

/** Compares a plan with the workspace. Throws UserError for something that must exist and does not. */
export async function whatIf(context: Context, plan: Plan, predicted: Predicted): Promise<PredictedResource> {
  for (const warning of plan.warnings) context.agent.log.warning(`${plan.file}: ${warning}`);
  await checkRequired(context, plan, predicted);
  const results: PlanResults = new Map([['workspace', { location: await context.workspace.location() }]]);
  for (const step of plan.steps) {
    if (step === plan.main || step.do === 'require') continue;
    results.set(step.key, await predictStep(context, plan, step, results, predicted));
  }
  const main = await predictMain(context, plan, results);
  predicted.set(`${plan.main.collection}/${main.name}`, {
    id: resourceArmId(context.workspace.id, plan.main, main.version),
    name: main.name,
    ...(main.version === undefined ? {} : { version: main.version }),
  });
  return main;
}

async function predictMain(context: Context, plan: Plan, results: PlanResults): Promise<PredictedResource> {
  const { main } = plan;
  const body = resolveMembers(main.body, results);
  const version = await predictedVersion(context, main, body, results);
  const live = await liveResource(context, main);
  if (live === undefined) return { change: 'create', name: main.name, version, id: undefined, fields: [] };
  const fields = differences(keepTraffic(main, body, live), live, yamlData);
  const change = fields.length === 0 ? 'unchanged' : 'change';
  return { change, name: main.name, version, id: textAt(live, 'id'), fields };
}

/** Stands where an id will be that nobody can know yet; it differs from every real one. */
const UNKNOWN = '(known after apply)';

async function predictStep(
  context: Context,
  plan: Plan,
  step: Exclude<Step, RequireStep>,
  results: PlanResults,
  predicted: Predicted,
): Promise<StepResult> {
  switch (step.do) {
    case 'uploadCode':
      return { id: (await findCode(context, step.source)) ?? UNKNOWN };
    case 'uploadData':
      return { uri: dataUri(context.workspace, step, await containerUrl(context, step.datastore)) };
    case 'resolveLatest':
      return predicted.get(`${step.collection}/${step.name}`) ?? resolveLatest(context, plan, step);
    case 'resolveCollectedData':
      return predicted.has(`onlineEndpoints/${step.endpoint}/deployments/${step.deployment}`)
        ? { id: UNKNOWN, type: UNKNOWN }
        : resolveCollectedData(context, plan, step);
    case 'put':
      return predictPut(context, step, results);
  }
}

async function predictPut(context: Context, step: PutStep, results: PlanResults): Promise<StepResult> {
  const version = await predictedVersion(context, step, resolveMembers(step.body, results), results);
  const id = resourceArmId(context.workspace.id, step, version);
  return { id, name: step.name, ...(version === undefined ? {} : { version }) };
}

async function containerUrl({ workspace, agent }: Context, datastore: string): Promise<string> {
  const found = await workspace.get(`datastores/${datastore}`, { signal: agent.signal });
  const text = (name: string): string => textAt(found, 'properties', name) ?? '';
  return `https://${text('accountName')}.blob.${text('endpoint')}/${text('containerName')}`;
}
