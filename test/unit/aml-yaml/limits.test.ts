import assert from 'node:assert/strict';
import { planFile } from '../../../tasks/common/aml-yaml/plan-file.ts';
import { UserError } from '../../../tasks/common/errors.ts';
import { memoryFiles, type Tree } from './memory-files.ts';

const ENVIRONMENT = 'name: e\nimage: ubuntu\n';

function plan(text: string, tree: Tree = {}) {
  return planFile({
    file: 'a.yml',
    absolutePath: '/sources/a.yml',
    files: memoryFiles({ '/sources/a.yml': text, ...tree }),
    workspace: { subscriptionId: 's', resourceGroup: 'rg', name: 'ws' },
    sourcesDirectory: '/sources',
    job: { name: 'job' },
  });
}

/** The sentences of a refusal. */
async function refusal(text: string, tree: Tree = {}): Promise<string> {
  try {
    await plan(text, tree);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return assert.fail('It was not refused.');
}

const pipelineComponent = (component: string): string =>
  `type: pipeline\njobs:\n  again:\n    type: pipeline\n    component: ${component}\n`;

describe('limits of a file', function () {
  // Each ends in far less than the time of a hang.
  this.timeout(60_000);

  it('refuses aliases that grow beyond reason', async () => {
    const levels = Array.from({ length: 20 }, (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at}, `.repeat(9)}]\n`).join(
      '',
    );
    assert.match(await refusal(`l0: &l0 [x]\n${levels}${ENVIRONMENT}`), /^a\.yml:\d+:\d+: .*grows to more than 200000/);
  });

  it('refuses an alias to what it stands in', async () => {
    assert.match(await refusal(`${ENVIRONMENT}tags: &t {a: *t}\n`), /^a\.yml:3:\d+: The alias \*t names no anchor/);
  });

  it('refuses 10 MB', async () => {
    assert.match(await refusal(`${ENVIRONMENT}description: ${'x'.repeat(10 * 1024 * 1024)}\n`), /larger than 1 MB/);
  });

  for (const nested of ['[', '{a: ', '- ', '? ', '[{']) {
    it(`refuses '${nested}' nested thousands of times, at its place`, async () => {
      const text = `${ENVIRONMENT}tags:\n  ${nested.repeat(100_000)}\n`;
      assert.match(await refusal(text), /^a\.yml:4:\d+: The YAML is nested more than 100 levels deep\.$/);
    });
  }

  for (const [start, sign] of [
    ['', ']'],
    ['tags: ', '}'],
    ['tags: {', ','],
    ['- ', '? a\n'],
    ['', '- a\n'],
    ['a: |\n  b\n', 'a\n'],
  ] as const) {
    it(`refuses 400 kB of ${JSON.stringify(sign)} after ${JSON.stringify(start)} in less than four seconds of work`, async () => {
      const before = process.cpuUsage();
      const text = start + sign.repeat(Math.floor(400_000 / sign.length));
      assert.match(await refusal(text), /not valid YAML|more than 400000 words and signs|must hold a mapping/);
      // Not by the clock: other processes may keep this one waiting.
      assert.ok(process.cpuUsage(before).user < 4_000_000);
    });
  }

  it('shows the first of countless mistakes', async () => {
    assert.equal((await refusal(`${ENVIRONMENT}tags: ${']'.repeat(5000)}\n`)).split('\n').length, 20);
  });

  it('refuses a pipeline component that includes itself', async () => {
    const text = await refusal(pipelineComponent('./c.yml'), { '/sources/c.yml': pipelineComponent('./c.yml') });
    assert.match(text, /c\.yml/);
  });

  it('refuses pipeline components that include each other', async () => {
    const text = await refusal(pipelineComponent('./b/b.yml'), {
      '/sources/b/b.yml': pipelineComponent('../c.yml'),
      '/sources/c.yml': pipelineComponent('b/b.yml'),
    });
    assert.match(text, /c\.yml|b\.yml/);
  });

  it('plans a pipeline of 200 nodes in less than two seconds of work', async () => {
    const node = (at: number): string =>
      `  n${at}:\n    component: ./c.yml\n    inputs: {a: ${at === 0 ? '1' : '"${{parent.jobs.n' + String(at - 1) + '.outputs.o}}"'}}\n`;
    const component =
      'type: command\nname: c\nversion: 1\ncommand: echo ${{inputs.a}} ${{outputs.o}}\nenvironment: azureml:e:1\n' +
      'code: ./src\ninputs: {a: {type: uri_folder}}\noutputs: {o: {type: uri_folder}}\n';
    const text = `type: pipeline\ncompute: serverless\njobs:\n${Array.from({ length: 200 }, (_, at) => node(at)).join('')}`;
    const before = process.cpuUsage();
    const { steps } = await plan(text.replace('inputs: {a: 1}', 'inputs: {a: {path: "azureml:d:1"}}'), {
      '/sources/c.yml': component,
      '/sources/src/main.py': 'print(1)\n',
    });
    assert.ok(process.cpuUsage(before).user < 2_000_000);
    assert.deepEqual(
      steps.map((step) => step.do),
      ['uploadCode', 'put', 'put'],
    );
  });
});
