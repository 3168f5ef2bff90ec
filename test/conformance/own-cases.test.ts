import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FIXTURES, writesOf, type Write } from './own-cases.ts';

const EXPECTED = join(FIXTURES, 'expected');

describe('what a YAML file writes to the workspace', () => {
  const fixtures = ['', 'components/']
    .flatMap((folder) => readdirSync(join(FIXTURES, folder)).map((name) => folder + name))
    .filter((name) => name.endsWith('.yml') && name !== 'conda.yml');

  for (const fixture of fixtures) {
    it(`of ${fixture}`, async () => {
      const file = join(EXPECTED, `${fixture.replace('/', '-').replace(/\.yml$/, '')}.json`);
      assert.ok(existsSync(file), `${file} says what is expected`);
      assert.deepEqual(await writesOf(fixture), JSON.parse(readFileSync(file, 'utf8')) as Write[]);
    });
  }
});
