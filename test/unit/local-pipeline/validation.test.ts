import assert from 'node:assert/strict';
import type { FileKind } from '../../../local/pipeline/template/expand-file.ts';
import { PipelineValidator } from '../../../local/pipeline/validation/validate-pipeline.ts';
import { catalog } from './pipeline-text.ts';

const validator = new PipelineValidator(catalog.map(({ definition }) => definition));

async function faults(text: string, kind?: FileKind, files: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const problems = await validator.validatePipeline({
    file: { repository: 'self', path: 'p.yml' },
    source: {
      repositories: ['self'],
      read: ({ path }) => (path === 'p.yml' ? text : files[path]),
      show: ({ path }) => path,
    },
    ...(kind && { kind }),
  });
  return problems.map(({ file, line, column, sentence }) => `${file}:${line}:${column} ${sentence}`);
}

describe('validation against the schema', function () {
  this.timeout(20_000);

  it('names what the schema does not know', async () => {
    const job = (body: string): string => `jobs:\n- job: J\n${body}`;
    const cases: readonly (readonly [text: string, fault: RegExp])[] = [
      [job('  stepz: []\n'), /3:3 Unexpected property stepz/],
      ['steps: []\njobs: []\n', /Unexpected property/],
      ['steps:\n- script: a\n  bash: b\n', /3:3 Unexpected property bash/],
      ['jobs:\n- deployment: D\n  environment: e\n  steps: []\n', /4:3 Unexpected property steps/],
      ['steps:\n- task: Scripted@1\n  inputs: { script: x, modl: y }\n', /3:24 Unexpected property modl/],
      ['steps:\n- task: Scripted@1\n', /2:3 Missing property "inputs"/],
      ['steps:\n- task: Scriptd@1\n', /2:9 The task 'Scriptd@1' is not known. Did you mean 'Scripted'\?/],
      ['steps:\n- task: Scripted@9\n', /2:9 The task 'Scripted@9' is not known; there is Scripted@1/],
      ['steps:\n- task: AzureCLI@2\n  inputs: { azureSubscripton: x }\n', /Unexpected property azureSubscripton/],
    ];
    for (const [text, fault] of cases) assert.match((await faults(text)).join('\n'), fault);
  });

  it('takes tasks of other extensions, aliases, macros, and what expressions make', async () => {
    const text = `parameters:
- { name: p, type: object, default: {} }
jobs:
- job: \${{ parameters.p.name }}
  timeoutInMinutes: \${{ parameters.p.minutes }}
  steps:
  - task: SomebodysTask@4
    inputs: { anything: goes }
  - task: scripted@1
    inputs:
      SCRIPT: $(x)
      azureSubscription: \${{ parameters.p.connection }}
  - \${{ each s in parameters.p.steps }}:
    - \${{ each pair in s }}:
        \${{ pair.key }}: \${{ pair.value }}
  - \${{ if true }}:
    - script: x
`;
    assert.deepEqual(await faults(text), []);
  });

  it('checks templates as what they are used as', async () => {
    const files = { 's.yml': 'steps:\n- scirpt: x\n', 'v.yml': 'variables: { a: 1 }\n', 'j.yml': 'steps: []\n' };
    const text =
      'variables:\n- template: v.yml\njobs:\n- job: J\n  steps:\n  - template: s.yml\n- ${{ if true }}:\n  - template: j.yml\n';
    const found = await faults(text, 'pipeline', files);
    assert.deepEqual([...new Set(found.map((fault) => fault.split(' ')[0]))], ['j.yml:1:1', 's.yml:2:3']);
    assert.deepEqual(await faults('variables: { a: 1 }\n'), []);
  });
});
