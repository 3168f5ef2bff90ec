/** Downloads named outputs of a job to the agent. */
import { at, textAt } from '../domain/json.ts';
import { outputBinding } from '../domain/pipeline-graph.ts';
import { UserError } from '../errors.ts';
import type { BlobTarget, Resource, Run } from '../ports.ts';
import type { Context } from './task-context.ts';
import { sizeText } from './upload-source.ts';

/** Where the service writes outputs that name no place of their own. */
const DEFAULT_DATASTORE = 'workspaceblobstore';

/** Throws UserError for an output the job does not declare; nothing is downloaded then. */
export function checkOutputs(name: string, job: Resource, wanted: readonly string[]): void {
  const declared = Object.keys((at(job, 'properties', 'outputs') ?? {}) as object).filter(
    (output) => output !== 'default',
  );
  const unknown = wanted.filter((output) => !declared.includes(output));
  if (unknown.length === 0) return;
  const known = declared.length === 0 ? 'It has none.' : `Its outputs are: ${declared.join(', ')}.`;
  throw new UserError(unknown.map((output) => ({ message: `The job ${name} has no output '${output}'. ${known}` })));
}

/** Downloads each output into a folder of its name. Throws UserError when nothing lies at an output's place. */
export async function downloadOutputs(
  context: Context,
  name: string,
  job: Resource,
  steps: readonly Run[],
  wanted: readonly string[],
  folder: string,
): Promise<void> {
  for (const output of wanted) {
    const places = outputPlaces(name, job, steps, output);
    const found = await downloadFirst(context, places, `${folder}/${output}`);
    if (found === undefined) {
      throw new UserError(`The output '${output}' of the job ${name} holds no files that this agent can see.`);
    }
    context.agent.log.info(
      `${output}: downloaded ${found.files} files, ${sizeText(found.bytes)}, to ${folder}/${output}.`,
    );
  }
}

async function downloadFirst(
  { workspace, agent }: Context,
  places: readonly BlobTarget[],
  folder: string,
): Promise<{ readonly files: number; readonly bytes: number } | undefined> {
  for (const place of places) {
    let [files, bytes] = [0, 0];
    for await (const { name, size } of workspace.storage.list(place, { signal: agent.signal })) {
      const path = `${folder}/${name}`;
      await workspace.storage.download(place, name, path, { signal: agent.signal });
      const written = await agent.files.stat(path);
      if (written?.size !== size)
        throw new Error(`${path} has ${written?.size ?? 0} bytes, not the ${size} of its blob.`);
      files += 1;
      bytes += size;
    }
    if (files > 0) return { files, bytes };
  }
  return undefined;
}

/** Where an output may lie: the place it names, that of the step that writes it, otherwise the service's two usual ones. */
function outputPlaces(name: string, job: Resource, steps: readonly Run[], output: string): readonly BlobTarget[] {
  const named = datastorePlace(textAt(job, 'properties', 'outputs', output, 'uri'));
  if (named !== undefined) return [named];
  const binding = outputBinding(job, output);
  const step = steps.find((run) => run.displayName === binding?.step);
  const owners: (readonly [string, string])[] = [[name, output]];
  if (step !== undefined && binding !== undefined) {
    owners.unshift([step.properties['azureml.reusedrunid'] ?? step.id, binding.output]);
  }
  return owners.flatMap(([run, outputName]) =>
    ['azureml', 'dataset'].map((root) => ({
      kind: 'datastore' as const,
      datastore: DEFAULT_DATASTORE,
      prefix: `${root}/${run}/${outputName}`,
    })),
  );
}

function datastorePlace(uri: string | undefined): BlobTarget | undefined {
  const [, datastore, prefix] = /\/?datastores\/([^/]+)\/paths\/(.+?)\/?$/.exec(uri ?? '') ?? [];
  return datastore === undefined || prefix === undefined ? undefined : { kind: 'datastore', datastore, prefix };
}
