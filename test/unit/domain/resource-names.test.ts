import assert from 'node:assert/strict';
import {
  jobOutputUri,
  modelReference,
  nameProblem,
  nameSlug,
  registeredComponent,
} from '../../../tasks/common/domain/resource-names.ts';

describe('names', () => {
  it('holds the rules of endpoints, deployments, jobs and models', () => {
    for (const name of ['abc', 'churn-1', 'a'.repeat(32)]) assert.equal(nameProblem('endpoint', name), undefined, name);
    for (const name of ['ab', 'a'.repeat(33), '1abc', 'abc-', 'a_b', '']) {
      assert.match(nameProblem('endpoint', name) ?? '', /not a name for an endpoint/, name);
    }
    assert.match(nameProblem('deployment', 'x') ?? '', /endpoint's deployment/);
    assert.equal(nameProblem('job', 'train_1-a'), undefined);
    assert.notEqual(nameProblem('job', 'train job'), undefined);
    assert.equal(nameProblem('model', 'churn.v2'), undefined);
    assert.notEqual(nameProblem('model', 'a/b'), undefined);
  });

  it('reads a model in every form users write', () => {
    const arm =
      '/subscriptions/s/resourceGroups/r/providers/Microsoft.MachineLearningServices/workspaces/w/models/churn/versions/7';
    for (const text of ['churn:7', 'azureml:churn:7', arm, `azureml:${arm}`]) {
      assert.deepEqual(modelReference(text), { name: 'churn', version: '7' }, text);
    }
    for (const text of ['churn', 'azureml:churn@latest', 'azureml://registries/r/models/churn/versions/7', '']) {
      assert.equal(modelReference(text), undefined, text);
    }
  });

  it('reads a component in every form users write', () => {
    const arm =
      '/subscriptions/s/resourceGroups/r/providers/Microsoft.MachineLearningServices/workspaces/w/components/c/versions/7';
    for (const text of ['c:7', 'azureml:c:7', arm, `azureml:${arm}`]) {
      assert.deepEqual(registeredComponent(text), { registry: undefined, name: 'c', version: '7' }, text);
    }
    assert.deepEqual(registeredComponent('azureml:c@latest'), { registry: undefined, name: 'c', version: undefined });
    const shared = 'azureml://registries/r/components/c';
    assert.deepEqual(registeredComponent(`${shared}/versions/7`), { registry: 'r', name: 'c', version: '7' });
    assert.deepEqual(registeredComponent(`${shared}/labels/latest`), { registry: 'r', name: 'c', version: undefined });
    for (const text of ['c', 'azureml:c', './component.yml', 'azureml://registries/r/models/c/versions/7', '']) {
      assert.equal(registeredComponent(text), undefined, text);
    }
  });

  it('names an output by its own job', () => {
    assert.equal(jobOutputUri('j1', 'model'), 'azureml://jobs/j1/outputs/model');
    assert.equal(jobOutputUri('j1', 'model', '/best'), 'azureml://jobs/j1/outputs/model/paths/best');
  });

  it('makes a part of a name of any text', () => {
    assert.equal(nameSlug('  Churn: CI / main ', 40), 'churn-ci-main');
    assert.equal(nameSlug('ümläut', 40), 'ml-ut');
    assert.equal(nameSlug('a-very-long-name', 7), 'a-very');
  });
});
