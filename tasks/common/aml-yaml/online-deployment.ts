import { planDataCollector, readDataCollector } from './data-collector.ts';
import { isoDuration, isoSeconds } from './durations.ts';
import { planEnvironmentField } from './environment.ts';
import { switchedOn } from './arm-identity.ts';
import { planModelField } from './model.ts';
import { WORKSPACE_LOCATION } from './online-endpoint.ts';
import type { PutStep } from './plan.ts';
import type { PlannedEntity, Planning, SourceFile } from './planning.ts';
import {
  anything,
  boolean,
  byType,
  childAt,
  environmentVariables,
  integer,
  mapped,
  oneOf,
  record,
  text,
  textMap,
  type At,
  type Values,
} from './readers.ts';
import { compact, type TemplateObject } from './templates.ts';
import { codeConfiguration, planScoringCode } from './scoring-code.ts';
import { member, stringMember, type YamlNode } from './yaml-node.ts';

const probe = mapped(
  record({
    initial_delay: integer,
    period: integer,
    timeout: integer,
    failure_threshold: integer,
    success_threshold: integer,
  }),
  ({ initial_delay, period, timeout, failure_threshold, success_threshold }) =>
    compact({
      initialDelay: isoSeconds(initial_delay),
      period: isoSeconds(period),
      timeout: isoSeconds(timeout),
      failureThreshold: failure_threshold,
      successThreshold: success_threshold,
    }),
);

const requestSettings = mapped(
  record({ request_timeout_ms: integer, max_queue_wait_ms: integer, max_concurrent_requests_per_instance: integer }),
  (values) =>
    compact({
      requestTimeout: values.request_timeout_ms === undefined ? undefined : isoDuration(values.request_timeout_ms),
      maxQueueWait: values.max_queue_wait_ms === undefined ? undefined : isoDuration(values.max_queue_wait_ms),
      maxConcurrentRequestsPerInstance: values.max_concurrent_requests_per_instance,
    }),
);

const scaleSettings = byType<TemplateObject>({
  default: mapped(record({ type: text }), () => ({ scaleType: 'Default' })),
  target_utilization: mapped(
    record({
      type: text,
      min_instances: integer,
      max_instances: integer,
      polling_interval: integer,
      target_utilization_percentage: integer,
    }),
    (values) =>
      compact({
        scaleType: 'TargetUtilization',
        minInstances: values.min_instances,
        maxInstances: values.max_instances,
        pollingInterval: isoSeconds(values.polling_interval),
        targetUtilizationPercentage: values.target_utilization_percentage,
      }),
  ),
});

const resourceSettings = mapped(
  record({ cpu: text, memory: text, gpu: text, 'nvidia.com/gpu': text }),
  ({ cpu, memory, gpu, 'nvidia.com/gpu': nvidia }) => compact({ cpu, memory, gpu: gpu ?? nvidia }),
);

const FIELDS = {
  name: text,
  type: oneOf(['managed', 'kubernetes']),
  endpoint_name: text,
  description: text,
  tags: textMap,
  properties: textMap,
  model: anything,
  model_mount_path: text,
  code_configuration: codeConfiguration,
  environment: anything,
  environment_variables: environmentVariables,
  instance_type: text,
  instance_count: integer,
  app_insights_enabled: boolean,
  egress_public_network_access: switchedOn,
  scale_settings: scaleSettings,
  request_settings: requestSettings,
  liveness_probe: probe,
  readiness_probe: probe,
  startup_probe: probe,
  data_collector: readDataCollector,
  resources: record({ requests: resourceSettings, limits: resourceSettings }),
};
type DeploymentValues = Values<typeof FIELDS>;

const readDeployment = record(FIELDS, { required: ['name', 'endpoint_name'] });

const NAME = /^[a-zA-Z][-a-zA-Z0-9]{2,31}$/;

