/** Every route of the emulator; each part adds the list it makes. */
import { cloudMetadataRoutes } from './arm/cloud-metadata.ts';
import type { FindJobOutput } from './arm/asset-uri.ts';
import { codeRoutes } from './arm/codes.ts';
import { componentRoutes } from './arm/components.ts';
import { computeRoutes } from './arm/computes.ts';
import { containerRegistryRoutes } from './arm/container-registries.ts';
import { connectionRoutes } from './arm/connections.ts';
import { dataRoutes } from './arm/data.ts';
import { datastoreRoutes } from './arm/datastores.ts';
import { environmentRoutes } from './arm/environments.ts';
import { jobRoutes } from './arm/jobs.ts';
import { managedNetworkRoutes } from './arm/managed-network.ts';
import { modelRoutes } from './arm/models.ts';
import { quotaRoutes } from './arm/quota.ts';
import { scheduleRoutes } from './arm/schedules.ts';
import { subscriptionRoutes } from './arm/subscriptions.ts';
import { WORKSPACE_PATH, workspaceOf } from './arm/workspace-scope.ts';
import { workspaceRoutes } from './arm/workspaces.ts';
import type { EmulatorContext } from './context.ts';
import { subscriptionNotFound } from './errors.ts';
import type { Route } from './http.ts';
import { entraRoutes } from './identity/entra.ts';
import { approvalRoutes } from './identity/pipeline-approvals.ts';
import { pipelineRoutes } from './identity/pipeline-oidc.ts';
import { startJobs } from './jobs/jobs.ts';
import { operationRoutes } from './operation-routes.ts';
import { registryContentRoutes } from './registry/registry-content.ts';
import { registryRoutes } from './registry/registry-routes.ts';
import { regionalRoutes } from './regional/regional-routes.ts';
import { batchRoutes } from './scoring/batch-serving.ts';
import { onlineRoutes } from './scoring/online-serving.ts';

export function allRoutes(context: EmulatorContext): Route[] {
  const jobs = startJobs(context);
  const findJobOutput: FindJobOutput = (workspace, job, output) => {
    const reference = jobs.store.find(workspace.id, job)?.outputs[output];
    return reference === undefined ? undefined : jobs.store.outputAsset(reference.assetId)?.uri;
  };
  const routes = [
    ...cloudMetadataRoutes(context),
    ...entraRoutes(context),
    ...pipelineRoutes(context),
    ...approvalRoutes(context),
    ...operationRoutes(context),
    ...subscriptionRoutes(context),
    ...workspaceRoutes(context),
    ...managedNetworkRoutes(context),
    ...datastoreRoutes(context),
    ...computeRoutes(context),
    ...containerRegistryRoutes(context),
    ...quotaRoutes(context),
    ...connectionRoutes(context),
    ...scheduleRoutes(context),
    ...codeRoutes(context),
    ...environmentRoutes(context),
    ...dataRoutes(context, findJobOutput),
    ...modelRoutes(context, findJobOutput),
    ...componentRoutes(context),
    ...jobRoutes(context, jobs),
    ...regionalRoutes(context, jobs),
    ...registryRoutes(context),
    ...registryContentRoutes(context, jobs.store),
    ...onlineRoutes(context, jobs.store),
    ...batchRoutes(context, jobs),
  ];
  return routes.map((route) => withParent(context, route));
}

/** The Resource Manager refuses what lies in a missing subscription or workspace before any service is asked. */
function withParent(context: EmulatorContext, route: Route): Route {
  if (route.plane !== 'arm' || !route.path.startsWith('/subscriptions/{subscription}/')) return route;
  const inWorkspace = route.path.startsWith(`${WORKSPACE_PATH}/`);
  return {
    ...route,
    handle: (request) => {
      const { subscription = '' } = request.params;
      if (subscription.toLowerCase() !== context.settings.subscriptionId) throw subscriptionNotFound(subscription);
      if (inWorkspace) workspaceOf(context, request);
      return route.handle(request);
    },
  };
}
