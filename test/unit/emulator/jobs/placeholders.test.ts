import assert from 'node:assert/strict';
import { fillPlaceholders, namesIn } from '../../../../local/emulator/jobs/placeholders.ts';

describe('placeholders of a command', () => {
  const values = {
    inputs: { raw: '/data/raw.csv', epochs: '3' },
    outputs: { model: '/out/model' },
    names: { name: 'job1' },
  };

  it('are replaced by what inputs and outputs stand for', () => {
    assert.equal(
      fillPlaceholders('train --raw ${{inputs.raw}} --n ${{ inputs.epochs }} --out ${{outputs.model}}', values),
      'train --raw /data/raw.csv --n 3 --out /out/model',
    );
  });
  it('keep an optional block whose inputs are given, without its brackets', () => {
    assert.equal(fillPlaceholders('a $[[--n ${{inputs.epochs}}]] b', values), 'a --n 3 b');
  });
  it('drop an optional block whose input is missing', () => {
    assert.equal(fillPlaceholders('a $[[--seed ${{inputs.seed}} --n ${{inputs.epochs}}]]b', values), 'a b');
  });
  it('stay as written where nobody can fill them', () => {
    assert.equal(fillPlaceholders('echo ${{inputs.nope}} $HOME ${x}', values), 'echo ${{inputs.nope}} $HOME ${x}');
  });
  it('may be plain names in the path of an output', () => {
    assert.equal(
      fillPlaceholders('azureml://datastores/d/paths/x/${{name}}/y', values),
      'azureml://datastores/d/paths/x/job1/y',
    );
  });
  it('do not read a replacement again', () => {
    const nested = { ...values, inputs: { raw: '${{inputs.epochs}}', epochs: '3' } };
    assert.equal(fillPlaceholders('${{inputs.raw}}', nested), '${{inputs.epochs}}');
  });
  it('are listed by name in order', () => {
    assert.deepEqual(namesIn('${{inputs.b}} ${{ inputs.a }}'), ['inputs.b', 'inputs.a']);
  });
});
