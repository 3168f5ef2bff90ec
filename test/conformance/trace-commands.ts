/** The commands of the traces, carried out by this product, and where it does something else on purpose. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { planFile } from '../../tasks/common/aml-yaml/plan-file.ts';
import { applyPlan } from '../../tasks/common/operations/apply-plan.ts';
import { awaitJob } from '../../tasks/common/operations/await-job.ts';
import { cancelJob } from '../../tasks/common/operations/cancel-job.ts';
import { downloadOutputs } from '../../tasks/common/operations/download-outputs.ts';
import { changeEndpoint } from '../../tasks/common/operations/endpoint-writes.ts';
import { invokeBatchEndpoint } from '../../tasks/common/operations/invoke-batch-endpoint.ts';
import { invokeEndpoint } from '../../tasks/common/operations/invoke-endpoint.ts';
import type { Registry } from '../../tasks/common/ports.ts';
import { applyToRegistry } from '../../tasks/common/operations/apply-to-registry.ts';
import type { Context } from '../../tasks/common/operations/task-context.ts';
import { UserError } from '../../tasks/common/errors.ts';
import type { Trace } from './trace.ts';

/** What differs from the recorded client, and why. Everything that is not named here must be the same. */
export interface Differences {
  /** Reads the product sends and the client does not. */
  readonly more?: readonly RegExp[];
  /** Reads the client sends and the product does not. */
  readonly fewer?: readonly RegExp[];
  /** The product's writes hold what the client's hold, and more. */
  readonly writesMore?: boolean;
  /** Members that only the client writes. */
  readonly notWritten?: readonly string[];
  readonly because: string;
}

/** What a command is given: registries are opened by name. */
export interface TraceContext extends Context {
  readonly registry: (name: string) => Promise<Registry>;
}

export interface TraceCommand {
  readonly call: RegExp;
  /** Does it; `inputs` is the folder with the files of the cases. */
  readonly run: (context: TraceContext, match: RegExpExecArray, trace: Trace, inputs: string) => Promise<unknown>;
  readonly differs?: Differences;
}

/** Commands no task has, so that there is nothing to compare. */
export const NOT_OFFERED: readonly (readonly [RegExp, string])[] = [
  [/the workspace environment reference is refused/, 'it is refused sooner here: before anything is uploaded'],
  [/^job download .*logs and default artifacts/, 'logs are shown while the job runs and stay in studio'],
  [/^batch-endpoint list-jobs/, 'jobs of a batch endpoint are found by their tag, with the other jobs'],
];

const text = (value: string | undefined): string => value ?? '';

