/** The command line of the pool tool: what it reads, and how it refuses. */
import assert from 'node:assert/strict';
import { COMMON_OPTIONS } from '../../../agent-bootstrap/pool/help.ts';
import { readOptions } from '../../../agent-bootstrap/pool/options.ts';
import { VERBS } from '../../../agent-bootstrap/pool/verbs.ts';

const URL = 'https://dev.azure.com/contoso';

function read(verb: string, ...args: readonly string[]): ReturnType<typeof readOptions> {
  return readOptions([...COMMON_OPTIONS, ...(VERBS[verb]?.options ?? [])], args);
}

describe('the options of the pool tool', () => {
  it('are read in both spellings, some of them repeatedly', () => {
    const ids = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
    const values = read(
      'ensure-pool',
      `--organization=${URL}`,
      '--pool',
      'aml private',
      ...ids.flatMap((id) => ['--administrator', id]),
      '--what-if',
    );
    assert.deepEqual(values.get('organization'), [URL]);
    assert.deepEqual(values.get('pool'), ['aml private']);
    assert.deepEqual(values.get('administrator'), ids);
    assert.ok(values.has('what-if'));
  });

  it('tell all problems at once', () => {
    assert.throws(() => read('reap', '--organization', URL, '--offline-hours', '0', '--force'), {
      name: 'UsageError',
      message:
        "--offline-hours must be a whole number from 1 to 8760; '0' is not; there is no option '--force'; " +
        '--pool is missing; --name-prefix is missing',
    });
  });

  const wrong: readonly [string, readonly string[], RegExp][] = [
    ['http', ['--organization', 'http://dev.azure.com/contoso'], /--organization must be https:\/\/dev\.azure\.com/],
    ['a host of its own', ['--organization', 'https://dev.azure.com.example.net/contoso'], /--organization must be/],
    ['a value that is missing', ['--pool', '--what-if'], /--pool needs a value/],
    ['an option twice', ['--pool', 'p', '--pool', 'q'], /--pool is given twice/],
    ['a switch with a value', ['--what-if=no'], /--what-if takes no value/],
    ['a number that is none', ['--count', '1e3'], /--count must be a whole number from 1 to 1000; '1e3' is not/],
    ['a word that is no option', ['now'], /there is no option 'now'/],
    ['an identity by its name', ['--identity', 'my-identity'], /--identity must be the client id/],
  ];
  for (const [what, args, sentence] of wrong) {
    it(`refuse ${what}`, () => {
      assert.throws(() => read('wait-online', ...args), sentence);
    });
  }

  it('take no secret: nothing is named like one', () => {
    const names = Object.values(VERBS).flatMap(({ options }) => options.map(({ name }) => name));
    assert.deepEqual(
      [...names, ...COMMON_OPTIONS.map(({ name }) => name)].filter((name) => /token|pat$|secret|password/.test(name)),
      [],
    );
  });
});
