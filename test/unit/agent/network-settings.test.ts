import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from '../../../tasks/common/agent/environment.ts';
import { networkSettings } from '../../../tasks/common/agent/network-settings.ts';
import { UserError } from '../../../tasks/common/errors.ts';

const noMasks = { add: () => undefined };

describe('the agent’s network settings', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'network-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('are empty for an agent without a proxy or a CA of its own', () => {
    assert.deepEqual(networkSettings(readEnvironment({}), noMasks), {
      proxy: undefined,
      certificateAuthorities: undefined,
    });
  });

  it('carry the proxy, its credentials and its bypass list, and mask the password', () => {
    const masked: string[] = [];
    const environment = readEnvironment({
      AGENT_PROXYURL: 'http://proxy:3128',
      AGENT_PROXYUSERNAME: 'agent',
      SECRET_AGENT_PROXYPASSWORD: 'p@ss',
      AGENT_PROXYBYPASSLIST: '["^https://intra\\\\.example", "(broken"]',
    });
    assert.deepEqual(networkSettings(environment, { add: (value) => masked.push(value) }).proxy, {
      url: 'http://proxy:3128',
      username: 'agent',
      password: 'p@ss',
      bypass: ['^https://intra\\.example'],
    });
    assert.deepEqual(masked, ['p@ss']);
  });

  it('carry the text of the CA file', () => {
    const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
    writeFileSync(join(folder, 'ca.pem'), pem);
    const settings = networkSettings(readEnvironment({ AGENT_CAINFO: join(folder, 'ca.pem') }), noMasks);
    assert.equal(settings.certificateAuthorities, pem);
  });

  it('refuse settings that cannot be used', () => {
    writeFileSync(join(folder, 'ca.der'), 'binary');
    const refused: readonly [Record<string, string>, RegExp][] = [
      [{ AGENT_CAINFO: join(folder, 'missing.pem') }, /missing\.pem \(Agent\.CAInfo\) cannot be read/],
      [{ AGENT_CAINFO: join(folder, 'ca.der') }, /holds no PEM certificate/],
      [{ AGENT_PROXYURL: 'not a url' }, /Agent\.ProxyUrl\) is not a URL/],
      [{ AGENT_PROXYURL: 'http://p', AGENT_PROXYBYPASSLIST: 'a,b' }, /not a JSON array/],
    ];
    for (const [variables, sentence] of refused) {
      assert.throws(
        () => networkSettings(readEnvironment(variables), noMasks),
        (error) => error instanceof UserError && sentence.test(error.message),
      );
    }
  });
});
