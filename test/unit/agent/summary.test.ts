import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { masking } from '../../../tasks/common/agent/masking.ts';
import { summary } from '../../../tasks/common/agent/summary.ts';

describe('the summary', () => {
  let folder: string;
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'summary-'));
    lines.length = 0;
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('is one file with all sections, handed over once', () => {
    const page = summary('AmlRunJob', () => folder, masking(write), write);
    page.add('# Job\n');
    page.add('\n## Metrics');
    page.publish();
    page.publish();
    assert.equal(lines.length, 1);
    const path = lines[0]?.replace('##vso[task.uploadsummary]', '') ?? '';
    assert.match(path, /AmlRunJob-[0-9a-f]{8}\.md$/);
    assert.equal(readFileSync(path, 'utf8'), '# Job\n\n## Metrics\n');
    assert.equal(statSync(path).mode & 0o077, 0);
  });

  it('does not exist without sections', () => {
    summary('AmlRunJob', () => assert.fail('no folder is needed'), masking(write), write).publish();
    assert.deepEqual(lines, []);
  });

  it('holds no secret, because the agent masks its log only', () => {
    const masks = masking(() => undefined, ['pipeline-secret']);
    const page = summary('AmlRunJob', () => folder, masks, write);
    page.add('pipeline-secret and late+secret and late%2Bsecret');
    masks.add('late+secret');
    page.publish();
    const path = lines[0]?.replace('##vso[task.uploadsummary]', '') ?? '';
    assert.equal(readFileSync(path, 'utf8'), '*** and *** and ***\n');
  });
});
