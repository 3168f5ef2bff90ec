import { planEnvironmentField } from './environment.ts';
import { jobResources } from './job-command.ts';
import { jobInputsBody, jobOutputsBody, jobPut } from './job-common.ts';
import { jobInputs, jobOutputs, type JobInput } from './job-data.ts';
import {
  COMMON_JOB_FIELDS,
  distribution,
  jobIdentity,
  nodeDistribution,
  queueSettings,
  resources,
} from './job-settings.ts';
import { withPlainNumbers } from './number-text.ts';
import type { Template } from './plan.ts';
import { loadReferencedFile, type PlannedEntity, type Planning, type SourceFile } from './planning.ts';
import { anything, childAt, environmentVariables, record, text, type At } from './readers.ts';
import {
  earlyTermination,
  jobExpression,
  jobSampling,
  jobSweepLimits,
  objective,
  samplingAlgorithm,
  searchSpace,
  sweepLimits,
} from './sweep-settings.ts';
import { camelKeys, compact, type TemplateObject } from './templates.ts';
import { localPath, planCode } from './uploads.ts';
import { member, type YamlNode } from './yaml-node.ts';

const readSweepJob = record(
  {
    ...COMMON_JOB_FIELDS,
    trial: anything,
    inputs: jobInputs,
    outputs: jobOutputs,
    sampling_algorithm: samplingAlgorithm,
    search_space: searchSpace,
    objective,
    early_termination: earlyTermination,
    limits: sweepLimits,
    identity: jobIdentity,
    queue_settings: queueSettings,
    resources,
  },
  { required: ['trial', 'search_space', 'objective', 'sampling_algorithm'] },
);

const TRIAL_FIELDS = {
  code: text,
  command: text,
  environment: anything,
  environment_variables: environmentVariables,
  distribution,
  resources,
};
const TRIAL_REQUIRED = { required: ['command', 'environment'] };
const readTrial = record(TRIAL_FIELDS, TRIAL_REQUIRED);
/** A trial in a file of its own is a component, whose other fields mean nothing here. */
const readTrialFile = record(TRIAL_FIELDS, { ...TRIAL_REQUIRED, unknown: 'keep' });

/** A sweep job: one command, tried with values of a search space. */
export async function planSweepJob(planning: Planning, source: SourceFile): Promise<PlannedEntity | undefined> {
  const at: At = { path: '', problems: planning.problems };
  const values = readSweepJob(source.node, at);
  if (values === undefined) return undefined;
  const trial = values.trial && (await planTrial(planning, source, values.trial, childAt(at, 'trial')));
  const own = values.resources === undefined ? trial?.resources : jobResources(values.resources);
  const expressions = Object.entries(values.search_space ?? {}).map(([name, entry]) => [name, jobExpression(entry)]);
  const specific = {
    jobType: 'Sweep',
    trial,
    inputs: await jobInputsBody(planning, source.folder, values.inputs ?? new Map<string, JobInput>()),
    outputs: jobOutputsBody(values.outputs ?? new Map()),
    searchSpace: withPlainNumbers(Object.fromEntries(expressions) as TemplateObject),
    samplingAlgorithm: values.sampling_algorithm && withPlainNumbers(jobSampling(values.sampling_algorithm)),
    objective: values.objective && camelKeys(values.objective),
    earlyTermination: values.early_termination && camelKeys(values.early_termination),
    limits: values.limits && jobSweepLimits(values.limits),
    queueSettings: values.queue_settings && camelKeys(values.queue_settings),
    resources: own,
  };
  const withUserToken = values.identity?.identity_type === 'UserIdentity';
  return { kind: 'job', main: jobPut(planning, source, values, specific, withUserToken) };
}

async function planTrial(
  planning: Planning,
  source: SourceFile,
  node: YamlNode,
  at: At,
): Promise<Readonly<Record<string, Template>> | undefined> {
  const file =
    node.kind === 'string'
      ? await loadReferencedFile(planning, source, node.value.replace(/^file:/, ''), node.place)
      : { ...source, node };
  if (file === undefined) return undefined;
  const where = node.kind === 'string' ? { ...at, path: '' } : at;
  const values = (node.kind === 'string' ? readTrialFile : readTrial)(file.node, where);
  if (values === undefined) return undefined;
  const codePlace = member(file.node, 'code')?.place ?? file.node.place;
  const code =
    values.code === undefined
      ? undefined
      : await planCode(planning, localPath(file.folder, values.code, codePlace, 'The code'), 'job');
  const environmentId =
    values.environment &&
    (await planEnvironmentField(planning, file, values.environment, childAt(where, 'environment'), 'anonymous'));
  return compact({
    codeId: code,
    command: values.command,
    environmentId,
    environmentVariables: values.environment_variables ?? {},
    distribution: values.distribution && camelKeys(nodeDistribution(values.distribution)),
    resources: values.resources && jobResources(values.resources),
  });
}
