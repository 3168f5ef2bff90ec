import assert from 'node:assert/strict';
import { masking, secretForms } from '../../../tasks/common/agent/masking.ts';

describe('masking', () => {
  it('tells the agent every form a secret is seen in', () => {
    assert.deepEqual(secretForms('p@ss/word'), [
      'p@ss/word',
      'p%40ss%2Fword',
      Buffer.from('p@ss/word').toString('base64'),
    ]);
  });

  it('masks the lines of a secret one by one, because the agent does not', () => {
    const forms = secretForms('first line\r\nsecond\n');
    assert.ok(forms.includes('first line') && forms.includes('second'));
    assert.ok(forms.includes(Buffer.from('second').toString('base64')));
  });

  it('leaves values alone that would turn the log into asterisks', () => {
    assert.deepEqual(secretForms(''), []);
    assert.deepEqual(secretForms('ab'), []);
    assert.ok(!secretForms('secret\nab\n\n').includes('ab'));
    assert.ok(!secretForms('secret\nab').includes(Buffer.from('ab').toString('base64')));
  });

  it('sends each form once, and none that the agent knows', () => {
    const lines: string[] = [];
    const masks = masking((line) => lines.push(line), ['known']);
    masks.add('abc');
    masks.add('abc');
    masks.add('known');
    assert.deepEqual(lines, ['##vso[task.setsecret]abc', '##vso[task.setsecret]YWJj']);
  });

  it('escapes a secret of several lines into one command', () => {
    const lines: string[] = [];
    masking((line) => lines.push(line)).add('100%\nsecret');
    assert.equal(lines[0], '##vso[task.setsecret]100%AZP25%0Asecret');
    assert.ok(lines.every((line) => !/[\r\n]/.test(line)));
  });

  it('takes secrets out of text, the longest first', () => {
    const masks = masking(() => undefined, ['token', 'token-and-more']);
    masks.add('p@ss');
    assert.equal(masks.redact('a token-and-more, a token, p%40ss, p@ss'), 'a ***, a ***, ***, ***');
  });
});
