import assert from 'node:assert/strict';
import { planFile } from '../../../tasks/common/aml-yaml/plan-file.ts';
import type { Plan } from '../../../tasks/common/aml-yaml/plan.ts';
import { at } from '../../../tasks/common/domain/json.ts';
import { UserError } from '../../../tasks/common/errors.ts';
import { applyPlan } from '../../../tasks/common/operations/apply-plan.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { FakeWorkspace } from '../fakes/fake-workspace.ts';
import { memoryFiles } from './memory-files.ts';

const TRIGGER = 'name: m\ntrigger: {type: recurrence, frequency: week, interval: 2}\n';
const COMPUTE = '  compute: {instance_type: standard_e4s_v3, runtime_version: "3.4"}\n';
const TARGET = '  monitoring_target: {ml_task: classification, endpoint_deployment_id: azureml:credit:main}\n';
const DEPLOYMENT = 'onlineEndpoints/credit/deployments/main';

function plan(monitor: string): Promise<Plan> {
  return planFile({
    file: 'monitor.yml',
    absolutePath: '/sources/monitor.yml',
    kind: 'schedule',
    files: memoryFiles({ '/sources/monitor.yml': `${TRIGGER}create_monitor:\n${COMPUTE}${monitor}` }),
    workspace: new FakeWorkspace().id,
    sourcesDirectory: '/sources',
  });
}

/** A workspace with a deployment that collects what goes in and what comes out. */
function collectingWorkspace(): FakeWorkspace {
  const workspace = new FakeWorkspace();
  const root = '/subscriptions/sub/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws';
  const names = ['model_inputs', 'model_outputs'];
  const collections = Object.fromEntries(
    names.map((name) => [name, { dataId: `azureml:${root}/data/credit-${name}/versions/1` }]),
  );
  workspace.resources.set(DEPLOYMENT, { properties: { dataCollector: { collections } } });
  for (const name of names) {
    const id = `${root}/data/credit-${name}/versions/1`;
    workspace.resources.set(`data/credit-${name}/versions/1`, { id, properties: { dataType: 'uri_folder' } });
  }
  return workspace;
}

describe('monitors of a deployment', () => {
  it('watch what the deployment collects, for as long as the trigger takes, where the file names no signals', async () => {
    const workspace = collectingWorkspace();
    await applyPlan({ agent: new FakeAgent({}), workspace }, await plan(TARGET));
    const signals = at(workspace.writes()[0]?.body, 'properties', 'action', 'monitorDefinition', 'signals') as object;
    assert.deepEqual(Object.keys(signals), ['data-drift-signal', 'prediction-drift-signal', 'data-quality-signal']);
    assert.deepEqual(at(signals as never, 'prediction-drift-signal', 'referenceData'), {
      dataContext: 'model_outputs',
      inputDataType: 'Trailing',
      jobInputType: 'uri_folder',
      uri: '/subscriptions/sub/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws/data/credit-model_outputs/versions/1',
      windowOffset: 'P14D',
      windowSize: 'P28D',
    });
  });

  it('are refused where the deployment is missing, and where it collects nothing', async () => {
    const workspace = new FakeWorkspace();
    const context = { agent: new FakeAgent({}), workspace };
    await assert.rejects(
      applyPlan(context, await plan(TARGET)),
      /deployment 'main' of the endpoint 'credit'.*not exist/,
    );
    workspace.resources.set(DEPLOYMENT, { properties: {} });
    await assert.rejects(applyPlan(context, await plan(TARGET)), /does not collect 'model_inputs'/);
    assert.deepEqual(workspace.writes(), []);
  });

  it('take data and windows the file gives, and turn metric names into the service’s', async () => {
    const { main } = await plan(
      '  monitoring_signals:\n    own:\n      type: data_drift\n      alert_enabled: true\n' +
        '      production_data:\n        input_data: {path: "azureml:now:1", type: uri_folder}\n' +
        '        data_window: {lookback_window_size: P3D, lookback_window_offset: P1D}\n' +
        '        pre_processing_component: azureml:prepare:2\n' +
        '      reference_data: {input_data: {path: "azureml:then:1", type: mltable}, data_context: training}\n' +
        '      metric_thresholds: {categorical: {pearsons_chi_squared_test: 0.02}}\n',
    );
    const root = '/subscriptions/sub/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws';
    assert.deepEqual(at(main.body as never, 'properties', 'action', 'monitorDefinition', 'signals', 'own'), {
      signalType: 'DataDrift',
      mode: 'Enabled',
      productionData: {
        inputDataType: 'Trailing',
        windowSize: 'P3D',
        windowOffset: 'P1D',
        preprocessingComponentId: `${root}/components/prepare/versions/2`,
        jobInputType: 'uri_folder',
        uri: `${root}/data/now/versions/1`,
      },
      referenceData: {
        inputDataType: 'Fixed',
        dataContext: 'training',
        jobInputType: 'mltable',
        uri: `${root}/data/then/versions/1`,
      },
      metricThresholds: [{ dataType: 'Categorical', metric: 'pearsonsChiSquaredTest', threshold: { value: 0.02 } }],
    });
  });

  it('name every mistake at its place', async () => {
    const signals =
      '  monitoring_signals:\n    a: {type: data_drift, metric_thresholds: {numerical: {jensen: 1}}}\n    b: {type: drift}\n';
    await assert.rejects(plan(signals), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual(
        error.problems.map(({ line }) => line),
        [6, 6, 7],
      );
      assert.match(error.message, /Unknown field 'jensen'/);
      assert.match(error.message, /names no deployment whose collected data/);
      assert.match(error.message, /cannot be 'drift'/);
      return true;
    });
  });
});
