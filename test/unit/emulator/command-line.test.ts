import assert from 'node:assert/strict';
import { readOptions } from '../../../local/emulator/command-line.ts';

describe("the emulator's command line", () => {
  it('turns options into what to start', () => {
    const line = readOptions(['--port', '8080', '--state', 'd', '--cloud', 'Own=own.example', '--speed', '60']);
    assert.ok(line.kind === 'start');
    assert.deepEqual([line.options.port, line.options.stateFolder, line.options.speed], [8080, 'd', 60]);
    assert.equal(line.options.cloud?.arm, 'management.own.example');
  });

  it('takes further workspaces, and registries', () => {
    const line = readOptions(['--workspace', 'dev', '--registry', 'models', '--workspace', 'prod']);
    assert.ok(line.kind === 'start');
    const { workspace, furtherWorkspaces, registries } = line.options;
    assert.deepEqual([workspace, furtherWorkspaces, registries], ['dev', ['prod'], ['models']]);
  });

  for (const args of [['--port', '70000'], ['--cloud', 'Moon'], ['--workspace', 'a/b'], ['--clock', '1'], ['stray']]) {
    it(`says in one sentence what is wrong with ${args.join(' ')}`, () => {
      const line = readOptions(args);
      assert.ok(line.kind === 'problem');
      assert.match(line.sentence, /^[^\n]+ See npm run emulator -- --help\.$/);
    });
  }
});
