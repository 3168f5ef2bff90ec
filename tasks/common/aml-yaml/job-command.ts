import { planEnvironmentField } from './environment.ts';
import { jobInputsBody, jobOutputsBody, jobPut } from './job-common.ts';
import { jobInputs, jobOutputs, type JobInput } from './job-data.ts';
import {
  commandLimits,
  COMMON_JOB_FIELDS,
  distribution,
  jobIdentity,
  jobServices,
  nodeDistribution,
  queueSettings,
  resources,
} from './job-settings.ts';
import type { PlannedEntity, Planning, SourceFile } from './planning.ts';
import { anything, childAt, environmentVariables, record, text, type At, type Values } from './readers.ts';
import { camelCase, camelKeys, compact, type TemplateObject } from './templates.ts';
import { localPath, planCode } from './uploads.ts';
import { member } from './yaml-node.ts';

const FIELDS = {
  ...COMMON_JOB_FIELDS,
  code: text,
  command: text,
  environment: anything,
  inputs: jobInputs,
  outputs: jobOutputs,
  environment_variables: environmentVariables,
  distribution,
  resources,
  limits: commandLimits,
  identity: jobIdentity,
  services: jobServices,
  queue_settings: queueSettings,
};
type CommandValues = Values<typeof FIELDS>;

const readCommandJob = record(FIELDS, { required: ['command', 'environment'] });

/** A command job: one container that runs one command. */
export async function planCommandJob(planning: Planning, source: SourceFile): Promise<PlannedEntity | undefined> {
  const at: At = { path: '', problems: planning.problems };
  const values = readCommandJob(source.node, at);
  if (values === undefined) return undefined;
  checkInputReferences(values, source, at);
  const codeId =
    values.code === undefined
      ? undefined
      : await planCode(
          planning,
          localPath(source.folder, values.code, member(source.node, 'code')?.place ?? source.node.place, 'The code'),
          'job',
        );
  const environmentId =
    values.environment &&
    (await planEnvironmentField(planning, source, values.environment, childAt(at, 'environment'), 'anonymous'));
  const isLocal = values.compute?.replace(/^azureml:/, '') === 'local';
  const specific = {
    jobType: 'Command',
    codeId,
    command: values.command && doubledBraces(planning, values.command),
    environmentId,
    environmentVariables: {
      ...values.environment_variables,
      ...(isLocal ? { AZUREML_COMPUTE_USE_COMMON_RUNTIME: 'true' } : {}),
    },
    inputs: await jobInputsBody(planning, source.folder, values.inputs ?? new Map<string, JobInput>()),
    outputs: jobOutputsBody(values.outputs ?? new Map()),
    ...settingsBody(values),
    // The agent itself is no compute target of the workspace.
    ...(isLocal ? { computeId: undefined } : {}),
  };
  const withUserToken = values.identity?.identity_type === 'UserIdentity';
  return { kind: 'job', main: jobPut(planning, source, values, specific, withUserToken) };
}

function settingsBody(values: CommandValues): TemplateObject {
  const services =
    values.services &&
    Object.fromEntries(
      Object.entries(values.services).map(([name, { nodes, ...rest }]) => [
        name,
        compact({ ...camelKeys(rest), nodes: nodes && { nodesValueType: 'All' } }),
      ]),
    );
  return compact({
    distribution: values.distribution && camelKeys(nodeDistribution(values.distribution)),
    resources: values.resources && jobResources(values.resources),
    limits: values.limits && camelKeys(values.limits),
    services,
    queueSettings: values.queue_settings && camelKeys(values.queue_settings),
  });
}

/** `resources` of a job: in camelCase, a list of docker arguments under its own name. */
export function jobResources(resources: TemplateObject): TemplateObject {
  const members = Object.entries(resources).map(([key, value]) => [
    key === 'docker_args' && Array.isArray(value) ? 'dockerArgsList' : camelCase(key),
    value,
  ]);
  return { properties: {}, ...(Object.fromEntries(members) as TemplateObject) };
}

const SINGLE_BRACES = /(?<![${])\{(inputs|outputs)((?:\.[A-Za-z0-9_-]+)+)\}(?!\})/g;

/** `{inputs.x}` is the old spelling of `${{inputs.x}}`; the service's client still rewrites it in jobs. */
function doubledBraces(planning: Planning, command: string): string {
  return command.replace(SINGLE_BRACES, (old, kind: string, path: string) => {
    planning.warnings.push(
      `The command has ${old}, the old spelling of \${{${kind}${path}}}; it is sent as the new one.`,
    );
    return `\${{${kind}${path}}}`;
  });
}

function checkInputReferences(values: CommandValues, source: SourceFile, at: At): void {
  if (values.command === undefined) return;
  // What stands in optional blocks may be missing.
  const command = values.command.replace(/\$?\[\[?.*?\]\]?/gs, '');
  for (const [, name] of command.matchAll(/\$\{\{\s*inputs\.([A-Za-z0-9_]+)/g)) {
    if (name === undefined || values.inputs?.has(name) === true || member(member(source.node, 'inputs'), name))
      continue;
    at.problems.add(
      member(source.node, 'command')?.place ?? source.node.place,
      `The command uses \${{inputs.${name}}}, but the job has no input '${name}'.`,
    );
  }
}
