import assert from 'node:assert/strict';
import { SecretMasker } from '../../../local/agent/secret-masker.ts';

function mask(text: string, ...secrets: string[]): string {
  const masker = new SecretMasker();
  for (const secret of secrets) masker.add(secret);
  return masker.mask(text);
}

describe('masking of secrets', () => {
  it('replaces every occurrence', () => {
    assert.equal(mask('abcdefgdef', 'def'), 'abc***g***');
    assert.equal(mask('abcdefghi', 'bcd', 'fgh'), 'a***e***i');
  });

  it('gives one mask for secrets that overlap or touch', () => {
    assert.equal(mask('abcabcdef', 'abc'), '***def');
    assert.equal(mask('abcdefg', 'def', 'bcd'), 'a***g');
    assert.equal(mask('abcdefgh', 'efg', 'bcd'), 'a***h');
  });

  it('hides passwords in URLs', () => {
    assert.equal(mask('https://user:pass@example.com'), 'https://user:***@example.com');
    assert.equal(mask('https://simpledomain@example.com'), 'https://simpledomain@example.com');
  });

  it('knows the JSON, URI and backslash forms of a secret', () => {
    assert.equal(mask(String.raw`{"k":"a\"b"}`, 'a"b'), '{"k":"***"}');
    assert.equal(mask('q=a%20b%21', 'a b!'), 'q=***');
    assert.equal(mask(String.raw`C:\dir`, String.raw`C:\\dir`), '***');
  });

  it('ignores blank secrets and those shorter than the configured length', () => {
    assert.equal(mask('a b', ' '), 'a b');
    const masker = new SecretMasker(6);
    masker.add('12345');
    assert.equal(masker.mask('1234567'), '1234567');
    masker.add('123456');
    assert.equal(masker.mask('1234567'), '***7');
  });

  it('masks a job secret also trimmed, unquoted, escaped for commands and in base64', () => {
    const masker = new SecretMasker();
    masker.addJobSecret('"top%secret"');
    assert.equal(masker.mask('top%secret'), '***');
    assert.equal(masker.mask('"top%AZP25secret"'), '***');
    assert.equal(masker.mask(Buffer.from('"top%secret"').toString('base64')), '***');
  });

  it('knows a secret set by a task neither in base64 nor line by line, as the agent does not', () => {
    const masker = new SecretMasker();
    masker.addTaskSecret('line-one\nline-two');
    const base64 = Buffer.from('line-one\nline-two').toString('base64');
    assert.equal(masker.mask(base64), base64);
    assert.equal(masker.mask('line-one'), 'line-one');
    assert.equal(masker.mask('line-one%0Aline-two'), '***');
  });
});
