import assert from 'node:assert/strict';
import { UserError, type Problem } from '../../../tasks/common/errors.ts';
import { validateFiles } from '../../../tasks/common/operations/validate-files.ts';
import { validateJob } from '../../../tasks/common/operations/validate-job.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';

const SCHEMA = '$schema: https://azuremlschemas.azureedge.net/latest/';
const FILES = {
  'aml/environment.yml': `${SCHEMA}environment.schema.json\nname: env\nversion: "1"\nimage: ubuntu\n`,
  'aml/data.yml': `${SCHEMA}data.schema.json\nname: d\ntype: uri_file\npath: ../data/d.csv\n`,
  'aml/job.yml': `${SCHEMA}commandJob.schema.json\ncommand: echo\nenvironment: azureml:env:1\ncode: ../src\n`,
  'aml/wrong-environment.yml': `${SCHEMA}environment.schema.json\nname: env\nimage: ubuntu\ndescripton: x\n`,
  'aml/wrong-data.yml': `${SCHEMA}data.schema.json\nname: d\ntype: uri_fil\npath: ../data/none.csv\n`,
  'aml/wrong-job.yml': `${SCHEMA}commandJob.schema.json\nenvironment: azureml:env:1\ncode: ../../other\n`,
  'data/d.csv': 'a,b\n1,2\n',
  'src/train.py': 'print(1)\n',
};

async function problemsOf(work: () => Promise<unknown>): Promise<readonly Problem[]> {
  try {
    await work();
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
  return [];
}

const placeOf = ({ file, line, column }: Problem): string => [file, line, column].join(':');

describe('validating without a workspace', () => {
  let agent: FakeAgent;
  beforeEach(() => {
    agent = new FakeAgent(FILES);
  });
  const files = (...lines: readonly string[]) =>
    validateFiles(agent, { files: lines, overrides: [], allowPathsOutsideSources: false });
  const job = (jobFile: string, more: object = {}) =>
    validateJob(agent, {
      jobSource: 'file',
      jobFile: `${agent.run.sourcesDirectory}/${jobFile}`,
      overrides: [],
      name: undefined,
      experimentName: undefined,
      allowPathsOutsideSources: false,
      ...more,
    });

  it('says one line a file and what would be uploaded', async () => {
    const outputs = await files('aml/environment.yml', 'aml/data.yml');
    assert.deepEqual(agent.log.lines, [
      'aml/environment.yml: environment env:1 is valid.',
      'aml/data.yml: data d is valid (1 file to upload, 8 B).',
      '2 files checked, no problems.',
    ]);
    assert.deepEqual([outputs.changed, outputs.changes, outputs.resourceName], ['false', '[]', 'd']);
    assert.deepEqual([outputs.resourceVersion, outputs.resourceId], [undefined, undefined]);
    assert.match(agent.summaries.join(), /### Valid\n[^]*\| aml\/data\.yml \| data \| d \| 1 file to upload, 8 B \|/);
  });

  it('finds every problem of every line and file at once, each at its place', async () => {
    const found = await problemsOf(() => files('aml/wrong-*.yml', 'aml/none.yml', 'aml/job.yml'));
    assert.deepEqual(found.map(placeOf), [
      '::',
      'aml/wrong-data.yml:3:7',
      'aml/wrong-data.yml:4:7',
      'aml/wrong-environment.yml:4:1',
      'aml/wrong-job.yml:1:1',
      'aml/wrong-job.yml:3:7',
      'aml/job.yml::',
    ]);
    const text = found.map(({ message }) => message).join('\n');
    assert.match(text, /'aml\/none\.yml'/);
    assert.match(text, /'uri_fil'\. Did you mean 'uri_file'\? Allowed: uri_file, uri_folder, mltable/);
    assert.match(text, /'descripton'\. Did you mean 'description'/);
    assert.match(text, /run it with AmlRunJob/);
    assert.match(agent.summaries.join(), /### Not valid: 7 problems/);
  });

  it('checks a job with the name the step gives it', async () => {
    assert.deepEqual(await job('aml/job.yml'), {});
    assert.equal(agent.log.lines[0], 'aml/job.yml: job is valid (1 file to upload, 9 B).');
    assert.match(
      String(await problemsOf(() => job('aml/job.yml', { name: 'not a name' })).then(([p]) => p?.message)),
      /not a name/,
    );
  });

  it('finds what a job refers to missing or outside of the sources', async () => {
    const found = await problemsOf(() => job('aml/wrong-job.yml'));
    assert.match(found.map(({ message }) => message).join('\n'), /'command' is missing[^]*'\.\.\/\.\.\/other'/);
  });
});
