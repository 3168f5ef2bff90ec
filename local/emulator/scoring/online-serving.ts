/** Online endpoints as a whole: their management, their scoring, and their return after a restart of the emulator. */
import { rmSync } from 'node:fs';
import { onlineDeploymentRoutes } from '../arm/online-deployments.ts';
import { onlineEndpointCredentialRoutes } from '../arm/online-endpoint-credentials.ts';
import { openOnlineStore, settleInterrupted } from '../arm/online-endpoint-records.ts';
import { onlineEndpointRoutes, type OnlineParts } from '../arm/online-endpoints.ts';
import { COLLECTIONS } from '../arm/resource.ts';
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import type { EmulatorContext } from '../context.ts';
import type { Route } from '../http.ts';
import type { RunStore } from '../jobs/run-store.ts';
import { createDeployments } from './deployments.ts';
import { deploymentsFolder } from './deployment-instance.ts';
import { createScoringCounters } from './scoring-counters.ts';
import { metricsRoutes } from './metrics-routes.ts';
import { scoringRoutes } from './scoring-routes.ts';
import { createServingMinutes } from './serving-minutes.ts';

/**
 * Opens online endpoints on the emulator's state; models may be outputs of these runs. Deployments that were up come
 * back, each with a new process. What each answered since the emulator started is told at `/_emulator/scoring`.
 */
export function onlineRoutes(context: EmulatorContext, runs: RunStore): Route[] {
  const store = openOnlineStore(context.state);
  const deployments = createDeployments(context, runs);
  const counters = createScoringCounters(context.clock);
  const minutes = createServingMinutes(context.clock);
  const parts = { context, store, deployments };
  settleInterrupted(store, context);
  removeLeftovers(context);
  context.reports.set('scoring', () => ({ deployments: counters.list() }));
  context.onReady(() => {
    restore(parts);
  });
  return [
    ...onlineEndpointRoutes(parts),
    ...onlineEndpointCredentialRoutes(parts),
    ...onlineDeploymentRoutes(parts),
    ...scoringRoutes({ ...parts, counters, minutes }),
    ...metricsRoutes({ context, store, minutes }),
  ];
}

/** Files of the processes of a killed emulator; what comes back downloads its own. */
function removeLeftovers({ workFolder }: EmulatorContext): void {
  rmSync(deploymentsFolder(workFolder), { recursive: true, force: true });
}

function restore({ context, store, deployments }: OnlineParts): void {
  const workspaces = context.state.collection<WorkspaceRecord>(COLLECTIONS.workspaces);
  for (const deployment of store.deployments()) {
    const workspace = workspaces.get(deployment.workspace);
    if (!deployment.hasServed || workspace === undefined) continue;
    const rollout = deployments.begin({ id: deployment.id, workspace, properties: deployment.settings });
    rollout.ready.catch(() => {
      store.changeDeployment(deployment.id, { state: 'Failed' });
    });
    void rollout.activate();
  }
}
