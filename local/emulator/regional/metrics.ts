/** The metric service v2.0: which metrics a run logged, and all their points. */
import { WORKSPACE_PATH } from '../arm/workspace-scope.ts';
import type { EmulatorContext } from '../context.ts';
import type { Evidence, Incoming, Reply, Route } from '../http.ts';
import { textAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { RunRecord } from '../jobs/records.ts';
import { stableGuid } from '../settings.ts';
import { regionalWorkspace, requireRun } from './regional-workspace.ts';

const COMPONENT = 'metric';
const EVIDENCE: Evidence = { mark: 'spec', source: 'metric v2.0 of azure-ai-ml 1.34' };

export function metricRoutes(context: EmulatorContext, jobs: Jobs): Route[] {
  const route = (call: string, body: (run: RunRecord, name: string) => JsonObject): Route => ({
    plane: 'regional',
    method: 'POST',
    path: `/metric/v2.0${WORKSPACE_PATH}/runs/{run}/${call}`,
    evidence: EVIDENCE,
    handle: async (request: Incoming): Promise<Reply> => {
      const workspace = regionalWorkspace(context, request, COMPONENT);
      const run = requireRun(jobs.store, workspace, request.params.run ?? '', COMPONENT);
      return { status: 200, body: body(run, textAt(await request.json(), 'metricName') ?? '') };
    },
  });
  const definition = (name: string): JsonObject => ({
    columns: { [name]: 'Double' },
    properties: { uxMetricType: 'azureml.v1.scalar' },
  });
  return [
    route('list', (run) => ({
      value: Object.keys(jobs.store.tracking(run).metrics).map((name) => ({
        metricKey: { name, labels: null },
        ...definition(name),
      })),
    })),
    route('full', (run, name) => ({
      dataContainerId: `dcid.${run.containerOf}`,
      name,
      ...definition(name),
      namespace: null,
      standardSchemaId: null,
      value: (jobs.store.tracking(run).metrics[name] ?? []).map(({ value, timestamp, step }, index) => ({
        metricId: stableGuid(`${run.uuid}/${name}/${index}`),
        createdUtc: context.clock.iso(timestamp),
        step,
        data: { [name]: value },
      })),
    })),
  ];
}
