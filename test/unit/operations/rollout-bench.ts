/** An endpoint with a live deployment, and the steps that roll a new one out, in virtual time. */
import type { JsonObject } from '../../../tasks/common/domain/json.ts';
import { rolloutOf, type RolloutRecord } from '../../../tasks/common/domain/rollout-tags.ts';
import {
  deployOnlineEndpoint,
  type DeployOutputs,
  type DeployRequest,
} from '../../../tasks/common/operations/deploy-online-endpoint.ts';
import { restoreUnfinishedRollout } from '../../../tasks/common/operations/rollout-memory.ts';
import {
  shiftTraffic,
  type ShiftOutputs,
  type ShiftTrafficRequest,
} from '../../../tasks/common/operations/shift-traffic.ts';
import type { MetricSeries, MetricsRequest, PipelineRun } from '../../../tasks/common/ports.ts';
import { FakeAgent, SOURCES } from '../fakes/fake-agent.ts';
import { FakeWorkspace } from '../fakes/fake-workspace.ts';

export const FILES = {
  'endpoint.yml': '$schema: https://x/managedOnlineEndpoint.schema.json\nname: churn\nauth_mode: key\n',
  'deployment.yml':
    '$schema: https://x/managedOnlineDeployment.schema.json\nname: blue\nendpoint_name: churn\nmodel: azureml:m:2\n' +
    'instance_type: Standard_DS3_v2\ninstance_count: 1\n',
  'smoke.json': '{"data":[1]}',
};

const ENDPOINT = 'onlineEndpoints/churn';

/** What one deployment serves a minute, as Azure Monitor would say. */
export interface Served {
  readonly requests?: number;
  readonly errors?: number;
  readonly p95?: number;
  readonly cpu?: number;
}

/** What a step did before its process was killed: nothing of it runs any more. */
class Killed extends Error {}

export class RolloutBench {
  readonly workspace = new FakeWorkspace();
  agent = new FakeAgent(FILES);
  readonly served = new Map<string, Served>();
  /** Traffic after each change of it. */
  readonly history: string[] = [];

  constructor() {
    const { workspace } = this;
    workspace.seed('models/m/versions/1', {});
    workspace.seed('models/m/versions/2', {});
    this.seedLive({ blue: 100 });
    workspace.measured = (request) => this.#measure(request);
    const put = workspace.put.bind(workspace);
    workspace.put = async (path, body, options) => {
      const answer = await put(path, body, options);
      if (path === ENDPOINT) this.#note();
      return answer;
    };
  }

  seedLive(traffic: JsonObject, fields: JsonObject = {}, tags: JsonObject = {}): void {
    this.workspace.seed(ENDPOINT, {
      location: 'westeurope',
      tags,
      identity: { type: 'SystemAssigned' },
      properties: {
        authMode: 'Key',
        publicNetworkAccess: 'Disabled',
        provisioningState: 'Succeeded',
        scoringUri: 'https://churn.westeurope.inference.ml.azure.com/score',
        traffic,
        ...fields,
      },
    });
    for (const name of Object.keys(traffic)) this.seedDeployment(name);
  }

  seedDeployment(name: string): void {
    this.workspace.seed(`${ENDPOINT}/deployments/${name}`, {
      properties: { model: '/models/m/versions/0', provisioningState: 'Succeeded' },
    });
  }

  /** A step of the same run that has another name, or of another run; the same step again without arguments. */
  next(run: Partial<PipelineRun> = {}): void {
    this.agent = new FakeAgent(FILES, run, this.agent.clock);
  }

  async deploy(request: Partial<DeployRequest> = {}): Promise<DeployOutputs> {
    return deployOnlineEndpoint(
      { agent: this.agent, workspace: this.workspace },
      {
        endpointFile: undefined,
        deploymentFile: `${SOURCES}/deployment.yml`,
        endpointName: undefined,
        endpointOverrides: [],
        deploymentOverrides: [],
        model: undefined,
        network: 'private',
        smokeRequestFile: `${SOURCES}/smoke.json`,
        smokeAssertions: undefined,
        rolloutPlanFile: undefined,
        rolloutPlan: undefined,
        keepOldDeployment: true,
        keepOldDeploymentHours: 0,
        timeoutMinutes: 240,
        allowAnalysisCommands: false,
        allowPathsOutsideSources: false,
        breakLease: false,
        ...request,
      },
      () => undefined,
    );
  }

