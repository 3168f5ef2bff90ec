import assert from 'node:assert/strict';
import { parseArguments, type LocalOptions, type OptionName } from '../../../local/arguments.ts';

const ALL: readonly OptionName[] = [
  'input',
  'variable',
  'var',
  'secret',
  'param',
  'node',
  'auth',
  'speed',
  'port',
  'debug',
];

function parse(...args: string[]): LocalOptions {
  return parseArguments(args, ALL, { speed: 60 }, { TOKEN: 'hush' }).options;
}

describe('arguments of local commands', () => {
  it('take names and values, the value with whatever signs it has', () => {
    const options = parse('--input', 'a=b=c', '--input=d=', '--variable', 'x=1', '--var', 'y=2', '--param', 'p=3');
    assert.deepEqual(options.inputs, { a: 'b=c', d: '' });
    assert.deepEqual(options.variables, { x: '1', y: '2' });
    assert.deepEqual(options.parameters, { p: '3' });
  });

  it('take secrets from the environment only', () => {
    assert.deepEqual(parse('--secret', 'TOKEN').secrets, { TOKEN: 'hush' });
    assert.throws(() => parse('--secret', 'NOSUCH'), /environment variable NOSUCH, which is not set/);
  });

  it('have defaults', () => {
    const { node, scheme, speed, port } = parse();
    assert.deepEqual({ node, scheme, speed, port }, { node: 20, scheme: 'federation', speed: 60, port: undefined });
  });

  it('are refused with one sentence', () => {
    assert.throws(
      () => parse('--nodes', '24'),
      /^UsageError: There is no option --nodes here\. Did you mean 'node'\?$/,
    );
    assert.throws(() => parse('--state', 'x'), /no option --state here/);
    assert.throws(() => parse('--node', '22'), /--node takes 20, 24, not '22'/);
    assert.throws(() => parse('--auth', 'password'), /--auth takes federation, secret, certificate, managed-identity/);
    assert.throws(() => parse('--speed', 'fast'), /--speed takes a positive number/);
    assert.throws(() => parse('--input', 'novalue'), /--input takes name=value, not 'novalue'/);
    assert.throws(() => parse('--input'), /--input/);
  });
});
