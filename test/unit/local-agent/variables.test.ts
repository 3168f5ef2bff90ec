import assert from 'node:assert/strict';
import { Variables } from '../../../local/agent/variables.ts';

function variables(values: Readonly<Record<string, string>>): Variables {
  const all = new Variables();
  for (const [name, value] of Object.entries(values)) all.set(name, value);
  return all;
}

describe('variables', () => {
  it('are found without case', () => {
    assert.equal(variables({ 'Some.Name': 'x' }).get('sOME.nAME'), 'x');
  });

  it('expand through other variables', () => {
    const all = variables({ a: '$(b)-$(missing)', b: '$(c)', c: 'end' });
    assert.deepEqual(all.expand(), []);
    assert.equal(all.get('a'), 'end-$(missing)');
  });

  it('stay as they are when they name each other in a circle, with a warning each', () => {
    const all = variables({ variable1: '1_$(variable2)', variable2: '2_$(variable3)', variable3: '3_$(variable2)' });
    assert.equal(all.expand().length, 3);
    assert.deepEqual(
      ['variable1', 'variable2', 'variable3'].map((name) => all.get(name)),
      ['1_$(variable2)', '2_$(variable3)', '3_$(variable2)'],
    );
  });

  it('expand fifty deep and no deeper', () => {
    const chain = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`v${i + 1}`, `$(v${i + 2})`]));
    const all = variables({ ...chain, v51: 'end' });
    assert.equal(all.expand().length, 1);
    assert.equal(all.get('v1'), '$(v2)');
    assert.equal(all.get('v2'), 'end');
  });

  it('go on searching one character behind an unknown macro', () => {
    assert.equal(variables({ variable2: 'hello' }).expandMacros('before$($(variable2)after'), 'before$(helloafter');
  });

  it('expand inputs once, not what a value itself contains', () => {
    assert.equal(variables({ a: '$(b)', b: 'x' }).expandMacros('$(a) $(A)'), '$(b) $(b)');
    assert.equal(variables({ empty: '' }).expandMacros('before $(empty) after'), 'before  after');
  });

  it('become secret when they take in a secret, which is then masked', () => {
    const secrets: string[] = [];
    const all = new Variables((value) => secrets.push(value));
    all.set('password', 'hush', { secret: true });
    all.set('middle', 'm$(password)');
    all.set('outer', 'o$(middle)');
    all.expand();
    assert.equal(all.find('outer')?.secret, true);
    assert.ok(secrets.includes('omhush'));
  });

  it('stay secret and read-only once they were', () => {
    const all = variables({ plain: 'a' });
    all.set('plain', 'b', { secret: true, readOnly: true });
    all.set('PLAIN', 'c');
    assert.deepEqual(all.find('plain'), { value: 'c', secret: true, readOnly: true, preserveCase: false });
  });
});
