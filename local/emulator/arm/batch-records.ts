/** Batch endpoints and deployments as the emulator keeps them, and where it finds them. */
import type { EmulatorContext } from '../context.ts';
import type { JsonObject } from '../json.ts';
import type { State } from '../state.ts';
import { openEndpointStore, type EndpointStore } from './endpoint-store.ts';
import { isInTransition } from './online-endpoint-records.ts';
import type { SystemData } from './resource.ts';

export type BatchState = 'Creating' | 'Updating' | 'Deleting' | 'Succeeded' | 'Failed';

/** Common to endpoints and deployments. */
interface BatchRecord {
  readonly id: string;
  readonly name: string;
  readonly workspace: string;
  readonly location: string;
  readonly tags: JsonObject;
  readonly description: string | null;
  /** The user's own entries of `properties.properties`. */
  readonly ownProperties: JsonObject;
  readonly state: BatchState;
  /** It has been made once: a failed update of it leaves what was there. */
  readonly isCreated: boolean;
  /** Where the newest operation is polled. */
  readonly operationUri: string;
  readonly systemData: SystemData;
}

export interface BatchEndpointRecord extends BatchRecord {
  readonly defaultDeployment: string | null;
  /** The api-version it was made with: the service writes it down. */
  readonly madeWith: string;
}

export interface BatchDeploymentRecord extends BatchRecord {
  readonly endpoint: string;
  /** model, compute, codeConfiguration, deploymentConfiguration … as sent, with the service's defaults. */
  readonly settings: JsonObject;
}

export type BatchStore = EndpointStore<BatchEndpointRecord, BatchDeploymentRecord>;

/** The records in the emulator's state. */
export const openBatchStore = (state: State): BatchStore => openEndpointStore(state, 'batch');

/** What a killed emulator left in between: what was never made has failed, everything else is as it was. */
export function settleInterruptedBatch(store: BatchStore, { clock }: Pick<EmulatorContext, 'clock'>): void {
  const settled = <R extends BatchRecord>(record: R): R => ({
    ...record,
    state: record.isCreated ? 'Succeeded' : 'Failed',
    systemData: { ...record.systemData, lastModifiedAt: clock.iso() },
  });
  for (const endpoint of store.endpoints()) if (isInTransition(endpoint)) store.putEndpoint(settled(endpoint));
  for (const one of store.deployments()) if (isInTransition(one)) store.putDeployment(settled(one));
}
