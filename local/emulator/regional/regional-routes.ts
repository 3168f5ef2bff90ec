/** All routes of a region's data plane. */
import type { EmulatorContext } from '../context.ts';
import type { Route } from '../http.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { artifactRoutes } from './artifacts.ts';
import { discoveryRoutes } from './discovery.ts';
import { metricRoutes } from './metrics.ts';
import { mlflowRoutes } from './mlflow.ts';
import { resolvedUriRoutes } from './resolved-uris.ts';
import { runHistoryRoutes } from './run-history.ts';

export function regionalRoutes(context: EmulatorContext, jobs: Jobs): Route[] {
  return [
    ...discoveryRoutes(context),
    ...runHistoryRoutes(context, jobs),
    ...mlflowRoutes(context, jobs),
    ...artifactRoutes(context, jobs),
    ...metricRoutes(context, jobs),
    ...resolvedUriRoutes(context, jobs),
  ];
}
