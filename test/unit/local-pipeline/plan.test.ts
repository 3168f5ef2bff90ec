import assert from 'node:assert/strict';
import type { PipelinePlan } from '../../../local/pipeline/plan/plan.ts';
import { plan as read, problems as problemsOf, type TextInput } from './pipeline-text.ts';

function problems(text: string, input: TextInput = {}): string[] {
  return problemsOf(() => read(text, input));
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
      "--param count:1:1 The 'count' parameter value 'x' is not a valid number.",
      "--param size:1:1 The 'size' parameter value 'huge' is not one of small, big.",
      "--param cuont:1:1 Unexpected parameter 'cuont'. Did you mean 'count'?",
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

  it('are told what they read and never see', () => {
    const text = `jobs:\n${job('a')}${job('b', '    dependsOn: a\n')}${job(
      'c',
      "    dependsOn: b\n    condition: eq(dependencies.b.result, dependencies['A'].result)\n    variables: { v: \"$[ dependencies.a.outputs['s.o'] ]\" }\n",
    )}`;
    assert.deepEqual(read(text).notes, [
      "The job 'c' reads 'dependencies.A', which is empty: it does not depend on it.",
      "The job 'c' reads 'dependencies.a', which is empty: it does not depend on it.",
    ]);
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
steps:
- task: Scripted@1
  name: first
  inputs:
    scirpt: x
- task: Scriptd@1
- task: Scripted@2
- task: Scripted
- task: Scripted@1
  dislayName: x
  continueOnError: $(x)
  condition: eq(1
  inputs:
    script: $(first.declraed)
    connection: $(subscription)
`);
    assert.deepEqual(found, [
      "6:3 Scripted needs the input 'script'.",
      "7:5 Scripted has no input 'scirpt'. Did you mean 'script'?",
      "8:9 The task 'Scriptd@1' is not on this machine. Did you mean 'Scripted'? Give a stand-in for it with --task Scriptd=FOLDER.",
      '9:9 The task Scripted has no version 2; it is Scripted@1.',
      "10:9 'Scripted' must be a task and its major version, such as AmlRunJob@1.",
      "12:3 Unexpected property 'dislayName' in a step. Did you mean 'displayName'?",
      "13:20 Unexpected value '$(x)': continueOnError must be true or false.",
      "14:14 Unexpected end of expression: 'eq(1'.",
      "16:13 Scripted has no output 'declraed'. Did you mean 'declared'?",
      "17:17 There is no service connection 'main-conection' here; there is 'main-connection'.",
    ]);
  });

  const single: readonly (readonly [string, string, RegExp])[] = [
    [
      'expressions in defaults',
      `parameters:\n- { name: a, default: "\${{ 1 }}" }\n${TASK}`,
      /not allowed in this context/,
    ],
    [
      'anchors',
      'steps:\n- &a\n  task: Scripted@1\n  inputs: { script: x }\n- *a',
      /Anchors are not currently supported/,
    ],
    ['doubled keys', 'name: a\nname: b\n' + TASK, /'name' is already defined/],
    ['unknown variable groups', `variables:\n- group: secrets\n${TASK}`, /'secrets' is not on this machine/],
    ['deployments without a strategy', 'jobs:\n- deployment: d\n  environment: e', /needs a strategy: runOnce/],
    [
      'other strategies than runOnce',
      'jobs:\n- deployment: d\n  environment: e\n  strategy: { canary: { increments: [10], deploy: { steps: [] } } }',
      /The strategy 'canary' is not run here/,
    ],
    ['unknown keys', `stepz: []\n${TASK}`, /Unexpected value 'stepz'\. Did you mean 'steps'\?/],
    [
      'outputs of later steps',
      `steps:\n- task: Scripted@1\n  inputs: { script: $(b.declared) }\n- task: Scripted@1\n  name: b\n  inputs: { script: x }`,
      /runs only after this one/,
    ],
    ['no steps at all', 'name: x', /needs 'stages', 'jobs', 'steps' or 'extends'/],
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