/** A deployment of an online endpoint: a model, the code that scores it, and the machines it runs on. */
export async function planOnlineDeployment(planning: Planning, source: SourceFile): Promise<PlannedEntity | undefined> {
  const at: At = { path: '', problems: planning.problems };
  const values = readDeployment(source.node, at);
  if (values === undefined) return undefined;
  const type = values.type ?? (isKubernetesSchema(source.node) ? 'kubernetes' : 'managed');
  const { name = '', endpoint_name: endpoint = '' } = values;
  checkDeployment(planning, values, type, source.node);
  planning.require(
    `onlineEndpoints/${endpoint}`,
    `The online endpoint '${endpoint}' does not exist. Create it before its deployments.`,
  );
  const properties = await deploymentProperties(planning, source, values, type, at);
  const main: PutStep = {
    do: 'put',
    key: 'deployment',
    collection: `onlineEndpoints/${endpoint}/deployments`,
    name,
    body: {
      location: WORKSPACE_LOCATION,
      tags: values.tags ?? {},
      sku: compact({ name: 'Default', capacity: values.instance_count }),
      properties,
    },
  };
  return { kind: 'onlineDeployment', main };
}

/** Registers what the deployment is made of, in the order the service's client does, and puts the properties together. */
async function deploymentProperties(
  planning: Planning,
  source: SourceFile,
  values: DeploymentValues,
  type: 'managed' | 'kubernetes',
  at: At,
): Promise<TemplateObject> {
  const { name = '', endpoint_name: endpoint = '' } = values;
  const dataCollector = values.data_collector && planDataCollector(planning, values.data_collector, endpoint, name);
  const codeConfiguration = await planScoringCode(planning, source, values.code_configuration);
  const environmentId =
    values.environment &&
    (await planEnvironmentField(planning, source, values.environment, childAt(at, 'environment'), 'byName'));
  const model = values.model && (await planModelField(planning, source, values.model, childAt(at, 'model')));
  return compact({
    endpointComputeType: type === 'managed' ? 'Managed' : 'Kubernetes',
    description: values.description,
    properties: { ...values.properties, ...planning.request.lineage },
    model,
    modelMountPath: values.model_mount_path,
    codeConfiguration,
    environmentId,
    environmentVariables: values.environment_variables ?? {},
    instanceType: values.instance_type,
    appInsightsEnabled: values.app_insights_enabled ?? false,
    egressPublicNetworkAccess: values.egress_public_network_access,
    scaleSettings: values.scale_settings,
    requestSettings: values.request_settings,
    livenessProbe: values.liveness_probe,
    readinessProbe: values.readiness_probe,
    startupProbe: values.startup_probe,
    dataCollector,
    containerResourceRequirements: containerResources(values),
  });
}

/** Files without `type` say it by their schema. */
function isKubernetesSchema(node: YamlNode): boolean {
  return /kubernetesOnlineDeployment/i.test(stringMember(node, '$schema') ?? '');
}

function checkDeployment(planning: Planning, values: DeploymentValues, type: string, node: YamlNode): void {
  const place = (key: string) => member(node, key)?.place ?? node.place;
  if (values.name !== undefined && !NAME.test(values.name)) {
    planning.problems.add(
      place('name'),
      `'${values.name}' is no valid deployment name: 3 to 32 characters, a letter first, then letters, digits and '-'.`,
    );
  }
  if (type === 'managed' && values.scale_settings?.scaleType === 'TargetUtilization') {
    planning.problems.add(
      place('scale_settings'),
      'A managed online deployment has only the scale settings of type default; scale it with Azure Monitor autoscale.',
    );
  }
  if (type === 'managed' && values.resources !== undefined) {
    planning.problems.add(place('resources'), "'resources' belongs to Kubernetes deployments; use instance_type here.");
  }
}

function containerResources(values: DeploymentValues): TemplateObject | undefined {
  return (
    values.resources &&
    compact({
      containerResourceRequests: values.resources.requests,
      containerResourceLimits: values.resources.limits,
    })
  );
}
