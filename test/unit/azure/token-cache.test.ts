import assert from 'node:assert/strict';
import type { AcquireToken } from '../../../tasks/common/azure/credential.ts';
import { knownCloudOf } from '../../../tasks/common/azure/clouds.ts';
import { createTokenCache } from '../../../tasks/common/azure/token-cache.ts';
import { CancelledError } from '../../../tasks/common/errors.ts';
import { connection } from '../../fixtures/azure/connection.ts';
import { virtualClock } from '../../fixtures/azure/virtual-clock.ts';

const hour = 3_600_000;

function setUp() {
  const clock = virtualClock();
  const cloud = knownCloudOf(connection());
  assert.ok(cloud);
  const asked: string[] = [];
  let isDown = false;
  const acquire: AcquireToken = async (scope) => {
    asked.push(scope);
    await new Promise((resolve) => setImmediate(resolve));
    if (isDown) throw new Error('Entra is down');
    return { token: `token-${String(asked.length)}`, expiresAt: clock.now() + hour, refreshAt: undefined };
  };
  const tokens = createTokenCache(acquire, cloud, clock);
  const setDown = (down: boolean) => {
    isDown = down;
  };
  return { clock, asked, tokens, setDown };
}

describe('token cache', () => {
  it('asks once for all requests that wait, and once per audience', async () => {
    const { asked, tokens } = setUp();
    const all = await Promise.all(Array.from({ length: 50 }, () => tokens.token('resourceManager')));
    assert.deepEqual(new Set(all), new Set(['token-1']));
    await tokens.token('storage');
    assert.deepEqual(asked, ['https://management.azure.com/.default', 'https://storage.azure.com/.default']);
  });

  it('renews minutes before the end, and keeps a wait of 30 hours alive', async () => {
    const { clock, asked, tokens } = setUp();
    await tokens.token('resourceManager');
    clock.advance(hour - 6 * 60_000);
    assert.equal(await tokens.token('resourceManager'), 'token-1');
    clock.advance(2 * 60_000);
    assert.equal(await tokens.token('resourceManager'), 'token-2');
    for (let minute = 0; minute < 30 * 60; minute++) {
      clock.advance(60_000);
      await tokens.token('resourceManager');
    }
    assert.ok(asked.length > 30 && asked.length < 36, String(asked.length));
  });

  it('uses a token to its last minute while the authority is down', async () => {
    const { clock, tokens, setDown } = setUp();
    await tokens.token('resourceManager');
    setDown(true);
    clock.advance(hour - 3 * 60_000);
    assert.equal(await tokens.token('resourceManager'), 'token-1');
    clock.advance(2.5 * 60_000);
    await assert.rejects(tokens.token('resourceManager'), /Entra is down/);
  });

  it('renews a refused token once for all that were refused', async () => {
    const { asked, tokens } = setUp();
    const refused = await tokens.token('resourceManager');
    const renewed = await Promise.all([1, 2, 3].map(() => tokens.renew('resourceManager', refused)));
    assert.deepEqual(renewed, ['token-2', 'token-2', 'token-2']);
    assert.equal(await tokens.renew('resourceManager', refused), 'token-2');
    assert.equal(asked.length, 2);
  });

  it('lets one waiter go without failing the others', async () => {
    const { tokens } = setUp();
    const cancel = new AbortController();
    const cancelled = tokens.token('resourceManager', cancel.signal);
    const other = tokens.token('resourceManager');
    cancel.abort(new CancelledError());
    await assert.rejects(cancelled, CancelledError);
    assert.equal(await other, 'token-1');
  });
});
