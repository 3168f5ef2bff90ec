import assert from 'node:assert/strict';
import { parseBlobPage } from '../../../tasks/common/azure/blob-list.ts';
import { blobName } from '../../../tasks/common/azure/blob-upload.ts';
import { bypassRules } from '../../../tasks/common/azure/connections.ts';
import { entraErrorOf } from '../../../tasks/common/azure/entra-error.ts';
import { parseJsonWithNaN } from '../../../tasks/common/azure/json-answer.ts';
import { readTrackedRun } from '../../../tasks/common/azure/mlflow.ts';
import { isPrivateAddress } from '../../../tasks/common/azure/network-error.ts';
import { createLimiter, forEachParallel } from '../../../tasks/common/azure/parallel.ts';
import { readDetails } from '../../../tasks/common/azure/run-history.ts';
import { signaturesOf, signContainerSas, splitSasUrl } from '../../../tasks/common/azure/sas.ts';
import { CancelledError } from '../../../tasks/common/errors.ts';
import { connection } from '../../fixtures/azure/connection.ts';

describe('MLflow answers', () => {
  it('give the last values, also those that are no numbers in JSON', () => {
    const text =
      '{"run":{"data":{"metrics":[{"key":"auc","value":0.9,"timestamp":"1711111111111","step":"3"},' +
      '{"key":"loss","value":NaN},{"key":"a \\"NaN\\" name","value":-Infinity},{"key":"up","value":"inf"}],' +
      '"params":[{"key":"lr","value":"0.1"}],"tags":[{"key":"mlflow.user","value":"u"}]}}}';
    const run = readTrackedRun(parseJsonWithNaN({ status: 200, headers: {}, text }));
    assert.deepEqual(run.metrics, [
      { name: 'auc', value: 0.9, step: 3, timestamp: 1711111111111 },
      { name: 'loss', value: NaN, step: 0, timestamp: 0 },
      { name: 'a "NaN" name', value: -Infinity, step: 0, timestamp: 0 },
      { name: 'up', value: Infinity, step: 0, timestamp: 0 },
    ]);
    assert.deepEqual(run.parameters, { lr: '0.1' });
    assert.deepEqual(run.tags, { 'mlflow.user': 'u' });
  });

  it('may be empty', () => {
    assert.deepEqual(readTrackedRun({ run: { data: {} } }), { metrics: [], parameters: {}, tags: {} });
  });
});

describe('run history', () => {
  it('reads a run that failed', () => {
    const details = readDetails(
      {
        runId: 'r',
        status: 'Failed',
        parentRunId: null,
        startTimeUtc: '2024-02-23T15:09:06.984Z',
        endTimeUtc: null,
        error: { error: { code: 'UserError', message: 'train.py failed' }, correlation: {} },
        warnings: [{ source: 's', message: 'w' }],
        properties: { a: 'b', n: null },
        logFiles: { 'user_logs/std_log.txt': 'https://x/y?sig=1' },
      },
      'r',
    );
    assert.equal(details.displayName, 'r');
    assert.deepEqual(details.error, { code: 'UserError', message: 'train.py failed' });
    assert.deepEqual(details.warnings, ['w']);
    assert.deepEqual(details.properties, { a: 'b' });
    assert.equal(details.parentId, undefined);
    assert.equal(details.endTime, undefined);
  });

  it('takes missing members as empty', () => {
    const details = readDetails({ status: 'Running', error: null, warnings: null }, 'r');
    assert.deepEqual([details.error, details.warnings, details.logFiles], [undefined, [], {}]);
  });
});

describe('blob listings', () => {
  it('name blobs as they are, and skip the folders of hierarchical accounts', () => {
    const page = parseBlobPage(
      '<EnumerationResults><Blobs><Blob><Name>a &amp; b/&#xE4;.txt</Name><Properties><Content-Length>12</Content-Length></Properties></Blob>' +
        '<Blob><Name Encoded="true">x%01y</Name><Properties><Content-Length>0</Content-Length></Properties></Blob>' +
        '<Blob><Name>dir</Name><Properties><ResourceType>directory</ResourceType><Content-Length>0</Content-Length></Properties></Blob>' +
        '</Blobs><NextMarker>2!8&amp;</NextMarker></EnumerationResults>',
    );
    assert.deepEqual(page.blobs, [
      { name: 'a & b/ä.txt', size: 12 },
      { name: 'x\u0001y', size: 0 },
    ]);
    assert.equal(page.marker, '2!8&');
    assert.equal(parseBlobPage('<EnumerationResults><NextMarker /></EnumerationResults>').marker, undefined);
  });

  it('join prefix and name with one slash', () => {
    assert.equal(blobName('/LocalUpload/h/', 'src/a.py'), 'LocalUpload/h/src/a.py');
    assert.equal(blobName('', 'a.py'), 'a.py');
    assert.equal(blobName('models/m', ''), 'models/m');
  });
});

