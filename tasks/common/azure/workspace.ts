/** The one door to Azure: opens a workspace for a task. */
import { registryNameProblem } from '../domain/registry-asset.ts';
import type { WorkspaceId } from '../domain/workspace-id.ts';
import { textAt } from '../domain/json.ts';
import { ServiceError, UserError } from '../errors.ts';
import type { Problem } from '../errors.ts';
import type { Agent, AssetPlace, Connection, Registry, Workspace } from '../ports.ts';
import type { Arm } from './arm.ts';
import { createArm } from './arm.ts';
import type { Audience, Cloud } from './clouds.ts';
import { createAcquireToken } from './credential.ts';
import { resolveCloud } from './custom-cloud.ts';
import type { HttpPipeline, Sender } from './http-pipeline.ts';
import { createHttpPipeline } from './http-pipeline.ts';
import { createTracking } from './mlflow.ts';
import { createMonitor } from './monitor.ts';
import { createRegional } from './regional.ts';
import { createRegistryResources } from './registry.ts';
import { createRunHistory } from './run-history.ts';
import { signaturesOf, splitSasUrl } from './sas.ts';
import { createScoring } from './scoring.ts';
import { readSourceAndTarget, type PlaceInputs, type SourceAndTargetInputs } from './source-and-target.ts';
import { createStorage } from './storage.ts';
import type { TokenCache } from './token-cache.ts';
import { bearerTokenPolicy, createTokenCache } from './token-cache.ts';

export interface OpenWorkspaceOptions {
  readonly agent: Pick<Agent, 'log' | 'clock' | 'network' | 'maskSecret'>;
  readonly connection: Connection;
  /** Needed where the connection is not scoped to a subscription. */
  readonly subscriptionId?: string | undefined;
  readonly resourceGroup: string | undefined;
  readonly workspace: string | undefined;
  /** Lets the storage account's key be used where neither the connection's own identity nor a SAS gets in. */
  readonly allowStorageKey?: boolean;
}

/** The inputs by which every task names its workspace. */
export interface WorkspaceInputs {
  readonly azureSubscription: string | undefined;
  readonly subscriptionId: string | undefined;
  readonly resourceGroupName: string | undefined;
  readonly workspaceName: string | undefined;
  readonly allowStorageKey?: boolean;
}

/** Opens the workspace that a task's shared inputs name; see `openWorkspace`. */
export function openWorkspaceOf(
  agent: OpenWorkspaceOptions['agent'] & Pick<Agent, 'connection'>,
  inputs: WorkspaceInputs,
): Promise<Workspace> {
  return openWorkspace({
    agent,
    connection: agent.connection(inputs.azureSubscription),
    subscriptionId: inputs.subscriptionId,
    resourceGroup: inputs.resourceGroupName,
    workspace: inputs.workspaceName,
    allowStorageKey: inputs.allowStorageKey ?? false,
  });
}

/**
 * Opens a workspace. Nothing is asked of the service yet, except by a cloud that is none of Microsoft's: what it is.
 * Throws UserError, with every problem, when the names given cannot be those of a workspace.
 */
export async function openWorkspace(options: OpenWorkspaceOptions): Promise<Workspace> {
  const id = workspaceIdOf(options);
  return assemble({ id, ...(await signIn(options.agent, options.connection)) }, options);
}

/** Opens a registry, with the connection an input names. Nothing is asked of the service yet. */
export async function openRegistry(
  agent: OpenWorkspaceOptions['agent'] & Pick<Agent, 'connection'>,
  azureSubscription: string | undefined,
  name: string,
): Promise<Registry> {
  const problem = registryNameProblem(name);
  if (problem !== undefined) throw new UserError(problem);
  const { cloud, http, tokens, maskSecret } = await signIn(agent, agent.connection(azureSubscription));
  const authorized = (audience: Audience): Sender =>
    http.sender({ authorize: bearerTokenPolicy(tokens, cloud, audience) });
  const { clock } = agent;
  const resources = createRegistryResources({ name, cloud, sender: authorized('resourceManager'), clock });
  const storage = createStorage({
    arm: resources,
    cloud,
    http,
    anonymous: http.sender(),
    authorized: authorized('storage'),
    clock,
    allowStorageKey: false,
    maskSecret,
  });
  return { name, ...resources, storage };
}

/** Opens both places of a promotion. Throws UserError for names that cannot be right. */
export async function openSourceAndTarget(
  agent: OpenWorkspaceOptions['agent'] & Pick<Agent, 'connection'>,
  inputs: SourceAndTargetInputs,
): Promise<{ readonly source: AssetPlace; readonly target: AssetPlace; readonly sameConnection: boolean }> {
  const { source, target } = readSourceAndTarget(inputs);
  return {
    source: await openPlace(agent, source),
    target: await openPlace(agent, target),
    sameConnection: source.azureSubscription === target.azureSubscription,
  };
}