  async shift(request: Partial<ShiftTrafficRequest> = {}): Promise<ShiftOutputs> {
    return shiftTraffic(
      { agent: this.agent, workspace: this.workspace },
      {
        endpointName: 'churn',
        mode: 'shift',
        deploymentName: undefined,
        trafficPercent: undefined,
        mirrorPercent: undefined,
        holdMinutes: 0,
        analysis: undefined,
        smokeRequestFile: undefined,
        smokeAssertions: undefined,
        onFailure: 'restoreRollout',
        keepOldDeployment: true,
        keepOldDeploymentHours: 0,
        waitHours: 24,
        timeoutMinutes: 60,
        allowAnalysisCommands: false,
        breakLease: false,
        ...request,
      },
      () => undefined,
    );
  }

  /** The post-job handler of the last step, in a process of its own. */
  async postJob(): Promise<void> {
    const { variables, run } = this.agent;
    this.next(run);
    for (const [name, value] of variables) this.agent.variables.set(name, value);
    await restoreUnfinishedRollout({ agent: this.agent, workspace: this.workspace });
  }

  /**
   * Kills the process at its n-th write (from 1): before the service gets it, or when it has been carried out. Nothing the process
   * would do afterwards reaches the service. Yields false when it made fewer writes.
   */
  async killAt(write: number, when: 'before' | 'after', work: () => Promise<unknown>): Promise<boolean> {
    const { workspace } = this;
    const put = workspace.put.bind(workspace);
    const patch = workspace.patch.bind(workspace);
    const remove = workspace.delete.bind(workspace);
    let [writes, dead] = [0, false];
    workspace.fault = (method) => {
      if (['PUT', 'PATCH', 'DELETE'].includes(method)) writes += 1;
      dead ||= when === 'before' && writes === write;
      if (dead) throw new Killed();
    };
    const dyingAfter = async <T>(answer: Promise<T>): Promise<T> => {
      const value = await answer;
      dead ||= writes === write;
      if (dead) throw new Killed();
      return value;
    };
    workspace.put = (...call) => dyingAfter(put(...call));
    workspace.patch = (...call) => dyingAfter(patch(...call));
    workspace.delete = (...call) => dyingAfter(remove(...call));
    await work().catch((error: unknown) => {
      if (!dead) throw error;
    });
    Object.assign(workspace, { put, patch, delete: remove, fault: () => undefined });
    return dead;
  }

  get traffic(): unknown {
    return (this.workspace.resources.get(ENDPOINT)?.properties as JsonObject).traffic;
  }
  get mirror(): unknown {
    return (this.workspace.resources.get(ENDPOINT)?.properties as JsonObject).mirrorTraffic ?? {};
  }
  get rollout(): RolloutRecord | undefined {
    return rolloutOf(this.workspace.resources.get(ENDPOINT));
  }
  deployment(name: string): JsonObject | undefined {
    return this.workspace.resources.get(`${ENDPOINT}/deployments/${name}`);
  }

  /** Lets provisioning of the new deployment take so long. */
  provisionFor(ms: number): void {
    const { workspace, agent } = this;
    const put = workspace.put.bind(workspace);
    workspace.put = async (path, body, options) => {
      if (path.endsWith('/green')) await agent.clock.sleep(ms, options?.signal);
      return put(path, body, options);
    };
  }

  /** What somebody else does to the traffic. */
  changeTraffic(traffic: JsonObject): void {
    const endpoint = this.workspace.resources.get(ENDPOINT);
    this.workspace.resources.set(ENDPOINT, {
      ...endpoint,
      properties: { ...(endpoint?.properties as JsonObject), traffic },
    });
  }

  #note(): void {
    const text = JSON.stringify([this.traffic, this.mirror]);
    if (this.history.at(-1) !== text) this.history.push(text);
  }

  /** One value for each whole minute, as the service has them. */
  #measure({ resource, names, filter = '', from, to }: MetricsRequest): readonly MetricSeries[] {
    const deployment = /deployment eq '([^']+)'/.exec(filter)?.[1] ?? resource.split('/').at(-1) ?? '';
    const served = this.served.get(deployment);
    if (served === undefined) return [];
    const minutes = Math.floor((to - from) / 60_000);
    const series = (name: string, value: number | undefined, dimensions: Readonly<Record<string, string>> = {}) =>
      value === undefined
        ? []
        : [
            {
              name,
              dimensions,
              points: Array.from({ length: minutes }, (_, index) => ({ time: from + index * 60_000, value })),
            },
          ];
    return names.flatMap((name) => {
      if (name === 'RequestsPerMinute') {
        const good = (served.requests ?? 0) - (served.errors ?? 0);
        return [
          ...series(name, good, { deployment, statuscode: '200' }),
          ...series(name, served.errors, { deployment, statuscode: '500' }),
        ];
      }
      return series(name, name === 'CpuUtilizationPercentage' ? served.cpu : served.p95);
    });
  }
}
