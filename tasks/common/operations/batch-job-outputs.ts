/** The outputs of a batch endpoint's job, which Resource Manager does not tell with the job. */
import { at, isJsonObject, textAt, type Json, type JsonObject } from '../domain/json.ts';
import type { Resource } from '../ports.ts';
import type { EndedJob } from './await-job.ts';
import type { Context } from './task-context.ts';
import { tolerant } from './tolerant.ts';

/** What the deployment of a model writes to. */
const SCORE = 'score';
/** The tag by which the service notes the deployment that runs a job. */
const DEPLOYMENT_TAG = 'azureml.deploymentname';

/**
 * The job with the outputs its deployment has and the steps that write them, so that it can be treated like any other pipeline:
 * the predictions of a model, or the outputs of the pipeline component. A job that tells its outputs is left as it is.
 *
 * @param given URI by output, where the invocation has said it
 */
export async function withBatchOutputs(
  context: Context,
  ended: EndedJob,
  endpointName: string,
  given: Readonly<Record<string, string>>,
): Promise<EndedJob> {
  const properties = isJsonObject(ended.job.properties) ? ended.job.properties : {};
  if (isJsonObject(properties.outputs)) return ended;
  const deployment = textAt(properties, 'tags', DEPLOYMENT_TAG) ?? '';
  const { outputs, jobs } = await declared(context, ended, `batchEndpoints/${endpointName}/deployments/${deployment}`);
  const places = Object.fromEntries(Object.entries(given).map(([name, uri]) => [name, { uri }]));
  const names = Object.keys(outputs).map((name) => [name, places[name] ?? {}] as const);
  const told = { ...places, ...Object.fromEntries(names) };
  return { ...ended, job: { ...ended.job, properties: { ...properties, outputs: told, jobs } } };
}

interface Declared {
  readonly outputs: JsonObject;
  readonly jobs: JsonObject;
}

async function declared(context: Context, { steps }: EndedJob, path: string): Promise<Declared> {
  const { workspace, agent } = context;
  const read = (resource: string): Promise<Resource | undefined> =>
    tolerant(agent.log, resource, () => workspace.get(resource, { signal: agent.signal }));
  const deployment = await read(path);
  const component = textAt(deployment, 'properties', 'deploymentConfiguration', 'componentId', 'assetId');
  if (component === undefined) return scoring(steps[0]?.displayName);
  const [, version] = /\/(components\/[^/]+\/versions\/[^/]+)$/i.exec(component) ?? [];
  const spec = version === undefined ? undefined : at(await read(version), 'properties', 'componentSpec');
  return { outputs: objectAt(spec, 'outputs'), jobs: objectAt(spec, 'jobs') };
}

/** The deployment of a model has one step, under a name of the service's own. */
function scoring(step: string | undefined): Declared {
  const bound = { outputs: { [SCORE]: `\${{parent.outputs.${SCORE}}}` } };
  return { outputs: { [SCORE]: {} }, jobs: step === undefined ? {} : { [step]: bound } };
}

function objectAt(value: Json | undefined, key: string): JsonObject {
  const found = at(value, key);
  return isJsonObject(found) ? found : {};
}