describe('shared access signatures', () => {
  it('are split from the address they belong to', () => {
    const { address, query } = splitSasUrl('https://st.blob.core.windows.net/c?sv=1&sig=a%2Bb%3D');
    assert.equal(address, 'https://st.blob.core.windows.net/c');
    assert.deepEqual(signaturesOf(query), ['a%2Bb%3D', 'a+b=']);
  });

  it('made from a key are short, for https and for one container', () => {
    const now = Date.parse('2026-01-15T12:00:00Z');
    const sas = new URLSearchParams(signContainerSas('st', 'c', Buffer.from('key').toString('base64'), now));
    assert.deepEqual(
      [sas.get('se'), sas.get('spr'), sas.get('sr'), sas.get('sp')],
      ['2026-01-15T13:00:00Z', 'https', 'c', 'racwl'],
    );
  });
});

describe('proxy bypass', () => {
  it('is a regular expression over the address, without case; this machine is always reached directly', () => {
    const isBypassed = bypassRules([String.raw`.*\.CORE\.windows\.net`, '(unclosed', '']);
    assert.ok(isBypassed(new URL('https://st.blob.core.windows.net/c?x=1')));
    assert.ok(isBypassed(new URL('https://127.0.0.1:8080/')));
    assert.ok(!isBypassed(new URL('https://management.azure.com/?core.windows.net')));
  });
});

describe('refusals of Entra', () => {
  const refusal = (description: string) =>
    entraErrorOf(
      { status: 401, text: JSON.stringify({ error: 'invalid_client', error_description: description }) },
      new Error('wrapped'),
      connection(),
    );

  it('name the cause, the correlation and the cure', () => {
    const error = refusal(
      "AADSTS7000222: The provided client secret keys for app 'x' are expired. Trace ID: t Correlation ID: 0a-b Timestamp: now",
    );
    assert.equal(error.code, 'AADSTS7000222');
    assert.equal(error.requestId, '0a-b');
    assert.match(error.message, /azureml-connection.*are expired\.$/);
    assert.match(error.hint ?? '', /has expired.*workload identity federation/);
  });

  it('tell a wrong secret, a foreign subject and a wrong tenant apart', () => {
    assert.match(refusal('AADSTS7000215: Invalid client secret provided.').hint ?? '', /not its id/);
    assert.match(refusal('AADSTS700213: No matching federated identity record found').hint ?? '', /issuer and subject/);
    assert.match(refusal("AADSTS90002: Tenant 'x' not found.").hint ?? '', /tenant/);
  });
});

describe('addresses', () => {
  it('are private or public', () => {
    for (const address of ['10.1.2.3', '172.16.0.4', '192.168.1.1', '127.0.0.1', '169.254.169.254', 'fd00::1', '::1']) {
      assert.ok(isPrivateAddress(address), address);
    }
    for (const address of ['20.1.2.3', '172.32.0.1', '11.0.0.1', '2603:1030::1']) {
      assert.ok(!isPrivateAddress(address), address);
    }
  });
});

describe('parallel work', () => {
  it('never exceeds its limit and keeps its order of arrival', async () => {
    const limiter = createLimiter(3);
    const started: number[] = [];
    let running = 0;
    let most = 0;
    const work = (index: number) => async () => {
      started.push(index);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    await Promise.all(Array.from({ length: 20 }, (_, index) => limiter.run(work(index))));
    assert.equal(most, 3);
    assert.deepEqual(
      started,
      Array.from({ length: 20 }, (_, index) => index),
    );
  });

  it('stops the others at the first failure, which it throws', async () => {
    const done: number[] = [];
    const work = async (item: number, signal: AbortSignal) => {
      if (item === 2) throw new Error('two');
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      done.push(item);
    };
    await assert.rejects(forEachParallel([1, 2, 3, 4, 5, 6], 2, work, undefined), /two/);
    assert.ok(done.length < 3, String(done));
  });

  it("rejects with the signal's own reason", async () => {
    const cancel = new AbortController();
    const work = (): Promise<void> => {
      cancel.abort(new CancelledError());
      return Promise.resolve();
    };
    await assert.rejects(forEachParallel([1, 2, 3], 1, work, cancel.signal), CancelledError);
  });
});
