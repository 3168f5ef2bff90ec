import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runJob } from '../../local/agent/job-runner.ts';
import type { StepRecord } from '../../local/agent/records.ts';
import { errorsOf, outputsOf, REPOSITORY, stepOf } from './pipeline-job.ts';

const SCHEMA = '$schema: https://azuremlschemas.azureedge.net/latest/';

describe('mode: validate, with no service, no connection and no proxy', function () {
  this.timeout(60_000);
  let folder: string;
  let sources: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'validate-'));
    sources = join(folder, 'sources');
    cpSync(join(REPOSITORY, 'templates/sample'), sources, { recursive: true });
    mkdirSync(join(folder, 'work'));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(name: string, inputs: Readonly<Record<string, string>>) {
    const step = { kind: 'task', name: 'step', folder: join(REPOSITORY, 'dist/tasks', name) } as const;
    const record = await runJob({
      name: 'job',
      steps: [{ ...step, inputs: { mode: 'validate', ...inputs } }],
      folders: { work: join(folder, 'work'), sources },
    });
    return { record, step: stepOf(record, 'step') };
  }

  function succeeded(step: StepRecord): void {
    assert.equal(step.result, 'Succeeded', errorsOf(step).join('\n'));
    assert.deepEqual(step.issues, []);
  }

  it('finds the sample in order', async () => {
    const files = ['environment', 'data', 'endpoint', 'components/*'].map((name) => `aml/${name}.yml`);
    const { record, step } = await run('AmlApply', { files: files.join('\n') });
    succeeded(step);
    assert.equal(step.log.filter((line) => / is valid( \(|\.)/.test(line)).length, 6);
    assert.ok(step.log.some((line) => line.endsWith('6 files checked, no problems.')));
    assert.equal(outputsOf(step).changed, 'false');
    assert.match(record.summaries.map(({ markdown }) => markdown).join('\n'), /### Valid/);
  });

  it('finds a job in order, sets no outputs and leaves nothing to the post-job step', async () => {
    const { record, step } = await run('AmlRunJob', { jobFile: 'aml/pipeline.yml' });
    succeeded(step);
    assert.ok(step.log.some((line) => line.includes('aml/pipeline.yml: job is valid')));
    assert.deepEqual(step.outputs, {});
    assert.ok(record.steps.every(({ result }) => result === 'Succeeded'));
  });

  it('reports every problem of every file at its place', async () => {
    writeFileSync(join(sources, 'a.yml'), `${SCHEMA}environment.schema.json\nname: a\nimage: ubuntu\nos_typ: linux\n`);
    writeFileSync(join(sources, 'b.yml'), `${SCHEMA}data.schema.json\nname: b\ntype: uri_flder\npath: nowhere\n`);
    const { step } = await run('AmlApply', { files: 'a.yml\nb.yml' });
    assert.equal(step.result, 'Failed');
    const [first, second, third, ...rest] = errorsOf(step);
    assert.match(first ?? '', /^a\.yml\(4,1\): .*'os_typ'\. Did you mean 'os_type'/);
    assert.match(second ?? '', /^b\.yml\(3,7\): .*'uri_flder'\. Did you mean 'uri_folder'\? Allowed: uri_file, /);
    assert.match(third ?? '', /^b\.yml\(4,7\): .*'nowhere' does not exist/);
    assert.deepEqual(rest, []);
  });

  it('reports what a job refers to and what the step overrides', async () => {
    writeFileSync(join(sources, 'job.yml'), `${SCHEMA}commandJob.schema.json\ncommand: echo\ncode: ../other\n`);
    const { step } = await run('AmlRunJob', { jobFile: 'job.yml', overrides: 'environment=none' });
    assert.equal(step.result, 'Failed');
    assert.match(errorsOf(step).join('\n'), /'\.\.\/other'/);
    assert.match(errorsOf(step).join('\n'), /'none'/);
  });
});