export const COMMANDS: readonly TraceCommand[] = [
  { call: /^workspace show/, run: ({ workspace }) => workspace.get('') },
  { call: /^job show (\S+)$/, run: ({ workspace }, [, name]) => workspace.get(`jobs/${text(name)}`) },
  { call: /^job cancel (\S+)$/, run: (context, [, name]) => cancelJob(context, text(name)) },
  {
    call: /^job stream (\w+)/,
    run: streamJob,
    differs: { fewer: [/^GET \{ws\}$/], because: 'the workspace is read once for all who ask for it' },
  },
  {
    call: /^job download (\S+) --output-name (\w+)/,
    run: downloadOutput,
    differs: {
      more: [/^GET \{ws\}\/datastores\/\w+$/, /^GET \S+\?\S*comp=list/],
      fewer: [
        /rundata$/,
        /batchGetResolvedUris$/,
        /^GET \{ws\}$/,
        /\/discovery$/,
        /\/datastores\b/,
        /listSecrets$/,
        /^(HEAD|GET) goldenstorage/,
      ],
      because:
        'the place of an output is read from the job itself, and its blobs are listed with the own identity first',
    },
  },
  { call: /^compute show (\S+)$/, run: ({ workspace }, [, name]) => workspace.get(`computes/${text(name)}`) },
  {
    call: /^compute (start|stop|restart) (\S+)$/,
    run: ({ workspace }, [, verb, name]) => workspace.post(`computes/${text(name)}/${text(verb)}`),
  },
  {
    call: /^online-endpoint show (\S+)$/,
    run: async ({ workspace }, [, name]) => {
      await workspace.get(`onlineEndpoints/${text(name)}`);
      const deployments: unknown[] = [];
      for await (const found of workspace.list(`onlineEndpoints/${text(name)}/deployments`)) deployments.push(found);
      return deployments;
    },
    differs: {
      more: [/\/deployments$/],
      fewer: [/\/deployments$/],
      because: 'deployments are listed in the api-version they are written in',
    },
  },
  {
    call: /^online-endpoint get-credentials (\S+)/,
    run: async ({ workspace }, [, name]) => {
      await workspace.get(`onlineEndpoints/${text(name)}`);
      return workspace.post(`onlineEndpoints/${text(name)}/listKeys`);
    },
  },
  {
    call: /^online-endpoint regenerate-keys (\S+) --key-type (\w)(\w+)/,
    run: async ({ workspace }, [, name, first, rest]) => {
      await workspace.get(`onlineEndpoints/${text(name)}`);
      const keys = (await workspace.post(`onlineEndpoints/${text(name)}/listKeys`)) as Record<string, string>;
      const body = {
        keyType: text(first).toUpperCase() + text(rest),
        keyValue: keys[`${text(first)}${text(rest)}Key`] ?? '',
      };
      return workspace.post(`onlineEndpoints/${text(name)}/regenerateKeys`, body);
    },
  },
  {
    call: /^online-endpoint invoke (\S+?),? (?:--deployment-name (\S+?),? )?auth mode/,
    run: invokeOnline,
    differs: {
      more: [/\/deployments\/[^/]+$/],
      fewer: [/\/deployments$/],
      because: 'a deployment is looked for by its name, not among all others',
    },
  },
  {
    call: /^online-endpoint update (\S+) --traffic (.+)$/,
    run: (context, [, name, shares]) =>
      changeEndpoint(context, text(name), () => ({
        traffic: Object.fromEntries(text(shares).split(' ').map(readShare)),
      })),
    differs: {
      fewer: [/\/deployments$/, /^GET \{ws\}$/],
      writesMore: true,
      notWritten: ['properties.properties'],
      because:
        'the endpoint is written back as it was read, whole, with nothing but its traffic changed; who made it when is for the service to say',
    },
  },
  {
    call: /^online-deployment get-logs (\S+) of (\S+), (\d+) lines(?:, container (\S+))?/,
    run: ({ workspace }, [, name, endpoint, tail, container]) =>
      workspace.post(`onlineEndpoints/${text(endpoint)}/deployments/${text(name)}/getLogs`, {
        tail: Number(tail),
        ...(container === undefined
          ? {}
          : { containerType: container === 'storage-initializer' ? 'StorageInitializer' : 'InferenceServer' }),
      }),
  },
  {
    call: /^online-deployment delete (\S+) of (\S+)$/,
    run: ({ workspace }, [, name, endpoint]) =>
      workspace.delete(`onlineEndpoints/${text(endpoint)}/deployments/${text(name)}`),
  },
  {
    call: /^online-endpoint delete (\S+)$/,
    run: ({ workspace }, [, name]) => workspace.delete(`onlineEndpoints/${text(name)}`),
  },
  {
    call: /^batch-endpoint invoke, endpoint (\S+?), --input (\S+) --input-type (\w+)/,
    run: (context, [, endpoint, path, type]) => invokeBatch(context, text(endpoint), text(path), text(type)),
    differs: {
      more: [/^GET \{ws\}\/jobs\?/, /^GET \{ws\}$/],
      writesMore: true,
      because: 'the job gets the tag by which a retried step finds it, and lineage',
    },
  },
  {
    call: /^(environment|model|data|component) create of (\S+) in registry (\w+)(?: with --set (\w+)=(\S+))?$/,
    run: createInRegistry,
    differs: {
      more: [/\/(codes|components|data)\/[^/]+\/versions\/1$/],
      fewer: [/\/models\/\w+\/versions\?/, /^GET azuremlschemasprod/],
      because: 'a version that is there already is not made again; schemas are not fetched',
    },
  },
  {
    call: /^job create of (\S+) when the service already has the code/,
    run: (context, [, file], _, inputs) => createJob(context, text(file), inputs),
    differs: {
      more: [/^GET \{ws\}$/, /^GET \{ws\}\/jobs\/\w+$/, /^HEAD goldenstorage/],
      fewer: [
        /\/codes\/[^/]+\/versions\/1$/,
        /listSecrets$/,
        /^HEAD \S+\/az-ml-artifacts\//,
        /^GET \{ws\}\/data\/\w+\/versions\/\w+$/,
      ],
      because:
        'a job that is there already is not sent again, what a look-up has answered is not read again, and uploads use the own ' +
        'identity first and the folder of today alone',
    },
  },
];

