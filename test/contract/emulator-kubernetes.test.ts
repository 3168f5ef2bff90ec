import assert from 'node:assert/strict';
import { at, textAt } from '../../local/emulator/json.ts';
import { send, type Answer } from './job-workspace.ts';
import { startOnlineWorkspace, type OnlineWorkspace } from './online-workspace.ts';

const CLUSTER =
  '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-aks/providers/Microsoft.ContainerService/managedClusters/aks';
const VERSION = '2023-04-01-preview';

describe('Kubernetes endpoints of the emulator', function () {
  this.timeout(60_000);
  let online: OnlineWorkspace;

  before(async () => {
    online = await startOnlineWorkspace();
    await online.putAssets();
    const properties = { computeType: 'Kubernetes', resourceId: CLUSTER, properties: { namespace: 'ml' } };
    const attached = await online.arm('PUT', 'computes/aks', VERSION, { location: 'westeurope', properties });
    assert.equal(attached.status, 201, attached.text);
  });
  after(() => online.close());

  const putEndpoint = (name: string, compute: string, more: object = {}): Promise<Answer> =>
    online.arm('PUT', `onlineEndpoints/${name}`, VERSION, {
      location: 'westeurope',
      properties: { authMode: 'Key', compute: online.id(`computes/${compute}`), ...more },
    });
  const putDeployment = (endpointComputeType: string): Promise<Answer> => {
    const { properties, ...body } = online.deploymentBody('blue');
    const kubernetes = { ...properties, endpointComputeType, instanceType: 'defaultinstancetype' };
    return online.arm('PUT', 'onlineEndpoints/clustered/deployments/blue', VERSION, {
      ...body,
      properties: kubernetes,
    });
  };
  const ended = async (answer: Answer): Promise<void> => {
    assert.equal(answer.status, 201, answer.text);
    const end = await online.operationEnd(String(answer.headers['azure-asyncoperation']));
    assert.equal(end.status, 'Succeeded');
  };

  it('stand on an attached cluster, which tells what it is', async () => {
    const { body } = await online.arm('GET', 'computes/aks', VERSION);
    const { computeType, resourceId, isAttachedCompute } = body.properties as Record<string, unknown>;
    assert.deepEqual([computeType, resourceId, isAttachedCompute], ['Kubernetes', CLUSTER, true]);
    assert.equal(textAt(body, 'properties', 'properties', 'namespace'), 'ml');
  });

  it('answer at the router of the cluster, with the endpoint in the path', async () => {
    await ended(await putEndpoint('clustered', 'aks'));
    await ended(await putDeployment('Kubernetes'));
    await ended(await putEndpoint('clustered', 'aks', { traffic: { blue: 100 } }));
    const { body } = await online.arm('GET', 'onlineEndpoints/clustered', VERSION);
    const uri = textAt(body, 'properties', 'scoringUri') ?? '';
    assert.equal(uri, 'https://aks.westeurope.cloudapp.azure.com/api/v1/endpoint/clustered/score');
    assert.equal(at(body, 'kind'), 'Kubernetes');
    const authorization = `Bearer ${await online.keyOf('clustered')}`;
    const answer = await send(online.emulator, 'POST', uri, { authorization }, { numbers: [2, 3] });
    assert.deepEqual([answer.status, textAt(answer.body, 'name'), at(answer.body, 'sum')], [200, 'blue', 5]);
    assert.equal(answer.headers['azureml-model-deployment'], 'blue');
    const elsewhere = uri.replace('/clustered/', '/none/');
    assert.equal((await send(online.emulator, 'POST', elsewhere, { authorization }, {})).status, 404);
  });

  it('refuse what a cluster cannot do', async () => {
    await ended(await putEndpoint('refused', 'aks'));
    assert.equal((await putEndpoint('missing', 'none')).status, 404);
    assert.equal((await putEndpoint('wrong', 'cpu-cluster')).status, 400);
    assert.equal((await putDeployment('Managed')).status, 400);
    const mirror = await putEndpoint('clustered', 'aks', { mirrorTraffic: { blue: 10 } });
    assert.equal(mirror.status, 400);
    assert.match(mirror.text, /cannot be mirrored on a Kubernetes endpoint/);
  });
});
