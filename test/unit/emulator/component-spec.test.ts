import assert from 'node:assert/strict';
import { normaliseSpec } from '../../../local/emulator/arm/component-spec.ts';

const PLACE = { name: 'train', version: '3', anonymous: false };

describe("a component's specification", () => {
  it('has texts for numbers and booleans, also deep inside', () => {
    const spec = normaliseSpec(
      { type: 'command', is_deterministic: true, limits: { timeout: 60, list: [1, false] } },
      PLACE,
    );
    assert.equal(spec.is_deterministic, 'True');
    assert.deepEqual(spec.limits, { timeout: '60', list: ['1', 'False'] });
  });

  it('puts data before literals and tells of each whether it is optional', () => {
    const inputs = { rate: { type: 'number', default: 0.1 }, data: { type: 'uri_folder', optional: true } };
    const spec = normaliseSpec({ type: 'command', inputs }, PLACE);
    assert.deepEqual(Object.entries(spec.inputs ?? {}), [
      ['data', { type: 'uri_folder', optional: 'True' }],
      ['rate', { type: 'number', optional: 'False', default: '0.1' }],
    ]);
  });

  it("drops where it came from and an output's mode", () => {
    const spec = normaliseSpec(
      { _source: 'YAML', id: 'x', outputs: { o: { type: 'uri_folder', mode: 'mount' } } },
      PLACE,
    );
    assert.deepEqual([spec._source, spec.id, spec.outputs], [undefined, undefined, { o: { type: 'uri_folder' } }]);
  });

  it('is called as its URL says, and an anonymous one keeps its version', () => {
    assert.equal(normaliseSpec({ version: '1' }, PLACE).version, '3');
    assert.equal(normaliseSpec({ version: '1' }, { ...PLACE, anonymous: true }).version, '1');
  });

  it('tells a curated environment as the registry, and leaves any other', () => {
    const environment = (text: string): unknown => normaliseSpec({ environment: text }, PLACE).environment;
    assert.equal(environment('azureml:AzureML-x:7'), 'azureml://registries/azureml/environments/AzureML-x/versions/7');
    assert.equal(environment('azureml:mine:7'), 'azureml:mine:7');
  });

  it('counts instances of a command, and none of a parallel or a pipeline component', () => {
    assert.deepEqual(normaliseSpec({ type: 'command' }, PLACE).resources, { instance_count: '1' });
    assert.deepEqual(normaliseSpec({ resources: { instance_count: 4 } }, PLACE).resources, { instance_count: '4' });
    assert.equal(normaliseSpec({ type: 'parallel', resources: { instance_count: 2 } }, PLACE).resources, undefined);
    assert.equal(normaliseSpec({ type: 'pipeline' }, PLACE).resources, undefined);
  });

  it("leaves a pipeline's nodes as they were sent", () => {
    const jobs = { step: { type: 'command', limits: { timeout: 5 } } };
    assert.deepEqual(normaliseSpec({ type: 'pipeline', jobs }, PLACE).jobs, jobs);
  });
});
