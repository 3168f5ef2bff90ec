/** The properties the service gives to the runs of a pipeline and of its steps. */
import { createHash } from 'node:crypto';
import { asObject, textAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { stableGuid } from '../settings.ts';
import type { Component, PipelinePlan } from './pipeline-plan.ts';
import { lastSegment } from './pipeline-plan.ts';
import type { RunRecord } from './records.ts';

/** Those of a pipeline's run. `azureml.parameters` holds the literal inputs as JSON. */
export function pipelineProperties(body: JsonObject, plan: PipelinePlan): Record<string, string> {
  const literals = Object.entries(plan.inputs).flatMap(([name, input]) =>
    input.kind === 'literal' ? [[name, input.value] as const] : [],
  );
  const datastore = textAt(asObject(body.settings), 'default_datastore');
  return {
    'azureml.DevPlatv2': 'true',
    'azureml.runsource': 'azureml.PipelineRun',
    runSource: 'MFE',
    runType: 'HTTP',
    'azureml.parameters': JSON.stringify(Object.fromEntries(literals)),
    'azureml.continue_on_step_failure': plan.continueOnStepFailure ? 'True' : 'False',
    'azureml.continue_on_failed_optional_input': 'True',
    'azureml.defaultComputeName': plan.defaultCompute ?? '',
    'azureml.defaultDataStoreName': datastore === undefined ? 'workspaceblobstore' : lastSegment(datastore),
    'azureml.pipelineComponent': 'pipelinerun',
  };
}

/** `azureml.pipelines.stages` of a pipeline that has ended. */
export function pipelineStages(start: string, end: string, succeeded: boolean): string {
  const execution = { StartTime: start, EndTime: end, Status: succeeded ? 'Finished' : 'Failed' };
  return JSON.stringify({ Initialization: null, Execution: execution });
}

/** Those of a step's run. */
export function stepProperties(parent: RunRecord, name: string, component: Component): Record<string, string> {
  const code = textAt(component.spec, 'code');
  const isAnonymous = component.name === 'azureml_anonymous';
  return {
    'azureml.runsource': 'azureml.StepRun',
    'azureml.nodeid': nodeId(parent, name),
    ...(code !== undefined && { ContentSnapshotId: stableGuid(code) }),
    StepType: 'PythonScriptStep',
    ComputeTargetType: 'AmlCompute',
    'azureml.moduleid': isAnonymous ? component.version : stableGuid(component.id),
    'azureml.moduleName': component.name,
    'azureml.moduleVersion': isAnonymous ? '1' : component.version,
    'azureml.pipeline': parent.rootId,
    'azureml.pipelinerunid': parent.id,
    'azureml.DevPlatv2': 'true',
    'azureml.pipelineComponent': 'masterescloud',
    '_azureml.ComputeTargetType': 'amlctrain',
  };
}

/** What is added to a step that shares the result of an earlier run. */
export function reuseProperties(original: RunRecord): Record<string, string> {
  return {
    'azureml.isreused': 'true',
    'azureml.reusedrunid': original.id,
    'azureml.reusednodeid': original.properties['azureml.nodeid'] ?? '',
    'azureml.reusedpipeline': original.rootId,
    'azureml.reusedpipelinerunid': original.rootId,
  };
}

export function stepTags(parent: RunRecord, name: string): Record<string, string> {
  return { 'azureml.nodeid': nodeId(parent, name), 'azureml.pipeline': parent.rootId };
}

/** Eight hex digits that name a node within its pipeline. */
function nodeId(parent: RunRecord, name: string): string {
  return createHash('sha256').update(`${parent.id}/${name}`).digest('hex').slice(0, 8);
}
