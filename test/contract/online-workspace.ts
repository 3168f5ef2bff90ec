/** An emulator with the official client, and what tests of online endpoints need around it. */
import {
  AzureMachineLearningWorkspaces,
  type ManagedOnlineDeployment,
  type OnlineDeployment,
  type OnlineEndpoint,
  type OnlineEndpointProperties,
} from '@azure/arm-machinelearning';
import { startEmulator, type Emulator, type EmulatorOptions } from '../../local/emulator/emulator.ts';
import { armAudiences } from '../../local/emulator/identity/bearer.ts';
import { asObject, at, type JsonObject } from '../../local/emulator/json.ts';
import type { DeploymentCounters } from '../../local/emulator/scoring/scoring-counters.ts';
import { createConnections } from '../../tasks/common/azure/connections.ts';
import { applicationToken } from './emulator.ts';
import { send, until, type Answer } from './job-workspace.ts';

export interface ScoreOptions {
  /** Sent as the bearer token. */
  readonly key?: string;
  readonly deployment?: string;
  readonly headers?: Record<string, string>;
}

export interface TrafficRule {
  readonly traffic: Record<string, number>;
  readonly mirrorTraffic?: Record<string, number>;
}

export type ScoringReport = Readonly<Record<string, DeploymentCounters | undefined>>;

export interface OnlineWorkspace {
  readonly emulator: Emulator;
  readonly client: AzureMachineLearningWorkspaces;
  /** Resource group and workspace, as the client's methods begin. */
  readonly scope: readonly [string, string];
  /** Polls as often as virtual time makes sense. */
  readonly fast: { readonly updateIntervalInMs: number };
  /** ARM id of a child of the workspace. */
  id(path: string): string;
  /** Code asset `name`, version 1, of these files. */
  putCode(name: string, files: Readonly<Record<string, string>>): Promise<void>;
  /** Model of these files: the first segment of their paths is the folder (or file) the model is. */
  putModel(name: string, version: string, files: Readonly<Record<string, string>>): Promise<void>;
  putEnvironment(name: string, version: string): Promise<void>;
  /** Puts code, model and environment of a deployment whose answers tell its variable NAME. */
  putAssets(): Promise<void>;
  /** The body of a PUT; what is given replaces the usual. */
  deploymentBody(name: string, more?: Partial<ManagedOnlineDeployment>): OnlineDeployment;
  /** Creates or changes, and waits. */
  putEndpoint(name: string, more?: Partial<OnlineEndpointProperties>): Promise<OnlineEndpoint>;
  deploy(endpoint: string, name: string, more?: Partial<ManagedOnlineDeployment>): Promise<OnlineDeployment>;
  /** `codeConfiguration` of a code asset that was put. */
  code(name: string): { readonly codeConfiguration: { readonly codeId: string; readonly scoringScript: string } };
  /** An endpoint with these deployments, all traffic on the first; gives its primary key. */
  putServing(endpoint: string, ...deployments: string[]): Promise<string>;
  keyOf(endpoint: string): Promise<string>;
  /** A request to a path below the workspace on ARM, past the official client. */
  arm(method: string, path: string, apiVersion: string, body?: unknown): Promise<Answer>;
  /** GET of any URL on ARM, with a token. */
  poll(url: string): Promise<Answer>;
  /** GET of any URL with a key. */
  get(url: string, key: string): Promise<Answer>;
  score(endpoint: string, body: unknown, options?: ScoreOptions): Promise<Answer>;
  /** What the deployments answered, by name, once it is as wanted. */
  scoringReport(isDone: (report: ScoringReport) => boolean): Promise<ScoringReport>;
  /** An operation's last status. */
  operationEnd(statusUrl: string): Promise<JsonObject>;
  /** A raw PUT, for what the official client of this version does not know, and waits. */
  putEndpointRaw(endpoint: string, properties: object): Promise<void>;
  putTraffic(endpoint: string, rule: TrafficRule): Promise<void>;
  /** A token of the emulated tenant for the service principal. */
  token(audience: string): string;
  close(): Promise<void>;
}

