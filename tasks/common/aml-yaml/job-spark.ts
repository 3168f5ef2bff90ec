import { planEnvironmentField } from './environment.ts';
import { jobInputsBody, jobOutputsBody, jobPut } from './job-common.ts';
import { jobInputs, jobOutputs, type JobInput } from './job-data.ts';
import { COMMON_JOB_FIELDS, jobIdentity } from './job-settings.ts';
import type { PlannedEntity, Planning, SourceFile } from './planning.ts';
import { anything, childAt, record, text, type At } from './readers.ts';
import { confTexts, nodeEntry, SPARK_FIELDS, sparkResources } from './spark-settings.ts';
import { camelKeys } from './templates.ts';
import { localPath, planCode } from './uploads.ts';
import { member } from './yaml-node.ts';

const readSparkJob = record(
  {
    ...COMMON_JOB_FIELDS,
    ...SPARK_FIELDS,
    code: text,
    environment: anything,
    inputs: jobInputs,
    outputs: jobOutputs,
    identity: jobIdentity,
    resources: sparkResources,
  },
  { required: ['code', 'entry'] },
);

/** A Spark job, on serverless Spark or an attached Synapse pool. */
export async function planSparkJob(planning: Planning, source: SourceFile): Promise<PlannedEntity | undefined> {
  const at: At = { path: '', problems: planning.problems };
  const values = readSparkJob(source.node, at);
  if (values === undefined) return undefined;
  const codePlace = member(source.node, 'code')?.place ?? source.node.place;
  // An attached pool works with its own identity, serverless Spark with the caller's, unless the file says otherwise.
  const identity = values.identity ?? { identity_type: values.compute === undefined ? 'UserIdentity' : 'Managed' };
  const specific = {
    jobType: 'Spark',
    codeId:
      values.code === undefined
        ? undefined
        : await planCode(planning, localPath(source.folder, values.code, codePlace, 'The code'), 'job'),
    entry: values.entry && camelKeys(nodeEntry(values.entry)),
    pyFiles: values.py_files,
    jars: values.jars,
    files: values.files,
    archives: values.archives,
    args: values.args,
    conf: values.conf && confTexts(values.conf),
    environmentId:
      values.environment &&
      (await planEnvironmentField(planning, source, values.environment, childAt(at, 'environment'), 'anonymous')),
    resources: values.resources && camelKeys(values.resources),
    inputs: await jobInputsBody(planning, source.folder, values.inputs ?? new Map<string, JobInput>()),
    outputs: jobOutputsBody(values.outputs ?? new Map()),
  };
  const withUserToken = identity.identity_type === 'UserIdentity';
  return { kind: 'job', main: jobPut(planning, source, { ...values, identity }, specific, withUserToken) };
}
