import assert from 'node:assert/strict';
import { provisioningCause, provisioningSentence } from '../../../tasks/common/domain/provisioning-failure.ts';

describe('the cause of a deployment that did not come up', () => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    ['BadRequest', 'Not enough quota available for Standard_DS3_v2 in SubscriptionId', '', 'quota'],
    ['OutOfCapacity', 'The region has no more machines', '', 'quota'],
    ['ACRAuthError', 'Failed', '', 'pullRight'],
    ['BadArgument', 'Failed to pull the image: ACR registry x.azurecr.io denied the request', '', 'pullRight'],
    ['BadArgument', 'The identity does not have AcrPull permission', '', 'pullRight'],
    ['ImagePullLoopBackOff', 'Failed to pull image, manifest unknown', '', 'imagePull'],
    ['BadArgument', 'Unable to download user container image during deployment creation.', '', 'imagePull'],
    ['ImageBuildFailure', 'Failed to build the environment', '', 'imageBuild'],
    [
      'ResourceNotReady',
      'User container has crashed or terminated',
      'Traceback (most recent call last):',
      'scoringScript',
    ],
    ['ResourceNotReady', 'Liveness probe failed.', 'ValueError: no such model', 'scoringScript'],
    ['ResourceNotReady', 'Liveness probe failed.', 'loading the model', 'probe'],
    ['ResourceNotReady', 'Readiness probe failed.', 'MemoryError', 'memory'],
    ['BadArgument', 'Unable to download user model', '', 'modelDownload'],
    ['InternalServerError', 'Something went wrong', '', 'unknown'],
  ];
  for (const [code, message, log, cause] of cases) {
    it(`is ${cause} for '${code}: ${message}'${log === '' ? '' : ` and a log with '${log}'`}`, () => {
      assert.equal(provisioningCause(code, message, log), cause);
      assert.equal(provisioningSentence(provisioningCause(code, message, log)) === '', cause === 'unknown');
    });
  }
});