/** Starts both; virtual time runs so fast that minutes of provisioning take a blink. */
export async function startOnlineWorkspace(options: EmulatorOptions = {}): Promise<OnlineWorkspace> {
  const emulator = await startEmulator({ speed: 5000, ...options });
  const { settings, context, cloud } = emulator;
  const token = (audience: string): string => applicationToken(emulator, audience, 36_000_000);
  const armBearer = (): Record<string, string> => ({ authorization: `Bearer ${token(armAudiences(cloud)[0] ?? '')}` });
  const scope = [settings.resourceGroup, settings.workspace] as const;
  const workspace = `/subscriptions/${settings.subscriptionId}/resourceGroups/${scope[0]}/providers/Microsoft.MachineLearningServices/workspaces/${scope[1]}`;
  const { client, disconnect } = connectClient(emulator, () => token(armAudiences(cloud)[0] ?? ''));

  const upload = async (folder: string, files: Readonly<Record<string, string>>): Promise<string> => {
    const place = { account: settings.storageAccount, container: 'azureml' };
    for (const [path, content] of Object.entries(files)) {
      await context.blobs.write({ ...place, name: `${folder}/${path}` }, content);
    }
    return context.blobs.url(place.account, place.container, folder);
  };

  const fast = { updateIntervalInMs: 20 };
  const online: OnlineWorkspace = {
    emulator,
    client,
    scope,
    fast,
    id: (path) => `${workspace}/${path}`,
    putCode: async (name, files) => {
      const codeUri = await upload(`LocalUpload/${name}/${name}`, files);
      await client.codeVersions.createOrUpdate(...scope, name, '1', { properties: { codeUri } });
    },
    putModel: async (name, version, files) => {
      const [first = ''] = Object.keys(files);
      const modelUri = `${await upload(`LocalUpload/${name}-${version}`, files)}/${first.split('/')[0] ?? ''}`;
      const properties = { modelUri, modelType: 'custom_model' };
      await client.modelVersions.createOrUpdate(...scope, name, version, { properties });
    },
    putEnvironment: async (name, version) => {
      await client.environmentVersions.createOrUpdate(...scope, name, version, { properties: { image: 'python:3' } });
    },
    putAssets: async () => {
      await online.putCode('scoring', { 'score.py': SCORING_SCRIPT });
      await online.putModel('numbers', '1', { 'model/weights.json': '{"weight": 1}' });
      await online.putEnvironment('python', '1');
    },
    code: (name) => ({
      codeConfiguration: { codeId: online.id(`codes/${name}/versions/1`), scoringScript: 'score.py' },
    }),
    deploymentBody: (name, more = {}) => ({
      location: settings.region,
      sku: { name: 'Default', capacity: 1 },
      properties: {
        endpointComputeType: 'Managed',
        instanceType: 'Standard_DS3_v2',
        model: online.id('models/numbers/versions/1'),
        environmentId: online.id('environments/python/versions/1'),
        environmentVariables: { NAME: name },
        ...online.code('scoring'),
        ...more,
      },
    }),
    putEndpoint: (name, more = {}) =>
      client.onlineEndpoints.beginCreateOrUpdateAndWait(...scope, name, endpointBody(settings.region, more), fast),
    deploy: (endpoint, name, more) =>
      client.onlineDeployments.beginCreateOrUpdateAndWait(
        ...scope,
        endpoint,
        name,
        online.deploymentBody(name, more),
        fast,
      ),
    putServing: async (endpoint, ...deployments) => {
      await online.putEndpoint(endpoint);
      for (const name of deployments) await online.deploy(endpoint, name);
      const [first] = deployments;
      if (first !== undefined) await online.putEndpoint(endpoint, { traffic: { [first]: 100 } });
      return online.keyOf(endpoint);
    },
    keyOf: async (endpoint) => (await client.onlineEndpoints.listKeys(...scope, endpoint)).primaryKey ?? '',
    arm: (method, path, apiVersion, body) =>
      send(emulator, method, `https://${cloud.arm}${workspace}/${path}?api-version=${apiVersion}`, armBearer(), body),
    poll: (url) => send(emulator, 'GET', url, armBearer()),
    get: (url, key) => send(emulator, 'GET', url, { authorization: `Bearer ${key}` }),
    score: (endpoint, body, { key, deployment, headers } = {}) =>
      send(
        emulator,
        'POST',
        `https://${endpoint}.${settings.region}.${cloud.scoringSuffix}/score`,
        {
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
          ...(deployment !== undefined && { 'azureml-model-deployment': deployment }),
          ...headers,
        },
        body,
      ),
    scoringReport: (isDone) =>
      until(async () => {
        const answer = await fetch(`${emulator.url}/_emulator/scoring`);
        const { deployments } = (await answer.json()) as { deployments: readonly DeploymentCounters[] };
        const report = Object.fromEntries(deployments.map((one) => [one.deployment.split('/').at(-1) ?? '', one]));
        return isDone(report) ? report : undefined;
      }, 'the counters of the deployments'),
    operationEnd: (statusUrl) =>
      until(async () => {
        const { body } = await online.poll(statusUrl);
        return at(body, 'endTime') === undefined ? undefined : asObject(body);
      }, `${statusUrl} to end`),
    putTraffic: (endpoint, rule) => online.putEndpointRaw(endpoint, rule),
    putEndpointRaw: async (endpoint, properties) => {
      const path = `onlineEndpoints/${endpoint}`;
      const answer = await online.arm('PUT', path, '2022-10-01', endpointBody(settings.region, properties));
      if (answer.status !== 201) throw new Error(answer.text);
      await online.operationEnd(String(answer.headers['azure-asyncoperation']));
    },
    token,
    close: async () => {
      disconnect();
      await emulator.close();
    },
  };
  return online;
}

