import assert from 'node:assert/strict';
import type { Route } from '../../../local/emulator/http.ts';
import { createRouter, unknownRoute } from '../../../local/emulator/router.ts';

const route = (path: string, method = 'GET', plane: Route['plane'] = 'arm'): Route => ({
  plane,
  method,
  path,
  evidence: { mark: 'spec', source: 'test' },
  handle: () => ({ status: 200 }),
});

describe('the router', () => {
  const router = createRouter([
    route('/{any}/versions'),
    route('/models/{name}'),
    route('/models/special'),
    route('/files/{path*}'),
    route('/models/{name}', 'PUT'),
    route('/models/{name}', 'GET', 'regional'),
  ]);
  const found = (path: string, method = 'GET', plane: Route['plane'] = 'arm'): unknown => {
    const match = router.match(plane, method, path);
    return match === undefined ? undefined : [match.route.path, match.params];
  };

  it('prefers what is literal, wherever it was declared', () => {
    assert.deepEqual(found('/models/special'), ['/models/special', {}]);
    assert.deepEqual(found('/models/m'), ['/models/{name}', { name: 'm' }]);
    assert.deepEqual(found('/models/versions'), ['/models/{name}', { name: 'versions' }]);
    assert.deepEqual(found('/data/versions'), ['/{any}/versions', { any: 'data' }]);
  });

  it('compares literals without case, keeps the case of values, and decodes them', () => {
    assert.deepEqual(found('/MODELS/My%20Model'), ['/models/{name}', { name: 'My Model' }]);
    assert.deepEqual(found('/models/100%'), ['/models/{name}', { name: '100%' }]);
  });

  it('takes the rest of a path, none included', () => {
    assert.deepEqual(found('/files/a/b%2Fc'), ['/files/{path*}', { path: 'a/b/c' }]);
    assert.deepEqual(found('/files'), ['/files/{path*}', { path: '' }]);
  });

  it('does not look at doubled or trailing slashes', () => {
    assert.deepEqual(found('//models//m/'), ['/models/{name}', { name: 'm' }]);
  });

  it('finds nothing for another method, plane or length', () => {
    assert.equal(found('/models/m', 'DELETE'), undefined);
    assert.equal(found('/models/m', 'GET', 'scoring'), undefined);
    assert.equal(found('/models/m/more'), undefined);
  });

  it('refuses two routes for the same request', () => {
    assert.throws(() => createRouter([route('/a/{x}'), route('/A/{x}')]), /Two routes for arm GET/);
  });

  it('names the route that is not there', () => {
    const { description } = unknownRoute('arm', 'GET', '/nowhere');
    assert.equal(description.status, 501);
    assert.match(description.message, /GET \/nowhere/);
  });
});
