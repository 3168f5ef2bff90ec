/** A workspace opened by the product's own code, against an emulator. */
import type { Emulator } from '../../../local/emulator/emulator.ts';
import { openWorkspace } from '../../../tasks/common/azure/workspace.ts';
import type { OpenWorkspaceOptions } from '../../../tasks/common/azure/workspace.ts';
import type { Clock, Connection, NetworkSettings, Workspace } from '../../../tasks/common/ports.ts';
import { connection } from '../../fixtures/azure/connection.ts';
import { taskDouble } from './task-double.ts';

export interface OpenedWorkspace {
  readonly workspace: Workspace;
  readonly secrets: readonly string[];
  readonly lines: readonly string[];
}

/** The service connection by its secret, as the emulator knows it; changed where a test says so. */
export function emulatedConnection({ settings, cloud }: Emulator, change: Partial<Connection> = {}): Connection {
  const { tenantId, principal } = settings;
  return connection({
    environment: cloud.name,
    resourceManagerUrl: `https://${cloud.arm}`,
    auth: {
      scheme: 'servicePrincipalSecret',
      tenantId,
      clientId: principal.clientId,
      secret: principal.clientSecret,
    },
    ...change,
  });
}

/** Time as the emulator has it. */
export function emulatedClock({ context }: Emulator): Clock {
  return { now: () => context.clock.now(), sleep: (ms, signal) => context.clock.sleep(ms, signal) };
}

export function emulatedNetwork(emulator: Emulator): NetworkSettings {
  return {
    proxy: { url: emulator.url, username: undefined, password: undefined, bypass: [] },
    certificateAuthorities: emulator.caPem,
  };
}

export async function openEmulated(
  emulator: Emulator,
  change: Partial<Omit<OpenWorkspaceOptions, 'agent'>> = {},
): Promise<OpenedWorkspace> {
  const task = taskDouble(emulatedNetwork(emulator));
  const workspace = await openWorkspace({
    agent: { ...task.agent, clock: emulatedClock(emulator) },
    connection: emulatedConnection(emulator),
    resourceGroup: emulator.settings.resourceGroup,
    workspace: emulator.settings.workspace,
    ...change,
  });
  return { workspace, secrets: task.secrets, lines: task.lines };
}
