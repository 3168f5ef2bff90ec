import assert from 'node:assert/strict';
import { errorsOf, openBench, outputsOf, stepOf, task, type Bench } from './pipeline-job.ts';

const SCHEMA = '$schema: https://azuremlschemas.azureedge.net/latest/';

interface Change {
  readonly kind: string;
  readonly change: string;
}

describe('AmlApply', function () {
  this.timeout(60_000);
  let bench: Bench;

  before(async () => {
    bench = await openBench();
    bench.write('1-environment.yml', `${SCHEMA}environment.schema.json\nname: plain\nversion: '1'\nimage: ubuntu\n`);
    bench.write('2-data.yml', `${SCHEMA}data.schema.json\nname: rows\nversion: '1'\ntype: uri_folder\npath: rows\n`);
    bench.write('3-component.yml', component('counts lines'));
    bench.write('rows/rows.csv', 'a,b\n1,2\n');
  });
  after(() => bench.close());
  beforeEach(() => {
    bench.emulator.clearRequests();
  });

  function component(description: string): string {
    return [
      `${SCHEMA}commandComponent.schema.json`,
      'name: count',
      "version: '1'",
      `description: ${description}`,
      'command: wc -l',
      'environment: azureml:plain:1',
      '',
    ].join('\n');
  }

  async function apply(inputs: Readonly<Record<string, string>> = {}) {
    const record = await bench.run([task('AmlApply', { files: '*.yml', ...inputs }, { name: 'apply' })]);
    const step = stepOf(record, 'apply');
    assert.equal(step.result, 'Succeeded', errorsOf(step).join('\n'));
    const outputs = outputsOf(step);
    const changes = JSON.parse(outputs.changes ?? '[]') as readonly Change[];
    return { record, outputs, changes: changes.map(({ kind, change }) => `${kind} ${change}`) };
  }

  const writes = () =>
    bench.emulator
      .requests()
      .filter(({ plane, method }) => /^(arm|blob)$/.test(plane) && /^(PUT|PATCH|DELETE)$/.test(method));

  it('says what it would create, and writes nothing', async () => {
    const { record, outputs, changes } = await apply({ mode: 'whatIf' });
    assert.deepEqual(changes, ['environment create', 'data create', 'component create']);
    assert.equal(outputs.changed, 'true');
    assert.deepEqual(writes(), []);
    assert.equal(await bench.workspace.get('environments/plain/versions/1'), undefined);
    assert.match(record.summaries.map(({ markdown }) => markdown).join('\n'), /rows.*\|.*create/);
  });

  it('creates what is missing, in the order of the files', async () => {
    const { outputs, changes } = await apply();
    assert.deepEqual(changes, ['environment create', 'data create', 'component create']);
    assert.deepEqual([outputs.resourceName, outputs.resourceVersion], ['count', '1']);
    const puts = bench.emulator.requests({ plane: 'arm', method: 'PUT', path: '/versions/1$' });
    assert.deepEqual(
      puts.map(({ path }) => path.split('/').at(-4)),
      ['environments', 'data', 'components'],
    );
    for (const path of ['environments/plain', 'data/rows', 'components/count']) {
      assert.notEqual(await bench.workspace.get(`${path}/versions/1`), undefined, path);
    }
  });

  it('leaves what is there already alone', async () => {
    const { outputs, changes } = await apply();
    assert.deepEqual(changes, ['environment unchanged', 'data unchanged', 'component unchanged']);
    assert.equal(outputs.changed, 'false');
    assert.deepEqual(writes(), []);
  });

  it('changes what differs and nothing else', async () => {
    bench.write('3-component.yml', component('counts all lines'));
    const { changes } = await apply();
    assert.deepEqual(changes, ['environment unchanged', 'data unchanged', 'component change']);
    assert.deepEqual(
      writes().map(({ path }) => path.split('/').at(-4)),
      ['components'],
    );
  });
});
