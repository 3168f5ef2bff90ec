import assert from 'node:assert/strict';
import { missingInputs, planOfNode } from '../../../../local/emulator/jobs/step-plan.ts';

describe('the plan of a pipeline’s node', () => {
  const spec = {
    command: 'train',
    code: 'azureml:/code',
    inputs: {
      data: { type: 'uri_folder', optional: 'False' },
      epochs: { type: 'integer', default: '5' },
      seed: { type: 'integer', optional: 'True' },
      note: { type: 'string' },
    },
    outputs: { model: { type: 'custom_model' }, report: { type: 'uri_file' } },
    environment_variables: { A: '1', B: '2' },
  };
  const values = {
    inputs: {
      epochs: { kind: 'literal' as const, value: '9' },
      raw: { kind: 'data' as const, type: 'uri_folder', uri: 'azureml:raw:1', mode: 'Download' },
    },
    outputs: { prepare: { table: 'azureml://datastores/d/paths/prepared/' } },
    pipelineOutputs: {
      model: {
        type: 'mlflow_model',
        uri: 'azureml://datastores/d/paths/m',
        mode: 'Upload',
        assetName: 'm',
        assetVersion: '7',
      },
    },
  };
  const literal = (value: string) => ({ job_input_type: 'literal', value });

  it('follows bindings to a pipeline input, keeping its mode', () => {
    const { inputs } = planOfNode({ inputs: { data: literal('${{parent.inputs.raw}}') } }, spec, values);
    assert.deepEqual(inputs.data, { kind: 'data', type: 'uri_folder', uri: 'azureml:raw:1', mode: 'Download' });
  });
  it('follows bindings to another node’s output, with the type its component declares', () => {
    const node = { inputs: { data: { ...literal('${{parent.jobs.prepare.outputs.table}}'), mode: 'Direct' } } };
    assert.deepEqual(planOfNode(node, spec, values).inputs.data, {
      kind: 'data',
      type: 'uri_folder',
      uri: 'azureml://datastores/d/paths/prepared/',
      mode: 'Direct',
    });
  });
  it('takes the component’s default where the node gives nothing, and the node’s value where it does', () => {
    assert.deepEqual(planOfNode({}, spec, values).inputs.epochs, { kind: 'literal', value: '5' });
    const node = { inputs: { epochs: literal('${{parent.inputs.epochs}}') } };
    assert.deepEqual(planOfNode(node, spec, values).inputs.epochs, { kind: 'literal', value: '9' });
  });
  it('fills a binding inside of a longer text', () => {
    const node = { inputs: { note: literal('run-${{parent.inputs.epochs}}') } };
    assert.deepEqual(planOfNode(node, spec, values).inputs.note, { kind: 'literal', value: 'run-9' });
  });
  it('has every output of the component; one that feeds a pipeline output goes where that says', () => {
    const node = { outputs: { model: literal('${{parent.outputs.model}}') } };
    const { outputs } = planOfNode(node, spec, values);
    assert.deepEqual(outputs.report, {
      type: 'uri_file',
      uri: undefined,
      mode: 'ReadWriteMount',
      assetName: undefined,
      assetVersion: undefined,
    });
    assert.deepEqual(outputs.model, {
      type: 'custom_model',
      uri: 'azureml://datastores/d/paths/m',
      mode: 'Upload',
      assetName: 'm',
      assetVersion: '7',
    });
  });
  it('lets the node’s environment variables win, as text', () => {
    const plan = planOfNode({ environment_variables: { B: true, C: 3 } }, spec, values);
    assert.deepEqual(plan.environmentVariables, { A: '1', B: 'True', C: '3' });
  });
  it('misses required inputs only', () => {
    assert.deepEqual(missingInputs(planOfNode({}, spec, values).inputs, spec), ['data', 'note']);
  });
});
