/** Jobs with the official client, unmodified and configured by the environment alone. Prints what it found as JSON. */
import { AzureMachineLearningWorkspaces, type CommandJob } from '@azure/arm-machinelearning';
import { ClientSecretCredential } from '@azure/identity';

const env = (name: string): string => process.env[name] ?? '';
const credential = new ClientSecretCredential(
  env('AZURE_TENANT_ID'),
  env('AZURE_CLIENT_ID'),
  env('AZURE_CLIENT_SECRET'),
);
const { jobs } = new AzureMachineLearningWorkspaces(credential, env('AZURE_SUBSCRIPTION_ID'));
const scope = [env('LOCAL_RESOURCE_GROUP'), env('LOCAL_WORKSPACE')] as const;
const ENDED = ['Completed', 'Failed', 'Canceled'];

const commandJob = (command: string): CommandJob => ({
  jobType: 'Command',
  command,
  environmentId: 'azureml:AzureML-minimal:1',
  tags: { by: 'sdk' },
  inputs: { word: { jobInputType: 'literal', value: 'hello' } },
  outputs: { out: { jobOutputType: 'uri_folder' } },
});
const statusOf = async (name: string): Promise<string> => (await jobs.get(...scope, name)).properties.status ?? '';
const ended = async (name: string): Promise<string> => {
  for (;;) {
    const status = await statusOf(name);
    if (ENDED.includes(status)) return status;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const made = await jobs.createOrUpdate(...scope, 'by-sdk', { properties: commandJob('echo ${{inputs.word}}') });
const completed = await ended('by-sdk');

await jobs.createOrUpdate(...scope, 'to-cancel', { properties: commandJob('sleep 300') });
await jobs.beginCancelAndWait(...scope, 'to-cancel', { updateIntervalInMs: 20 });
const cancelled = await statusOf('to-cancel');

const listed: (string | undefined)[] = [];
for await (const job of jobs.list(...scope, { tag: 'by' })) listed.push(job.name);
await jobs.beginDeleteAndWait(...scope, 'to-cancel', { updateIntervalInMs: 20 });
const afterDelete = await jobs.get(...scope, 'to-cancel').then(
  () => 'still there',
  (error: unknown) => (error as { code?: string }).code,
);
const { properties } = made;
process.stdout.write(
  JSON.stringify({
    first: properties.status,
    jobType: properties.jobType,
    outputs: Object.keys((properties as CommandJob).outputs ?? {}),
    completed,
    cancelled,
    listed,
    afterDelete,
  }),
);
