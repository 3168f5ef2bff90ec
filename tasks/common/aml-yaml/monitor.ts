import { childArmId } from '../domain/workspace-id.ts';
import { windowsOf, type Monitor } from './monitor-data.ts';
import { defaultSignals, readSignals } from './monitor-signals.ts';
import type { Planning } from './planning.ts';
import { expecting, listOf, oneOf, record, text, type At } from './readers.ts';
import { compact, type TemplateObject } from './templates.ts';
import type { YamlNode } from './yaml-node.ts';

const deployment = expecting('a deployment as azureml:<endpoint>:<deployment>', (node) => {
  const written = node.kind === 'string' ? node.value : '';
  const [, endpoint, name] = /^(?:azureml:)?([^:/]+):([^:/]+)$/.exec(written) ?? [];
  return endpoint === undefined || name === undefined ? undefined : { endpoint, name };
});

const readMonitor = record(
  {
    compute: record({ instance_type: text, runtime_version: text }, { required: ['instance_type', 'runtime_version'] }),
    monitoring_target: record({
      ml_task: oneOf(['classification', 'regression', 'question_answering'], 'snake'),
      endpoint_deployment_id: deployment,
      model_id: text,
    }),
    monitoring_signals: readSignals,
    alert_notification: record({ emails: listOf(text) }, { required: ['emails'] }),
  },
  { required: ['compute'] },
);

/**
 * `create_monitor` of a schedule: what is watched on which machines, and who is told.
 *
 * @param trigger the schedule's trigger as it is sent: its period is how far back the monitor looks
 */
export function monitorAction(
  planning: Planning,
  node: YamlNode,
  trigger: TemplateObject | undefined,
  at: At,
): TemplateObject | undefined {
  const values = readMonitor(node, at);
  if (values === undefined) return undefined;
  const target = values.monitoring_target;
  const frequency = typeof trigger?.frequency === 'string' ? trigger.frequency : undefined;
  const monitor: Monitor = {
    planning,
    deployment: target?.endpoint_deployment_id,
    task: target?.ml_task,
    windows: windowsOf(frequency, typeof trigger?.interval === 'number' ? trigger.interval : 1),
  };
  const signals = Object.entries(values.monitoring_signals ?? {}).map(([name, plan]) => [name, plan(monitor)] as const);
  const monitorDefinition = compact({
    computeConfiguration: {
      computeType: 'ServerlessSpark',
      computeIdentity: { computeIdentityType: 'AmlToken' },
      ...compact({ instanceType: values.compute?.instance_type, runtimeVersion: values.compute?.runtime_version }),
    },
    monitoringTarget:
      target && compact({ taskType: target.ml_task, modelId: target.model_id, deploymentId: deploymentId(monitor) }),
    signals:
      values.monitoring_signals === undefined ? defaultSignals(monitor, node.place) : Object.fromEntries(signals),
    alertNotificationSetting: values.alert_notification && {
      alertNotificationType: 'Email',
      emailNotificationSetting: compact({
        emailOn: ['JobFailed', 'JobCompleted'],
        emails: values.alert_notification.emails,
      }),
    },
  });
  return { actionType: 'CreateMonitor', monitorDefinition };
}

function deploymentId({ planning, deployment: watched }: Monitor): string | undefined {
  if (watched === undefined) return undefined;
  const { endpoint, name } = watched;
  planning.require(
    `onlineEndpoints/${endpoint}/deployments/${name}`,
    `The online deployment '${name}' of the endpoint '${endpoint}', which is to be monitored, does not exist.`,
  );
  return childArmId(planning.request.workspace, 'onlineEndpoints', endpoint, 'deployments', name);
}