async function openPlace(
  agent: OpenWorkspaceOptions['agent'] & Pick<Agent, 'connection'>,
  inputs: PlaceInputs,
): Promise<AssetPlace> {
  const { registryName } = inputs;
  if (registryName === undefined) return { kind: 'workspace', workspace: await openWorkspaceOf(agent, inputs) };
  return { kind: 'registry', registry: await openRegistry(agent, inputs.azureSubscription, registryName) };
}

type SignedIn = Omit<Parts, 'id'>;

async function signIn(agent: OpenWorkspaceOptions['agent'], connection: Connection): Promise<SignedIn> {
  const http = createHttpPipeline(agent);
  const maskSecret = maskOnce(agent.maskSecret);
  const cloud = await resolveCloud(connection, http);
  const acquire = createAcquireToken({ connection, cloud, http, maskSecret });
  return { cloud, http, tokens: createTokenCache(acquire, cloud, agent.clock), maskSecret };
}

interface Parts {
  readonly id: WorkspaceId;
  readonly cloud: Cloud;
  readonly http: HttpPipeline;
  readonly tokens: TokenCache;
  readonly maskSecret: (value: string) => void;
}

function assemble({ id, cloud, http, tokens, maskSecret }: Parts, options: OpenWorkspaceOptions): Workspace {
  const { clock } = options.agent;
  const authorized = (audience: Audience, repeat = true): Sender =>
    http.sender({ authorize: bearerTokenPolicy(tokens, cloud, audience), repeat });
  const arm = createArm({
    id,
    resourceManagerUrl: cloud.resourceManagerUrl,
    sender: authorized('resourceManager'),
    clock,
    userToken: (signal) => tokens.token('machineLearning', signal),
  });
  const sender = authorized('machineLearning');
  const regional = createRegional({ id, cloud, http, sender, workspace: arm.workspace });
  const maskUrl = (url: string) => {
    signaturesOf(splitSasUrl(url).query).forEach(maskSecret);
  };
  return {
    id,
    location: () => locationOf(arm),
    get: arm.get,
    list: arm.list,
    put: arm.put,
    patch: arm.patch,
    delete: arm.delete,
    post: arm.post,
    runs: createRunHistory(regional, maskUrl),
    tracking: createTracking(regional),
    storage: createStorage({
      arm,
      cloud,
      http,
      anonymous: http.sender(),
      authorized: authorized('storage'),
      clock,
      allowStorageKey: options.allowStorageKey ?? false,
      maskSecret,
    }),
    scoring: createScoring({
      cloud,
      anonymous: http.sender({ repeat: false }),
      authorized: authorized('machineLearning', false),
      reached: (url) => http.reached(url),
      maskSecret,
    }),
    monitor: createMonitor(arm),
  };
}

async function locationOf(arm: Arm): Promise<string> {
  const location = textAt(await arm.workspace(), 'location');
  if (location !== undefined) return location;
  throw new ServiceError({ status: 200, code: 'UnexpectedAnswer', message: 'The workspace names no region.' });
}

/** A secret is announced to the agent once, however often it is used. */
function maskOnce(maskSecret: (value: string) => void): (value: string) => void {
  const known = new Set<string>();
  return (value) => {
    if (value === '' || known.has(value)) return;
    known.add(value);
    maskSecret(value);
  };
}

const subscriptionPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function workspaceIdOf(options: OpenWorkspaceOptions): WorkspaceId {
  const { connection } = options;
  const given = textOf(options.subscriptionId);
  const subscriptionId = given ?? textOf(connection.subscriptionId) ?? '';
  const resourceGroup = textOf(options.resourceGroup) ?? '';
  const name = textOf(options.workspace) ?? '';
  const problems: Problem[] = [];
  const require = (isRight: boolean, message: string) => {
    if (!isRight) problems.push({ message });
  };
  if (subscriptionId === '') {
    require(false, `The service connection '${connection.name}' is not scoped to a subscription: set the input subscriptionId.`);
  } else {
    require(subscriptionPattern.test(subscriptionId), `'${subscriptionId}' is not a subscription id (a GUID).`);
    const own = textOf(connection.subscriptionId) ?? subscriptionId;
    require(own.toLowerCase() ===
      subscriptionId.toLowerCase(), `The input subscriptionId says ${subscriptionId}, but the service connection '${connection.name}' belongs to ${own}. Leave the input empty, or use a connection of that subscription.`);
  }
  require(resourceGroup !== '', 'The input resourceGroupName is needed.');
  require(name !== '', 'The input workspaceName is needed.');
  if (problems.length > 0) throw new UserError(problems);
  return { subscriptionId, resourceGroup, name };
}

function textOf(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value.trim();
}
