import assert from 'node:assert/strict';
import { expand, plain, plan, problems, stepsOf, type Plain, type TextInput } from './pipeline-text.ts';

const declared = (type: string, rest = ''): string =>
  `parameters:\n- name: p\n  type: ${type}\n${rest}steps:\n- script: "\${{ convertToJson(parameters.p) }}"\n`;

function bound(type: string, value: string): string {
  const [step] = stepsOf(expand(declared(type), { parameters: { p: value } })) as { inputs: { script: string } }[];
  return step?.inputs.script ?? '';
}

describe('parameters', () => {
  const values: readonly (readonly [type: string, given: string, json: string])[] = [
    ['string', '1.20', '"1.20"'],
    ['string', 'true', '"true"'],
    ['string', 'null', '"null"'],
    ['string', '', '""'],
    ['number', '-1.50', '-1.5'],
    ['boolean', 'TRUE', 'true'],
    ['boolean', 'false', 'false'],
    ['object', '[1.50, "1", yes]', '[\n  1.5,\n  "1",\n  "yes"\n]'],
    ['environment', 'prod', '"prod"'],
    [
      'stepList',
      '[{ bash: x }]',
      '[\n  {\n    "task": "Bash@3",\n    "inputs": {\n      "targetType": "inline",\n      "script": "x"\n    }\n  }\n]',
    ],
  ];
  for (const [type, given, json] of values) {
    it(`of type ${type} make '${given}' to ${JSON.stringify(JSON.parse(json))}`, () => {
      assert.equal(bound(type, given), json);
    });
  }

  const faults: readonly (readonly [rule: string, text: string, input: TextInput, core: string])[] = [
    [
      'a number has no exponent',
      declared('number'),
      { parameters: { p: '1e3' } },
      "The 'p' parameter value '1e3' is not a valid number",
    ],
    ['a number is not hexadecimal', declared('number'), { parameters: { p: '0x1' } }, "'0x1' is not a valid number"],
    [
      'yes is no Boolean',
      declared('boolean'),
      { parameters: { p: 'yes' } },
      "The 'p' parameter value 'yes' is not a valid Boolean.",
    ],
    [
      'nothing is no Boolean',
      declared('boolean'),
      { parameters: { p: '' } },
      "The 'p' parameter value '' is not a valid Boolean.",
    ],
    ['a value must be given', declared('string'), {}, "1:1 A value for the 'p' parameter must be provided."],
    [
      'what is not declared is refused',
      declared('string'),
      { parameters: { p: '', q: '' } },
      "Unexpected parameter 'q'",
    ],
    [
      'the letter case counts',
      declared('string', '  default: x\n'),
      { parameters: { P: '' } },
      "Unexpected parameter 'P'. Did you mean 'p'?",
    ],
    ['types are known', declared('strung', '  default: x\n'), {}, "3:9 Unexpected value 'strung'"],
    [
      'values are compared as text',
      declared('number', '  values: [1, 2]\n'),
      { parameters: { p: '1.0' } },
      "The 'p' parameter value '1.0' is not one of 1, 2.",
    ],
    [
      'a default is one of the values',
      declared('string', '  default: c\n  values: [a, b]\n'),
      {},
      "4:12 The 'p' parameter value 'c' is not one of a, b.",
    ],
    ['a list is no text', declared('string', '  default: [1]\n'), {}, '4:12 A sequence was not expected'],
    [
      'a stepList holds steps',
      declared('stepList', '  default: [{ name: x }]\n'),
      {},
      "Unexpected value 'name': the first property must be one of task",
    ],
    [
      'a name stands once',
      'parameters:\n- { name: a, default: 1 }\n- { name: A, default: 1 }\nsteps: []\n',
      {},
      "3:3 'A' is already defined.",
    ],
  ];
  for (const [rule, text, input, core] of faults) {
    it(`${rule}: ${core}`, () => {
      const found = problems(() => expand(text, input)).join('\n');
      assert.ok(found.includes(core), found);
    });
  }

  it('without types take anything, as texts', () => {
    const files = {
      't.yml':
        "parameters: { a: 1.20 }\nsteps:\n- script: ${{ parameters.a }} ${{ parameters.b }} ${{ eq(parameters.b, 'true') }} [${{ parameters.c }}]\n",
    };
    const [step] = stepsOf(expand('steps:\n- template: t.yml\n  parameters: { b: true }\n', { files })) as {
      inputs: Plain;
    }[];
    assert.deepEqual(step?.inputs, { script: '1.20 true True []' });
  });
});