async function streamJob(context: Context, [, name]: RegExpExecArray, trace: Trace): Promise<void> {
  const options = { timeoutMinutes: 0, onTimeout: 'leaveRunning', onCancel: 'leaveRunning', streamLogs: true } as const;
  const ended = await awaitJob(context, text(name), options);
  const details = trace.requests.filter(({ path }) => path.endsWith('/details'));
  const last = details.at(-1)?.response as { readonly status: string };
  // The client's stream also ends without an error when a job was cancelled; here the state is the result.
  assert.equal(ended.status, last.status);
}

async function downloadOutput(context: Context, [, name, output]: RegExpExecArray): Promise<void> {
  const job = (await context.workspace.get(`jobs/${text(name)}`)) ?? {};
  // Nothing lies there in the recorded container: what must show is where it was looked for.
  await assert.rejects(downloadOutputs(context, text(name), job, [], [text(output)], '/nowhere'), UserError);
}

function invokeOnline(context: Context, [, endpoint, deployment]: RegExpExecArray, trace: Trace): Promise<unknown> {
  const sent = trace.requests.at(-1)?.body;
  const request = {
    endpointName: text(endpoint),
    deploymentName: deployment,
    requestFile: undefined,
    request: JSON.stringify(sent),
    contentType: 'application/json',
    requests: 1,
    concurrency: 1,
    timeoutSeconds: 60,
    assertions: undefined,
  };
  return invokeEndpoint(context, request, () => undefined);
}

function readShare(share: string): readonly [string, number] {
  const [name = '', percent] = share.split('=');
  return [name, Number(percent)];
}

function invokeBatch(context: Context, endpointName: string, path: string, type: string): Promise<unknown> {
  return invokeBatchEndpoint(context, {
    endpointName,
    deploymentName: undefined,
    // The client names a single input after its type.
    inputs: { name: 'inputs', text: `UriFolder: {type: ${type}, path: ${path}}` },
    outputs: { name: 'outputs', text: '' },
    allowPathsOutsideSources: false,
    cancelsWithStep: false,
  });
}

async function createInRegistry(
  { agent, workspace, registry }: TraceContext,
  [, kind, file, name, override, value]: RegExpExecArray,
  _: Trace,
  inputs: string,
): Promise<unknown> {
  const plan = await planFile({
    file: text(file),
    absolutePath: resolve(inputs, text(file)),
    kind: kind as 'component' | 'data' | 'environment' | 'model',
    ...(override === undefined ? {} : { overrides: [{ path: override, value: text(value) }] }),
    files: agent.files,
    workspace: workspace.id,
    sourcesDirectory: inputs,
    registry: text(name),
  });
  return applyToRegistry({ agent, registry: await registry(text(name)) }, plan, 'apply');
}

async function createJob(context: Context, file: string, inputs: string): Promise<unknown> {
  const { agent, workspace } = context;
  const plan = await planFile({
    file,
    absolutePath: resolve(inputs, file),
    kind: 'job',
    files: agent.files,
    workspace: workspace.id,
    sourcesDirectory: inputs,
    job: { name: 'generated', experimentName: 'handmade' },
    likeAzureAiMl: true,
  });
  return applyPlan(context, plan);
}
