import assert from 'node:assert/strict';
import { planFile } from '../../../tasks/common/aml-yaml/plan-file.ts';
import type { Plan } from '../../../tasks/common/aml-yaml/plan.ts';
import type { JsonObject } from '../../../tasks/common/domain/json.ts';
import { applyPlan } from '../../../tasks/common/operations/apply-plan.ts';
import { whatIf } from '../../../tasks/common/operations/what-if.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { FakeWorkspace } from '../fakes/fake-workspace.ts';
import { memoryFiles } from './memory-files.ts';

const MINIMAL = 'name: shared\nlocation: westeurope\nreplication_locations: [{location: westeurope}]\n';

function plan(yaml: string): Promise<Plan> {
  return planFile({
    file: 'registry.yml',
    absolutePath: '/sources/registry.yml',
    kind: 'registry',
    files: memoryFiles({ '/sources/registry.yml': yaml }),
    workspace: new FakeWorkspace().id,
    sourcesDirectory: '/sources',
  });
}

describe('registries', () => {
  it('make their own storage and container registry in each region unless told otherwise', async () => {
    const { main } = await plan(
      'name: shared\nlocation: westeurope\ntags: {team: risk}\npublic_network_access: Disabled\n' +
        'replication_locations:\n- location: westeurope\n- location: northeurope\n' +
        '  storage_config: [/subscriptions/s/storageAccounts/own]\n  acr_config: [/subscriptions/s/registries/own]\n',
    );
    assert.deepEqual(main.body, {
      location: 'westeurope',
      tags: { team: 'risk' },
      identity: { type: 'SystemAssigned' },
      properties: {
        managedResourceGroupTags: { team: 'risk' },
        publicNetworkAccess: 'Disabled',
        regionDetails: [
          {
            location: 'westeurope',
            acrDetails: [{ systemCreatedAcrAccount: { acrAccountSku: 'Premium' } }],
            storageAccountDetails: [
              {
                systemCreatedStorageAccount: {
                  storageAccountHnsEnabled: false,
                  storageAccountType: 'standard_lrs',
                },
              },
            ],
          },
          {
            location: 'northeurope',
            acrDetails: [
              { userCreatedAcrAccount: { armResourceId: { resourceId: '/subscriptions/s/registries/own' } } },
            ],
            storageAccountDetails: [
              {
                userCreatedStorageAccount: { armResourceId: { resourceId: '/subscriptions/s/storageAccounts/own' } },
              },
            ],
          },
        ],
      },
    });
  });

  it('are written beside the workspace, and left alone when they already are as the file says', async () => {
    const workspace = new FakeWorkspace();
    const context = { agent: new FakeAgent({}), workspace };
    const scopes: (string | undefined)[] = [];
    const put = workspace.put.bind(workspace);
    workspace.put = (path: string, body: JsonObject, options) => {
      scopes.push(options?.scope);
      return put(path, body, options);
    };
    const predicted = await whatIf(context, await plan(MINIMAL), new Map());
    assert.equal(predicted.change, 'create');
    assert.equal((await applyPlan(context, await plan(MINIMAL))).change, 'create');
    assert.equal((await applyPlan(context, await plan(MINIMAL))).change, 'unchanged');
    assert.deepEqual(scopes, ['resourceGroup']);
    assert.deepEqual(
      workspace.writes().map(({ path }) => path),
      ['registries/shared'],
    );
  });

  it('are refused with a name that cannot be one', async () => {
    await assert.rejects(plan(MINIMAL.replace('shared', '"-x"')), /'-x' is no valid registry name/);
  });
});
