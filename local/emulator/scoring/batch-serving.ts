/** Batch endpoints as a whole: their management, and the jobs they start. */
import { batchDeploymentRoutes } from '../arm/batch-deployments.ts';
import { batchEndpointRoutes } from '../arm/batch-endpoints.ts';
import { openBatchStore, settleInterruptedBatch } from '../arm/batch-records.ts';
import type { EmulatorContext } from '../context.ts';
import type { Route } from '../http.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { batchInvocationRoutes } from './batch-invocations.ts';

/** Opens batch endpoints on the emulator's state; what they are asked to score runs as these jobs. */
export function batchRoutes(context: EmulatorContext, jobs: Jobs): Route[] {
  const parts = { context, store: openBatchStore(context.state), jobs };
  settleInterruptedBatch(parts.store, context);
  return [...batchEndpointRoutes(parts), ...batchDeploymentRoutes(parts), ...batchInvocationRoutes(parts)];
}
