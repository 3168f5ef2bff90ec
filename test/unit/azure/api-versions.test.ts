import assert from 'node:assert/strict';
import { apiVersion } from '../../../tasks/common/azure/api-versions.ts';

describe('api-versions', () => {
  it('follow the kind of resource, children before parents', () => {
    assert.equal(apiVersion('GET', ''), '2024-10-01-preview');
    assert.equal(apiVersion('GET', 'models/m/versions/1'), '2023-08-01-preview');
    assert.equal(apiVersion('POST', 'datastores/workspaceblobstore/listSecrets'), '2024-07-01-preview');
    assert.equal(apiVersion('PUT', 'onlineEndpoints/e'), '2022-02-01-preview');
    assert.equal(apiVersion('POST', 'onlineEndpoints/e/listKeys'), '2022-02-01-preview');
    assert.equal(apiVersion('PUT', 'onlineEndpoints/e/deployments/d'), '2023-04-01-preview');
    assert.equal(apiVersion('POST', 'onlineendpoints/e/DEPLOYMENTS/d/getLogs'), '2023-04-01-preview');
    assert.equal(apiVersion('PUT', 'codes/c/versions/1'), '2023-04-01');
    assert.equal(apiVersion('PUT', 'registries/r'), '2022-10-01-preview');
    assert.equal(apiVersion('GET', 'somethingNew/x'), '2024-10-01-preview');
  });

  it('follow the type of a job that is written', () => {
    const put = (jobType: string) => apiVersion('PUT', 'jobs/j', { properties: { jobType } });
    assert.equal(put('Command'), '2025-01-01-preview');
    assert.equal(put('Pipeline'), '2024-01-01-preview');
    assert.equal(put('Spark'), '2023-04-01-preview');
    assert.equal(apiVersion('GET', 'jobs/j'), '2024-01-01-preview');
    assert.equal(apiVersion('POST', 'jobs/j/cancel'), '2023-04-01-preview');
  });

  it('follow the type of a batch deployment', () => {
    const body = { properties: { deploymentConfiguration: { deploymentConfigurationType: 'PipelineComponent' } } };
    assert.equal(apiVersion('PUT', 'batchEndpoints/e/deployments/d', body), '2023-02-01-preview');
    assert.equal(apiVersion('PUT', 'batchEndpoints/e/deployments/d', {}), '2024-01-01-preview');
  });
});
