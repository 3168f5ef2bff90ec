/** Online endpoints and deployments as the emulator keeps them, and where it finds them. */
import { randomBytes } from 'node:crypto';
import type { EmulatorContext } from '../context.ts';
import { mfeError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { State } from '../state.ts';
import { openEndpointStore, type EndpointStore } from './endpoint-store.ts';
import type { SystemData } from './resource.ts';

export type AuthMode = 'Key' | 'AMLToken' | 'AADToken';
export type EndpointState = 'Creating' | 'Updating' | 'Deleting' | 'Succeeded' | 'Failed';
export type DeploymentState = 'Updating' | 'Scaling' | 'Deleting' | 'Succeeded' | 'Failed';

/** Common to endpoints and deployments. */
interface OnlineRecord {
  readonly id: string;
  readonly name: string;
  readonly workspace: string;
  readonly location: string;
  readonly kind: string;
  readonly tags: JsonObject;
  readonly description: string | null;
  /** The user's own entries of `properties.properties`. */
  readonly ownProperties: JsonObject;
  /** Where the newest operation is polled. */
  readonly operationUri: string;
  readonly systemData: SystemData;
}

export interface OnlineEndpointRecord extends OnlineRecord {
  readonly authMode: AuthMode;
  readonly state: EndpointState;
  /** Its creation has succeeded: it has addresses and can be changed. */
  readonly isCreated: boolean;
  readonly identity: JsonObject;
  readonly compute: string | null;
  readonly publicNetworkAccess: string;
  readonly traffic: Readonly<Record<string, number>>;
  readonly mirrorTraffic: Readonly<Record<string, number>>;
  readonly keys: { readonly primary: string; readonly secondary: string };
}

export interface OnlineDeploymentRecord extends OnlineRecord {
  readonly endpoint: string;
  readonly state: DeploymentState;
  /** It has served before: a failed update of it can be repeated, a failed first provisioning cannot. */
  readonly hasServed: boolean;
  readonly capacity: number;
  /** codeConfiguration, environmentId, model … as sent, with the service's defaults. */
  readonly settings: JsonObject;
}

export type OnlineStore = EndpointStore<OnlineEndpointRecord, OnlineDeploymentRecord>;

/** The records in the emulator's state. */
export const openOnlineStore = (state: State): OnlineStore => openEndpointStore(state, 'online');

/** A key as the service makes them: 32 letters and digits. */
export function newEndpointKey(): string {
  return randomBytes(48).toString('base64').replace(/[+/=]/g, '').slice(0, 32);
}

const IN_TRANSITION: readonly string[] = ['Creating', 'Updating', 'Scaling', 'Deleting'];

/** True while the resource is on its way to another state. */
export function isInTransition({ state }: { readonly state: string }): boolean {
  return IN_TRANSITION.includes(state);
}

/** Throws the service's 409 when the resource is on its way to another state. */
export function requireSettled(
  action: string,
  kind: 'endpoint' | 'deployment',
  record: { name: string; state: string },
): void {
  if (!isInTransition(record)) return;
  const message = `Cannot ${action} ${kind} ${record.name} because it is in ${record.state} provisioning state.`;
  throw mfeError(409, 'Conflict', message);
}

/** systemData of endpoints and deployments knows no more than these three. */
export function shortSystemData({ createdAt, createdBy, lastModifiedAt }: SystemData): JsonObject {
  return { createdAt, createdBy, lastModifiedAt };
}

/**
 * What a killed emulator left in between: a create that never ended has failed, an update never happened, a delete goes
 * back to what was there.
 */
export function settleInterrupted(store: OnlineStore, context: Pick<EmulatorContext, 'clock'>): void {
  const systemData = (record: OnlineRecord): SystemData => ({
    ...record.systemData,
    lastModifiedAt: context.clock.iso(),
  });
  for (const endpoint of store.endpoints()) {
    if (!isInTransition(endpoint)) continue;
    const state = endpoint.state === 'Creating' ? 'Failed' : 'Succeeded';
    store.putEndpoint({ ...endpoint, state, systemData: systemData(endpoint) });
  }
  for (const deployment of store.deployments()) {
    if (!isInTransition(deployment)) continue;
    const state = deployment.hasServed ? 'Succeeded' : 'Failed';
    store.putDeployment({ ...deployment, state, systemData: systemData(deployment) });
  }
}
