import assert from 'node:assert/strict';
import { manifestHash } from '../../../tasks/common/aml-yaml/manifest-hash.ts';
import {
  approvalOutcome,
  approvalProperties,
  carriedAlong,
  differentFiles,
  type Approvals,
} from '../../../tasks/common/domain/promotion.ts';
import { registryAsset, registryAssetId, registryNameProblem } from '../../../tasks/common/domain/registry-asset.ts';

const file = (name: string, size = 1, sha256 = 'a') => ({ name, size, sha256 });

describe('what is promoted', () => {
  it('is the same only with the same names, sizes and content', () => {
    assert.deepEqual(differentFiles([file('a'), file('b')], [file('b'), file('a')]), []);
    assert.deepEqual(differentFiles([file('a'), file('b'), file('c')], [file('a', 2), file('b', 1, 'x'), file('d')]), [
      "'a' has 2 bytes and not 1",
      "'b' has other content",
      "'c' is missing",
      "'d' is not in the source",
    ]);
  });

  it('has a hash that anybody can compute again', () => {
    // printf 'a 1 x\n' | sha256sum
    assert.equal(
      manifestHash([{ name: 'x', size: 1, sha256: 'a' }]),
      '248bd767ee16700751acb45f4c86a8de830afa5cc0e9cdd4b72fc36e57125159',
    );
  });

  it('leaves behind what belonged to the promotion before', () => {
    const carried = carriedAlong({
      'azdo.buildId': '1',
      'azdo.origin': 'o',
      'azdo.promoted': 't',
      'azdo.promotedTo': 'x',
      'azdo.promotion.buildId': '2',
      'azdo.approvedBy': 'Grace',
      team: 'risk',
    });
    assert.deepEqual(carried, { 'azdo.buildId': '1', 'azdo.origin': 'o', team: 'risk' });
  });
});

describe('approvals', () => {
  const read = (...statuses: readonly string[]): Approvals => ({
    state: 'read',
    stage: 's',
    environment: undefined,
    approvals: statuses.map((status) => ({ status, approver: 'A', decidedAt: '2026-01-01' })),
  });

  it('count only when all who were asked have approved', () => {
    assert.equal(approvalOutcome(read('approved', 'Approved')), 'approved');
    for (const status of ['rejected', 'pending', 'timedOut', 'skipped']) {
      assert.equal(approvalOutcome(read('approved', status)), 'notApproved');
    }
    assert.equal(approvalOutcome(read()), 'none');
    assert.equal(approvalOutcome({ state: 'unavailable', reason: 'r' }), 'unavailable');
  });

  it('are recorded in values the service takes', () => {
    const long = approvalProperties({ state: 'unavailable', reason: 'x'.repeat(999) });
    assert.equal(long['azdo.approvalUnavailable']?.length, 250);
    assert.deepEqual(approvalProperties(read()), { 'azdo.approval': 'none', 'azdo.approvalStage': 's' });
  });
});

describe('an asset of a registry', () => {
  it('is known by its URI', () => {
    const id = registryAssetId('shared', 'models', 'churn', '7');
    assert.deepEqual(registryAsset(id), { registry: 'shared', collection: 'models', name: 'churn', version: '7' });
    assert.equal(registryAsset('azureml://registries/r/models/m/labels/latest')?.version, undefined);
    for (const other of ['churn:7', '/subscriptions/s/models/m/versions/1', 'azureml://registries/r/models/m']) {
      assert.equal(registryAsset(other), undefined, other);
    }
  });

  it('is in a registry whose name can be one', () => {
    assert.equal(registryNameProblem('shared-models_1'), undefined);
    for (const name of ['a', 'a/b', '-a', 'x'.repeat(34)]) assert.match(registryNameProblem(name) ?? '', /not a name/);
  });
});