/** Says who it is, so that a split can be counted; and misbehaves when it is asked to. */
const SCORING_SCRIPT = `
import json, os, time
def init():
    global weight
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model", "weights.json")) as file:
        weight = json.load(file)["weight"]
    print("hello from", os.environ["NAME"])
def run(raw_data):
    data = json.loads(raw_data)
    if "fail" in data: raise ValueError(data["fail"])
    if "exit" in data: os._exit(data["exit"])
    if "waitFor" in data:
        while not os.path.exists(data["waitFor"]): time.sleep(0.01)
    return {"name": os.environ["NAME"], "sum": weight * sum(data.get("numbers", [])), "pid": os.getpid()}
`;

/** The body of an endpoint's PUT. */
export function endpointBody(location: string, more: Partial<OnlineEndpointProperties> = {}): OnlineEndpoint {
  return { location, identity: { type: 'SystemAssigned' }, properties: { authMode: 'Key', ...more } };
}

function connectClient(
  emulator: Emulator,
  token: () => string,
): { readonly client: AzureMachineLearningWorkspaces; readonly disconnect: () => void } {
  const { url, caPem, settings, cloud } = emulator;
  const proxy = { url, username: undefined, password: undefined, bypass: [] };
  const connections = createConnections({ proxy, certificateAuthorities: caPem });
  const credential = {
    getToken: () => Promise.resolve({ token: token(), expiresOnTimestamp: Date.now() + 3_600_000 }),
  };
  // The pipeline's own option for an agent, which the generated options' type does not name. The SDK's proxy support
  // would ignore our certificate authority, other than by NODE_EXTRA_CA_CERTS.
  const agent = connections.agentFor(new URL(`https://${cloud.arm}`));
  const options = { agent };
  return {
    client: new AzureMachineLearningWorkspaces(credential, settings.subscriptionId, options),
    disconnect: () => {
      agent.destroy();
    },
  };
}
