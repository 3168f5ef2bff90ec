import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { operationErrorOf, serviceErrorOf, withoutSecrets } from '../../../tasks/common/azure/service-error.ts';
import type { Json } from '../../../tasks/common/domain/json.ts';

function recorded(name: string): string {
  return readFileSync(new URL(`../../fixtures/azure/errors/${name}`, import.meta.url), 'utf8');
}

function read(status: number, text: string, headers: Record<string, string> = {}) {
  const { code, message, requestId, hint } = serviceErrorOf({ status, headers, text }, 'Reading x');
  return { code, message, requestId, hint };
}

describe('error answers', () => {
  it('of the management front end: the innermost code, the correlation from the body', () => {
    const error = read(404, recorded('management-front-end-job.json'));
    assert.equal(error.code, 'JobNotFound');
    assert.equal(error.message, 'Job test_931381084239 not found.');
    assert.equal(error.requestId, '0123456789abcdef0123456789abcdef');
  });

  it('of the management front end: the detail says more than the outer sentence', () => {
    const error = read(404, recorded('management-front-end-endpoint.json'), { 'x-ms-correlation-request-id': 'abc' });
    assert.equal(error.code, 'NoSuchEndpoint');
    assert.equal(
      error.message,
      'The specified resource was not found: There is no endpoint with name: churn in mlw-mlops',
    );
    assert.equal(error.requestId, 'abc');
  });

  it('of deployments: the sentence inside the JSON inside the message, and a hint on quota', () => {
    const error = read(400, recorded('management-front-end-quota.json'));
    assert.match(error.message, /^The request is invalid: Not enough quota available for Standard_F4s_v2/);
    assert.doesNotMatch(error.message, /[{}]/);
    assert.match(error.hint ?? '', /quota/);
  });

  it('of the account service', () => {
    const error = read(404, recorded('account-rp-connection.json'));
    assert.equal(error.code, 'NotFoundError');
    assert.equal(error.requestId, 'fedcba9876543210fedcba9876543210');
  });

  it('of the gateway, with the role that is missing', () => {
    assert.equal(read(404, recorded('gateway-workspace.json')).code, 'ResourceNotFound');
    const refused = read(403, recorded('gateway-authorization.json'));
    assert.equal(refused.code, 'AuthorizationFailed');
    assert.match(refused.hint ?? '', /"AzureML Data Scientist" on the workspace \(\/subscriptions\/s\/resourceGroups/);
  });

  it('of MLflow, with its own code', () => {
    const error = read(400, recorded('mlflow-size-limit.json'));
    assert.equal(error.code, 'INVALID_PARAMETER_VALUE');
    assert.match(error.message, /over the size limit/);
    assert.equal(error.requestId, '24cb9d7516563ebd6e01d218254f0a9f');
  });

  it('of blob storage: XML with a byte order mark, or a header alone', () => {
    const error = read(403, recorded('blob-permission.xml'), { 'x-ms-request-id': 'r' });
    assert.equal(error.code, 'AuthorizationPermissionMismatch');
    assert.equal(error.message, 'This request is not authorized to perform this operation using this permission.');
    assert.match(error.hint ?? '', /Storage Blob Data Contributor/);
    assert.equal(read(404, '', { 'x-ms-error-code': 'BlobNotFound' }).code, 'BlobNotFound');
  });

  it('without a body, or with one that is no JSON', () => {
    assert.deepEqual(read(404, ''), {
      code: 'NotFound',
      message: 'Reading x was answered with status 404.',
      requestId: undefined,
      hint: undefined,
    });
    assert.match(read(502, '<html>Bad gateway</html>').code, /Http502/);
    assert.match(read(500, 'oops').message, /oops/);
  });

  it('of a long-running operation that failed', () => {
    const text = recorded('operation-failed.json');
    const error = operationErrorOf(JSON.parse(text) as Json, { status: 200, headers: {}, text });
    assert.equal(error.code, 'ResourceNotReady');
    assert.match(error.message, /User container has crashed/);
    assert.match(error.hint ?? '', /logs/);
    const canceled = operationErrorOf({ status: 'Canceled' }, { status: 200, headers: {}, text: '' });
    assert.equal(canceled.code, 'OperationCanceled');
  });

  it('never repeat a signature or a token', () => {
    const text = withoutSecrets(
      'GET https://stmlops.blob.core.windows.net/c/b?sv=2021&sig=abc%3D failed, sig=abc, eyJhbGciOiJSUzI1.eyJhdWQiOiJ4.c2ln',
    );
    assert.equal(text, 'GET https://stmlops.blob.core.windows.net/c/b failed, sig=***, ***');
  });
});
