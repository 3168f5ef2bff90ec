import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type { PipelinePlan } from '../../../local/pipeline/plan.ts';
import { PipelineRefused } from '../../../local/pipeline/problems.ts';
import { readPipeline, type PipelineInput } from '../../../local/pipeline/read-pipeline.ts';
import { readTaskCatalog } from '../../../local/pipeline/task-catalog.ts';

const catalog = readTaskCatalog(fileURLToPath(new URL('../../fixtures/tasks', import.meta.url)));

function read(text: string, rest: Partial<PipelineInput> = {}): PipelinePlan {
  return readPipeline({ file: 'p.yml', text, catalog, connections: ['main-connection'], ...rest });
}

/** The problems as `line:column sentence`. */
function problems(text: string, rest: Partial<PipelineInput> = {}): string[] {
  try {
    read(text, rest);
  } catch (error) {
    if (!(error instanceof PipelineRefused)) throw error;
    return error.problems.map(({ line, column, sentence }) => `${line}:${column} ${sentence}`);
  }
  return [];
}

const TASK = `steps:
- task: Scripted@1
  inputs:
    script: x
`;

describe('reading a pipeline of steps', () => {
  it('takes inputs by name or alias, as texts, and checks out first', () => {
    const plan = read(`
name: run $(Rev:r)
trigger: [main]
pool: { name: mine }
variables:
  count: 010
steps:
- task: scripted@1
  name: one
  displayName: First
  condition: and(succeeded(), eq(variables.count, '010'))
  continueOnError: yes
  timeoutInMinutes: 5
  retryCountOnTaskFailure: 2
  env: { A: 1.20 }
  inputs:
    SCRIPT: |
      a
      b
    azureSubscription: main-connection
`);
    const [stage] = plan.stages;
    const [job] = stage?.jobs ?? [];
    const [checkout, task] = job?.steps ?? [];
    assert.equal(checkout?.kind, 'checkout');
    assert.ok(task?.kind === 'task');
    assert.deepEqual(task.inputs, { script: 'a\nb\n', connection: 'main-connection' });
    assert.deepEqual(
      [
        task.name,
        task.displayName,
        task.continueOnError,
        task.timeoutInMinutes,
        task.retryCountOnTaskFailure,
        task.env,
      ],
      ['one', 'First', true, 5, 2, { A: '1.20' }],
    );
    assert.deepEqual(plan.variables, [{ name: 'count', value: '010', readOnly: false }]);
    assert.deepEqual(
      plan.notes.map((note) => note.split(' ')[0]),
      ["'trigger'", "'pool'"],
    );
  });

  it('leaves the checkout out when told so', () => {
    assert.deepEqual(
      read(`steps:\n- checkout: none\n${TASK.slice(7)}`).stages[0]?.jobs[0]?.steps.map(({ kind }) => kind),
      ['task'],
    );
  });

  it('fills in parameters, given or default, and refuses what they may not be', () => {
    const text = `parameters:
- name: count
  type: number
  default: 3
- { name: size, values: [small, big], default: small }
steps:
- task: Scripted@1
  inputs: { script: 'n=\${{ parameters.count }} \${{ eq(parameters.size, ''big'') }}' }
`;
    const script = (plan: PipelinePlan): unknown => {
      const step = plan.stages[0]?.jobs[0]?.steps[1];
      return step?.kind === 'task' && step.inputs.script;
    };
    assert.equal(script(read(text)), 'n=3 False');
    assert.equal(script(read(text, { parameters: { count: '7', size: 'big' } })), 'n=7 True');
    assert.deepEqual(problems(text, { parameters: { count: 'x', size: 'huge', cuont: '1' } }), [
      "2:1 Unexpected parameter 'cuont'. Did you mean 'count'?",
      "4:12 The 'count' parameter value 'x' is not a number.",
      "5:3 The 'size' parameter value 'huge' is not one of small, big.",
    ]);
  });
});

