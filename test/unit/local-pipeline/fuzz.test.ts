import assert from 'node:assert/strict';
import { PipelineRefused } from '../../../local/pipeline/problems.ts';
import { plan } from './pipeline-text.ts';

/** A pipeline with a bit of everything. */
const SEED = `name: run $(Rev:r)
trigger: none
parameters:
- name: environments
  type: object
  default: [dev, prod]
- { name: count, type: number, default: 3, values: [1, 2, 3] }
- name: steps
  type: stepList
  default:
  - script: echo \${x}
    displayName: 'Say it'
resources:
  repositories:
  - repository: shared
    type: git
    ref: refs/heads/\${{ parameters.count }}
variables:
- name: a
  value: \${{ parameters.count }}
- template: vars.yml
  parameters: { v: "1.20" }
- name: r
  value: $[ coalesce(variables.a, 'x') ]
stages:
- \${{ each e in parameters.environments }}:
  - stage: S_\${{ e }}
    condition: and(succeeded(), ne(variables['a'], '0'))
    jobs:
    - template: jobs.yml
      parameters:
        environment: \${{ e }}
        steps: \${{ parameters.steps }}
    - job: M
      dependsOn: D
      strategy: { matrix: { one: { x: 1 }, two: { x: 2 } } }
      \${{ if eq(e, 'prod') }}:
        timeoutInMinutes: 5
      \${{ else }}:
        displayName: \${{ format('{0}-{1}', e, 1) }}
      steps:
      - checkout: none
      - task: Scripted@1
        name: s
        inputs: { script: x }
      - task: Scripted@1
        inputs:
          script: |
            $(s.declared) \${{ convertToJson(parameters.environments) }}
`;
const FILES = {
  'vars.yml': 'parameters:\n- name: v\nvariables:\n  w: ${{ parameters.v }}\n',
  'jobs.yml': `parameters:
- name: environment
- { name: steps, type: stepList, default: [] }
jobs:
- deployment: D
  environment: { name: "\${{ parameters.environment }}", resourceName: vm }
  strategy:
    runOnce:
      deploy:
        steps:
        - \${{ each s in parameters.steps }}:
          - \${{ each p in s }}:
              \${{ p.key }}: \${{ p.value }}
      on: { failure: { steps: [ { bash: exit 1 } ] } }
`,
};
const SNIPPETS = [
  ...[
    '${{',
    '}}',
    '${{ if',
    '${{ each x in',
    '${{ parameters.nosuch }}',
    '${{ variables }}',
    '$[',
    ']',
    '$(a',
    "'",
    '"',
  ],
  ...[
    '- ',
    ': ',
    '&a ',
    '*a ',
    '? ',
    '|',
    '>',
    '{',
    '}',
    '[',
    '!!str ',
    '~',
    'null',
    '\t',
    '\u0000',
    '\uFEFF',
    '---\n',
  ],
  ...[
    'template: jobs.yml',
    'template: vars.yml',
    'steps:',
    'jobs:',
    '__proto__',
    'constructor',
    'toString',
    '%',
    '\u2028',
  ],
];
const ROUNDS = 200;

/** Numbers that look random and are the same every time (xorshift). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function mutate(text: string, pick: (below: number) => number): string {
  const lines = text.split('\n');
  const [from, to] = [pick(lines.length), pick(lines.length)];
  const at = pick(text.length);
  switch (pick(7)) {
    case 0:
      return lines.toSpliced(from, 1).join('\n');
    case 1:
      return lines.toSpliced(to, 0, lines[from] ?? '').join('\n');
    case 2:
      return lines.with(from, `  ${lines[from] ?? ''}`).join('\n');
    case 3:
      return lines.with(from, (lines[from] ?? '').replace(/^ {2}/, '')).join('\n');
    case 4:
      return text.slice(0, at) + text.slice(at + 1 + pick(20));
    default:
      return text.slice(0, at) + (SNIPPETS[pick(SNIPPETS.length)] ?? '') + text.slice(at);
  }
}

describe('mutated pipelines', () => {
  it('start from one that is right', () => {
    assert.equal(plan(SEED, { files: FILES, plan: { purpose: 'check' } }).stages.length, 2);
  });

  it('are planned, or refused with the place of every problem', () => {
    const pick = numbers(20_261);
    const outcomes = { planned: 0, refused: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      let text = SEED;
      const files: Record<string, string> = { ...FILES };
      for (let change = pick(3); change >= 0; change--) {
        if (pick(3) > 0) text = mutate(text, pick);
        else files['jobs.yml'] = mutate(files['jobs.yml'] ?? '', pick);
      }
      try {
        plan(text, { files, plan: { purpose: 'check' } });
        outcomes.planned++;
      } catch (error) {
        assert.ok(error instanceof PipelineRefused, `round ${round}: ${String(error)}\n${text}`);
        assert.ok(error.problems.length > 0);
        for (const { file, line, column, sentence } of error.problems) {
          assert.ok(file !== '' && line >= 1 && column >= 1 && sentence.length > 3, `round ${round}: ${error.message}`);
        }
        outcomes.refused++;
      }
    }
    assert.ok(outcomes.planned > 5 && outcomes.refused > 50, JSON.stringify(outcomes));
  });
});
