import assert from 'node:assert/strict';
import {
  boundOutput,
  dependenciesOf,
  findGraphProblem,
  parseBinding,
} from '../../../../local/emulator/jobs/pipeline-graph.ts';

describe('the graph of a pipeline', () => {
  const bound = (text: string) => ({ job_input_type: 'literal', value: text });
  const after = (node: string, output = 'o') => ({
    inputs: { x: bound(`\${{parent.jobs.${node}.outputs.${output}}}`) },
  });

  it('knows bindings to pipeline inputs and to outputs of nodes', () => {
    assert.deepEqual(parseBinding('${{parent.inputs.raw}}'), { kind: 'parentInput', name: 'raw' });
    assert.deepEqual(parseBinding('${{ parent.jobs.train.outputs.model }}'), {
      kind: 'nodeOutput',
      node: 'train',
      output: 'model',
    });
    assert.equal(parseBinding('raw'), undefined);
  });
  it('knows which pipeline output a node’s output feeds', () => {
    assert.equal(boundOutput({ value: '${{parent.outputs.model}}', type: 'literal' }), 'model');
    assert.equal(boundOutput('${{parent.outputs.model}}'), 'model');
    assert.equal(boundOutput({ job_output_type: 'uri_folder' }), undefined);
  });
  it('makes a node wait for those whose outputs it reads', () => {
    assert.deepEqual(
      [...dependenciesOf({ inputs: { ...after('a').inputs, y: bound('${{parent.inputs.z}}') } })],
      ['a'],
    );
    assert.deepEqual([...dependenciesOf({})], []);
  });
  it('can run when every binding leads somewhere and nobody waits for himself', () => {
    assert.equal(
      findGraphProblem({ a: {}, b: after('a'), c: after('b') }, () => ['o']),
      undefined,
    );
  });
  it('cannot run with a binding to a node or an output that is not there', () => {
    assert.match(findGraphProblem({ b: after('a') }, () => ['o']) ?? '', /a\.outputs\.o, which does not exist/);
    assert.match(findGraphProblem({ a: {}, b: after('a', 'p') }, () => ['o']) ?? '', /a\.outputs\.p, which does not/);
  });
  it('cannot run when nodes wait for each other', () => {
    assert.match(
      findGraphProblem({ a: after('b'), b: after('a'), c: {} }, () => ['o']) ?? '',
      /The nodes a, b wait for each other/,
    );
  });
});
