import assert from 'node:assert/strict';
import { knownCloudOf, mayReceiveToken, privateZoneOf } from '../../../tasks/common/azure/clouds.ts';
import type { Cloud } from '../../../tasks/common/azure/clouds.ts';
import { customCloud } from '../../../tasks/common/azure/clouds.ts';
import { parseMetadata } from '../../../tasks/common/azure/custom-cloud.ts';
import { UserError } from '../../../tasks/common/errors.ts';
import { connection } from '../../fixtures/azure/connection.ts';

function known(environment: string, resourceManagerUrl: string): Cloud {
  const cloud = knownCloudOf(connection({ environment, resourceManagerUrl }));
  assert.ok(cloud);
  return cloud;
}

const publicCloud = known('azurecloud', 'https://management.azure.com');

describe('clouds', () => {
  it('have an authority and audiences of their own', () => {
    const china = known('AzureChinaCloud', 'https://management.chinacloudapi.cn');
    assert.equal(china.authorityUrl, 'https://login.chinacloudapi.cn');
    assert.equal(china.scopes.machineLearning, 'https://ml.azure.cn/.default');
    assert.equal(china.scopes.resourceManager, 'https://management.chinacloudapi.cn/.default');
  });

  it("take the connection's authority before the table's", () => {
    const cloud = knownCloudOf(connection({ authorityUrl: 'https://login.example.com/' }));
    assert.equal(cloud?.authorityUrl, 'https://login.example.com');
    assert.throws(() => knownCloudOf(connection({ authorityUrl: 'http://login.example.com' })), UserError);
  });

  it('that Microsoft does not run describe themselves', () => {
    const own = connection({ environment: 'AzureStack', resourceManagerUrl: 'https://management.azure.lab.example' });
    assert.equal(knownCloudOf(own), undefined);
    const metadata = parseMetadata(
      [
        { name: 'Other', resourceManager: 'https://management.other.example/' },
        {
          name: 'Lab',
          resourceManager: 'https://management.azure.lab.example/',
          portal: 'https://portal.azure.lab.example',
          authentication: {
            loginEndpoint: 'https://login.azure.lab.example/',
            audiences: ['https://management.azure.lab.example/'],
          },
          suffixes: { storage: 'azure.lab.example' },
        },
      ],
      own,
    );
    assert.ok(metadata);
    const cloud = customCloud(own, metadata);
    assert.equal(cloud.authorityUrl, 'https://login.azure.lab.example');
    assert.equal(cloud.scopes.resourceManager, 'https://management.azure.lab.example/.default');
    assert.equal(cloud.scopes.machineLearning, 'https://ml.azure.lab.example/.default');
    assert.ok(mayReceiveToken(cloud, 'machineLearning', 'https://westeurope.api.ml.azure.lab.example/history'));
    assert.ok(mayReceiveToken(cloud, 'machineLearning', 'https://westeurope.api.azureml.lab.example/history'));
    assert.ok(mayReceiveToken(cloud, 'storage', 'https://stmlops.blob.azure.lab.example/c'));
    assert.ok(!mayReceiveToken(cloud, 'resourceManager', 'https://management.azure.com/'));
  });

  it('of Azure Stack Hub describe themselves in the older form', () => {
    const own = connection({
      environment: 'AzureStack',
      resourceManagerUrl: 'https://management.local.azurestack.external',
    });
    const metadata = parseMetadata(
      {
        portalEndpoint: 'https://portal.local.azurestack.external/',
        authentication: { loginEndpoint: 'https://adfs.local.azurestack.external/adfs', audiences: ['https://arm/x'] },
      },
      own,
    );
    assert.equal(metadata?.loginEndpoint, 'https://adfs.local.azurestack.external/adfs');
    assert.equal(metadata.name, 'AzureStack');
  });
});

describe('tokens', () => {
  it('go to hosts of their audience', () => {
    const may: [Parameters<typeof mayReceiveToken>[1], string][] = [
      ['resourceManager', 'https://management.azure.com/subscriptions/x'],
      ['resourceManager', 'https://westeurope.api.azureml.ms/assetstore/v1.0/operations/1'],
      ['machineLearning', 'https://westeurope.api.azureml.ms/history/v1.0/x'],
      ['machineLearning', 'https://churn.westeurope.inference.ml.azure.com/score'],
      ['storage', 'https://stmlops.blob.core.windows.net/c/b'],
      ['storage', 'https://stmlops.z12.blob.storage.azure.net/c/b'],
    ];
    for (const [audience, url] of may) assert.ok(mayReceiveToken(publicCloud, audience, url), url);
  });

  it('go nowhere else', () => {
    const mayNot: [Parameters<typeof mayReceiveToken>[1], string][] = [
      ['resourceManager', 'http://management.azure.com/'],
      ['resourceManager', 'https://management.azure.com:8443/'],
      ['resourceManager', 'https://management.azure.com.evil.example/'],
      ['resourceManager', 'https://evil-management.azure.com/'],
      ['resourceManager', 'https://management.azure.com@evil.example/'],
      ['resourceManager', 'https://user:pw@management.azure.com/'],
      ['resourceManager', 'https://management.usgovcloudapi.net/'],
      ['resourceManager', 'https://stmlops.blob.core.windows.net/c'],
      ['machineLearning', 'https://api.azureml.ms.evil.example/'],
      ['machineLearning', 'https://stmlops.blob.core.windows.net/c'],
      ['storage', 'https://management.azure.com/'],
      ['storage', 'https://vault.core.windows.net/'],
      ['storage', 'not a url'],
    ];
    for (const [audience, url] of mayNot) assert.ok(!mayReceiveToken(publicCloud, audience, url), url);
  });
});

describe('private DNS zones', () => {
  it('are named for the hosts a private endpoint serves', () => {
    const zone = (host: string) => privateZoneOf(publicCloud, host);
    assert.equal(zone('westeurope.api.azureml.ms'), 'privatelink.api.azureml.ms');
    assert.equal(zone('churn.westeurope.inference.ml.azure.com'), 'privatelink.api.azureml.ms');
    assert.equal(zone('stmlops.blob.core.windows.net'), 'privatelink.blob.core.windows.net');
    assert.equal(zone('login.microsoftonline.com'), undefined);
  });
});