describe('templates', () => {
  it('take steps, jobs, stages and variables from beside, above, the root and another repository', () => {
    const files = {
      'jobs/job.yml':
        'jobs:\n- job: J\n  steps:\n  - template: ../steps/step.yml\n    parameters: { say: relative }\n  - template: /steps/step.yml\n    parameters: { say: root }\n  - template: a/step.yml@shared\n',
      'steps/step.yml': 'parameters:\n- { name: say }\nsteps:\n- script: ${{ parameters.say }}\n',
      'a/step.yml@shared':
        'steps:\n- template: other.yml\n- template: steps/step.yml@self\n  parameters: { say: self }\n',
      'a/other.yml@shared': 'steps:\n- script: shared\n',
      'stages.yml': 'stages:\n- stage: S\n  jobs:\n  - template: jobs/job.yml\n',
      'vars.yml': 'variables: { from: template }\n',
    };
    const text = `resources:\n  repositories:\n  - repository: shared\n    type: git\n    name: mlops/shared\nvariables:\n- template: vars.yml\n- { name: own, value: x }\nstages:\n- template: stages.yml\n`;
    const document = expand(text, { files, repositories: ['shared'] });
    const { variables, stages } = plain(document) as { variables: Plain; stages: Plain };
    assert.deepEqual(variables, [
      { name: 'from', value: 'template' },
      { name: 'own', value: 'x' },
    ]);
    assert.deepEqual(JSON.stringify(stages).match(/"script":"(\w+)"/g), [
      '"script":"relative"',
      '"script":"root"',
      '"script":"shared"',
      '"script":"self"',
    ]);
  });

  it('extend: the template decides, the pipeline gives its parameters', () => {
    const files = {
      'base.yml':
        'parameters:\n- { name: steps, type: stepList }\nvariables: { v: base }\nstages:\n- stage: Only\n  jobs:\n  - job: J\n    steps:\n    - ${{ each s in parameters.steps }}:\n      - ${{ s }}\n    - script: always\n',
    };
    const document = plain(
      expand('trigger: none\nextends:\n  template: base.yml\n  parameters:\n    steps:\n    - script: mine\n', {
        files,
      }),
    ) as Record<string, Plain>;
    assert.deepEqual(Object.keys(document), ['trigger', 'variables', 'stages']);
    assert.deepEqual(JSON.stringify(document.stages).match(/"script":"(\w+)"/g), [
      '"script":"mine"',
      '"script":"always"',
    ]);
  });

  it('bare steps and jobs become one stage, and the result expands to itself', () => {
    const text = `jobs:\n- job: A\n  steps:\n  - script: \${{ 'x\${{y' }}\n`;
    const once = expand(text);
    assert.deepEqual(plain(once), {
      stages: [
        { stage: '__default', jobs: [{ job: 'A', steps: [{ task: 'CmdLine@2', inputs: { script: 'x${{y' } }] }] },
      ],
    });
  });

  it('keep the place of what they are given', () => {
    const files = { 't.yml': 'parameters:\n- { name: steps, type: stepList }\nsteps:\n- ${{ parameters.steps }}\n' };
    const text =
      'steps:\n- template: t.yml\n  parameters:\n    steps:\n    - task: Scripted@1\n      inputs:\n        scirpt: x\n';
    assert.deepEqual(
      problems(() => plan(text, { files })),
      ["6:7 Scripted needs the input 'script'.", "7:9 Scripted has no input 'scirpt'. Did you mean 'script'?"],
    );
  });

  const faults: readonly (readonly [rule: string, text: string, files: Record<string, string>, core: string])[] = [
    ['a file is there', 'steps:\n- template: t.yml\n', {}, '2:13 File t.yml was not found'],
    [
      'a file is in its repository',
      'steps:\n- template: ../t.yml\n',
      {},
      "2:13 The template '../t.yml' is outside of its repository.",
    ],
    [
      'a repository is declared',
      'steps:\n- template: t.yml@x\n',
      {},
      "2:13 The repository 'x' is not among the pipeline's",
    ],
    [
      'a repository is on this machine',
      'resources: { repositories: [{ repository: x }] }\nsteps:\n- template: t.yml@x\n',
      {},
      'give its folder with --repository x=FOLDER',
    ],
    [
      'a reference has nothing but parameters',
      'steps:\n- template: t.yml\n  displayName: x\n',
      { 't.yml': 'steps: []\n' },
      "3:3 Unexpected property 'displayName'",
    ],
    [
      'a template is of the kind it is used as',
      'steps:\n- template: t.yml\n',
      { 't.yml': 'jobs: []\n' },
      "t.yml:1:1 Unexpected value 'jobs'.",
    ],
    [
      'a template is not empty',
      'steps:\n- template: t.yml\n',
      { 't.yml': '# nothing\n' },
      "The template 't.yml' is empty.",
    ],
    [
      'a pipeline that extends has no steps of its own',
      'extends: { template: t.yml }\nsteps: []\n',
      { 't.yml': 'steps: []\n' },
      "2:1 Unexpected value 'steps'",
    ],
    [
      'variables stand in the pipeline or in what it extends',
      'variables: {}\nextends: { template: t.yml }\n',
      { 't.yml': 'variables: {}\nsteps: []\n' },
      "t.yml:1:1 'variables' is already defined.",
    ],
    [
      'templates do not include themselves without end',
      'steps:\n- template: t.yml\n',
      { 't.yml': 'steps:\n- template: t.yml\n' },
      't.yml:2:3 Templates are nested more than 100 levels deep',
    ],
    [
      'variables do not include themselves without end',
      'variables:\n- template: t.yml\nsteps: []\n',
      { 't.yml': 'variables:\n- template: t.yml\n' },
      'nested more than 100 levels deep',
    ],
    [
      'a pipeline does not double itself',
      'steps:\n- template: t.yml\n',
      {
        't.yml':
          'parameters:\n- { name: l, type: object, default: [1, 2] }\nsteps:\n- template: t.yml\n  parameters:\n    l: ["${{ parameters.l }}", "${{ parameters.l }}"]\n',
      },
      't.yml:',
    ],
    [
      'loops do not turn for ever',
      `parameters:\n- { name: l, type: object, default: [${'1,'.repeat(100)}1] }\nsteps:\n${['a', 'b', 'c', 'd'].map((v, i) => `${'  '.repeat(i)}- \${{ each ${v} in parameters.l }}:\n`).join('')}${'  '.repeat(4)}- \${{ if false }}:\n${'  '.repeat(5)}- script: x\n`,
      {},
      'The pipeline is too large',
    ],
    ['a document is not deeper than 100', `steps: ${'['.repeat(200)}`, {}, '1:107 Maximum object depth exceeded'],
  ];
  for (const [rule, text, files, core] of faults) {
    it(rule, () => {
      const found = problems(() => expand(text, { files })).join('\n');
      assert.ok(found.includes(core), found);
    });
  }

  it('are at most a hundred files', () => {
    const files = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`t${i}.yml`, 'steps: []\n']));
    const text = `steps:\n${Object.keys(files)
      .map((name) => `- template: ${name}\n`)
      .join('')}`;
    assert.deepEqual(
      problems(() => expand(text, { files })),
      ['101:13 More than 100 files: the service takes no more in one pipeline.'],
    );
  });
});
