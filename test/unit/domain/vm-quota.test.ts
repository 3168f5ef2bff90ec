import assert from 'node:assert/strict';
import { exceeds, quotasOf, reservedCores, sizeProblem, vmSizes } from '../../../tasks/common/domain/vm-quota.ts';

const usage = (type: string, value: string, currentValue: number, limit: number, id = '/subscriptions/s/usages') => ({
  id,
  type: `Microsoft.MachineLearningServices/${type}`,
  name: { value, localizedValue: value },
  currentValue,
  limit,
});

describe('the quota of a region', () => {
  const family = 'Standard DSv2 Family Cluster Dedicated vCPUs';

  it('is that of the family and of the region, not of workspaces and clusters, nor of low priority', () => {
    const usages = [
      usage('totalCores/usages', 'Clusters', 7, 100),
      usage('dedicatedCores/usages', 'Total Cluster Dedicated Regional vCPUs', 14, 24),
      usage('vmFamily/usages', family, 2, 24),
      usage('vmFamily/usages', 'Standard Dv2 Family Cluster Dedicated vCPUs', 0, 24),
      usage('vmFamily/usages', 'Standard DSv2 Family Cluster LowPriority vCPUs', 0, -1),
      usage('workspaces/usages', family, 1, 2, '/subscriptions/s/resourceGroups/rg/providers/x/workspaces/w/usages/y'),
    ];
    assert.deepEqual(quotasOf('standardDSv2Family', usages), [
      { name: 'Total Cluster Dedicated Regional vCPUs', used: 14, limit: 24 },
      { name: family, used: 2, limit: 24 },
    ]);
  });

  it('is found by the family’s short name as well', () => {
    const short = {
      ...usage('usages', 'standardDSv2Family', 4, 10),
      name: { value: 'standardDSv2Family', localizedValue: family },
    };
    assert.deepEqual(quotasOf('standardDSv2Family', [short]), [{ name: family, used: 4, limit: 10 }]);
  });

  it('is exceeded by what is more than free, and never where there is none', () => {
    assert.equal(exceeds({ name: '', used: 20, limit: 24 }, 4), false);
    assert.equal(exceeds({ name: '', used: 20, limit: 24 }, 5), true);
    assert.equal(exceeds({ name: '', used: 20, limit: -1 }, 1000), false);
    assert.deepEqual([reservedCores(1, 4), reservedCores(5, 4), reservedCores(10, 4)], [8, 24, 48]);
  });

  it('knows the sizes of machines, without letter case', () => {
    const sizes = vmSizes({
      value: [{ name: 'Standard_DS3_v2', family: 'standardDSv2Family', vCPUs: 4 }, { name: 'odd' }],
    });
    assert.equal(sizes.length, 1);
    assert.equal(sizeProblem('standard_ds3_V2', sizes, 'westeurope'), undefined);
    assert.match(
      sizeProblem('Standard_DS3v2', sizes, 'westeurope') ?? '',
      /in westeurope\. Did you mean Standard_DS3_v2\?/,
    );
    assert.equal(sizeProblem('anything', [], 'westeurope'), undefined);
  });
});