describe('stages and jobs', () => {
  const job = (name: string, rest = ''): string =>
    `  - job: ${name}\n${rest}    steps:\n    - task: Scripted@1\n      inputs: { script: x }\n`;

  it('run after what they depend on', () => {
    const plan = read(`stages:
- stage: A
  jobs:
${job('late', '    dependsOn: [early]\n')}${job('early')}
- stage: C
  dependsOn: B
  jobs:
${job('one')}
- stage: B
  dependsOn: []
  jobs:
${job('one')}`);
    assert.deepEqual(
      plan.stages.map(({ name, dependsOn, jobs }) => [name, dependsOn, jobs.map((each) => each.name)]),
      [
        ['A', [], ['early', 'late']],
        ['B', [], ['one']],
        ['C', ['B'], ['one']],
      ],
    );
  });

  it('are refused when they wait for each other or for nothing', () => {
    assert.deepEqual(problems(`jobs:\n${job('a', '    dependsOn: b\n')}${job('b', '    dependsOn: a\n')}`), [
      "2:5 The job 'a' waits for itself through its dependencies.",
      "7:5 The job 'b' waits for itself through its dependencies.",
    ]);
    assert.deepEqual(problems(`jobs:\n${job('alpha')}${job('b', '    dependsOn: alhpa\n')}`), [
      "6:5 The job 'b' depends on 'alhpa', which is not there. Did you mean 'alpha'?",
    ]);
  });
});

describe('a pipeline that is refused', () => {
  it('names every problem at once, with its place and the nearest spelling', () => {
    const found = problems(`variables:
  subscription: main-conection
stepz: []
steps:
- task: Scripted@1
  name: first
  inputs:
    scirpt: x
- task: Scriptd@1
- task: Scripted@2
- task: Scripted
- script: echo hi
- task: Scripted@1
  dislayName: x
  continueOnError: $(x)
  condition: eq(1
  inputs:
    script: $(first.declraed)
    connection: $(subscription)
`);
    assert.deepEqual(found, [
      "3:1 Unexpected property 'stepz' in a pipeline. Did you mean 'steps'?",
      "7:3 Scripted needs the input 'script'.",
      "8:5 Scripted has no input 'scirpt'. Did you mean 'script'?",
      "9:9 The task 'Scriptd' is not one of this extension. Did you mean 'Scripted'?",
      '10:9 The task Scripted has no version 2; it is Scripted@1.',
      "11:9 'Scripted' must be a task and its major version, such as AmlRunJob@1.",
      "12:3 Steps of the kind 'script' are not run here; only 'task' and 'checkout' are.",
      "14:3 Unexpected property 'dislayName' in a task step. Did you mean 'displayName'?",
      "15:20 Unexpected value '$(x)': continueOnError must be true or false.",
      "16:14 Unexpected end of expression: 'eq(1'.",
      "18:13 Scripted has no output 'declraed'. Did you mean 'declared'?",
      "19:17 There is no service connection 'main-conection' here; there is 'main-connection'.",
    ]);
  });

  const single: readonly (readonly [string, string, RegExp])[] = [
    ['templates', 'steps:\n- template: a.yml', /Steps of the kind 'template' are not run here/],
    ['directives', `steps:\n- \${{ if true }}:\n  - task: x`, /Template directives/],
    ['variables in template expressions', `name: \${{ variables.x }}\n${TASK}`, /Only parameters are known/],
    [
      'expressions in defaults',
      `parameters:\n- { name: a, default: "\${{ 1 }}" }\n${TASK}`,
      /not allowed in this context/,
    ],
    ['anchors', 'steps:\n- &a\n  task: Scripted@1\n  inputs: { script: x }\n- *a', /Anchors are not supported/],
    ['doubled keys', 'name: a\nname: b\n' + TASK, /not valid YAML/],
    ['variable groups', `variables:\n- group: secrets\n${TASK}`, /Unexpected property 'group'/],
    ['deployment jobs', 'jobs:\n- deployment: d', /Only 'job' is possible here, not 'deployment'/],
    [
      'outputs of later steps',
      `steps:\n- task: Scripted@1\n  inputs: { script: $(b.declared) }\n- task: Scripted@1\n  name: b\n  inputs: { script: x }`,
      /runs only after this one/,
    ],
    ['no steps at all', 'name: x', /needs 'stages', 'jobs' or 'steps'/],
  ];
  for (const [what, text, expected] of single) {
    it(`may not have ${what}`, () => {
      assert.match(problems(text).join('\n'), expected);
    });
  }

  it('fixes its variables against those given for a run', () => {
    assert.match(
      problems(`variables: { a: 1 }\n${TASK}`, { variables: { A: '2' } }).join(),
      /'A' is fixed by this file/,
    );
  });

  it('says file, line and column in its message', () => {
    assert.throws(() => read('steps: x'), /^PipelineRefused: p\.yml:1:8: `steps` must be a list\.$/);
  });
});
