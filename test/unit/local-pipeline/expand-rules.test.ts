import assert from 'node:assert/strict';
import { expand, plain, problems, stepsOf, type Plain, type TextInput } from './pipeline-text.ts';

/** A pipeline of one script step whose text is an expression; everything above it may declare what it names. */
const show = (expression: string, above = ''): string =>
  `${above}steps:\n- script: '${expression.replaceAll("'", "''")}'\n`;

function shown(expression: string, above = '', input: TextInput = {}): string {
  const [step] = stepsOf(expand(show(expression, above), input)) as { inputs: { script: string } }[];
  return step?.inputs.script ?? '';
}

const object = (yaml: string): string => `parameters:\n- name: p\n  type: object\n  default: ${yaml}\n`;

describe('template expressions', () => {
  const values: readonly (readonly [rule: string, expression: string, result: string, above?: string])[] = [
    ['a non-empty text is true', "${{ eq(true, 'false') }}", 'True'],
    ['text is compared with the text of a Boolean', "${{ eq('1', true) }}", 'False'],
    ['the right side becomes a number', "${{ eq(1, '1.0') }}", 'True'],
    ['the right side becomes a text', "${{ eq('1.0', 1) }}", 'False'],
    ['an empty text is false', "${{ eq(false, '') }}", 'True'],
    ['false is the text False', "${{ eq('', false) }}", 'False'],
    ['text is compared without case', "${{ eq('A', 'a') }}", 'True'],
    ['coalesce gives text', '${{ eq(coalesce(1, 2), 1) }}', 'True'],
    ['coalesce stops at the first text', "${{ coalesce('', 'x', parameters.nosuch) }}", 'x'],
    ['iif keeps the kind', '${{ iif(true, 1.50, 2) }}', '1.5'],
    ['iif may be indexed', '${{ iif(true, parameters.p, parameters.p)[1] }}', 'b', object('[a, b]')],
    ['split takes one whole separator', "${{ join('|', split('a, b,c', ', ')) }}", 'a|b,c'],
    ['join leaves out objects', "${{ join(',', parameters.p) }}", 'a,', object('[a, {b: 1}]')],
    ['join of one value is its text', "${{ join(',', 'a') }}", 'a'],
    ['length counts entries', '${{ length(parameters.p) }}', '2', object('{a: 1, b: 2}')],
    ['a miss is null', "${{ coalesce(parameters.p.c, 'none') }}", 'none', object('{a: 1}')],
    ['an index of null is null', "${{ coalesce(parameters.p.c.d, 'none') }}", 'none', object('{a: 1}')],
    ['indices are floored', '${{ parameters.p[1.9] }}', 'b', object('[a, b]')],
    ['a negative index is null', "${{ coalesce(parameters.p[-1], 'none') }}", 'none', object('[a, b]')],
    ['a star takes each value', "${{ join(',', parameters.p.*.n) }}", '1,2', object('[{n: 1}, {n: 2}, {m: 3}]')],
    ['a star flattens', "${{ join(',', parameters.p.*.*) }}", '1,2,3', object('[[1, 2], [3]]')],
    ['keys are found without case', '${{ parameters.p.KEY }}', '1', object('{key: 1}')],
    ['containsValue looks at values', "${{ containsValue(parameters.p, 'B') }}", 'True', object('{a: b}')],
    ['containsValue of a scalar is False', "${{ containsValue('ab', 'a') }}", 'False'],
    ['in compares by the first', "${{ in('1', 1, 2) }}", 'True'],
    ['xor needs one', "${{ xor('x', 0) }}", 'True'],
    ['replace ignores case', "${{ replace('AbA', 'a', '-') }}", '-b-'],
    ['format escapes braces', "${{ format('{{{0}}}', 'x') }}", '{x}'],
    ['substring has a start and a length', "${{ substring('abcdef', 2, 3) }}", 'cde'],
    ['upper, lower and trim', "${{ upper(trim(lower(' Ab '))) }}", 'AB'],
    ['mixed text takes the text of each value', 'a${{ 1.50 }}b${{ true }}', 'a1.5bTrue'],
    ['a text in an expression is the escape', "${{ 'my${{value' }}", 'my${{value'],
    ['a closing is found outside of quotes', "${{ 'a}}b' }}", 'a}}b'],
    ['quotes are doubled', "${{ 'it''s' }}", "it's"],
    ['versions have two dots or more', '${{ gt(1.10.0, 1.9.0) }}', 'True'],
    ['numbers have at most seven decimals', '${{ 0.123456789 }}', '0.1234568'],
    [
      'JSON is indented by two and keeps kinds',
      '${{ convertToJson(parameters.p) }}',
      '{\n  "a": [\n    1.5,\n    true,\n    "x",\n    null\n  ],\n  "b": {}\n}',
      object('{a: [1.50, true, x, null], b: {}}'),
    ],
  ];
  for (const [rule, expression, result, above] of values) {
    it(`${rule}: ${expression}`, () => {
      assert.equal(shown(expression, above), result);
    });
  }

  const faults: readonly (readonly [rule: string, expression: string, core: RegExp, above?: string])[] = [
    [
      'a condition on numbers needs numbers',
      "${{ gt(1, 'abc') }}",
      /Unable to convert from String to Number. Value: 'abc'/,
    ],
    [
      'a list is no text',
      '${{ lower(parameters.p) }}',
      /Unable to convert from Array to String. Value: Array/,
      object('[a]'),
    ],
    ['there is no null literal', '${{ eq(null, 1) }}', /Unrecognized value: 'null'/],
    ['there are no operators', '${{ 1 == 2 }}', /Unexpected symbol: '=='. Located at position 3/],
    ['names have no hyphen', '${{ parameters.a-b }}', /Unexpected symbol: '-b'/, object('1')],
    ['functions are known', '${{ nosuch(1) }}', /Unrecognized function: 'nosuch'/],
    ['there is no status yet', '${{ succeeded() }}', /Unrecognized function: 'succeeded'/],
    ['too few arguments', '${{ eq(1) }}', /Too few parameters supplied: 'eq\('/],
    ['too many arguments', '${{ not(1, 2) }}', /Too many parameters supplied: 'not\('/],
    ['the end comes early', '${{ eq(1, }}', /Unexpected end of expression/],
    ['an expression is expected', '${{ }}', /An expression was expected/],
    ['an expression is closed', '${{ 1', /The expression is not closed/],
    ['a directive is a key', '${{ if true }}', /The directive 'if' is not allowed in this context/],
    ['a directive is not inline', 'a ${{ else }} b', /The directive 'else' is not allowed in this context/],
    [
      'a directive has its arguments',
      '${{ if true false }}',
      /Exactly 1 parameter\(s\) were expected following the directive 'if'. Actual parameter count: 2/,
    ],
    ['an undeclared parameter is an error', '${{ parameters.q }}', /Key not found 'q'/, object('1')],
    [
      'an expression is no longer than 21,000 letters',
      `\${{ '${'x'.repeat(21_000)}' }}`,
      /Exceeded maximum expression length/,
    ],
    [
      'an expression is no deeper than 50',
      `\${{ ${'not('.repeat(60)}1${')'.repeat(60)} }}`,
      /maximum expression depth/,
    ],
    [
      'text may not grow without end',
      `\${{ ${"format('{0}{0}', ".repeat(40)}'xxxxxxxx'${')'.repeat(40)} }}`,
      /Maximum object size exceeded/,
    ],
  ];
  for (const [rule, expression, core, above] of faults) {
    it(`${rule}: ${expression.slice(0, 60)}`, () => {
      assert.match(problems(() => expand(show(expression, above))).join('\n'), core);
    });
  }

  it('are checked for syntax where they are not reached, for names where they are', () => {
    const branch = (inside: string): string =>
      `steps:\n- \${{ if false }}:\n  - script: \${{ ${inside} }}\n- script: x\n`;
    assert.deepEqual(
      problems(() => expand(branch('nosuch.x'))),
      [],
    );
    assert.match(problems(() => expand(branch('a b'))).join(), /3:13 Unexpected symbol: 'b'/);
  });
});

describe('scalars', () => {
  const texts: readonly (readonly [written: string, asText: string, throughObject: string])[] = [
    ['1.20', '1.20', '1.2'],
    ['0010', '0010', '10'],
    ['1.50', '1.50', '1.5'],
    ['0x10', '0x10', '16'],
    ['true', 'true', 'True'],
    ['True', 'True', 'True'],
    ['yes', 'yes', 'yes'],
    ['~', '~', '~'],
    ['2020-01-01', '2020-01-01', '2020-01-01'],
    ["'1.20'", '1.20', '1.20'],
  ];
  for (const [written, asText, throughObject] of texts) {
    it(`${written} is '${asText}' as a text and '${throughObject}' of an object`, () => {
      const text = `parameters:\n- { name: s, default: ${written} }\n- { name: o, type: object, default: { v: ${written} } }\n`;
      assert.equal(shown('${{ parameters.s }} ${{ parameters.o.v }}', text), `${asText} ${throughObject}`);
    });
  }
});

describe('directives', () => {
  const result = (text: string, input: TextInput = {}): Plain => stepsOf(expand(text, input));
  const scripts = (text: string, input: TextInput = {}): string[] =>
    (result(text, input) as { inputs: { script: string } }[]).map((step) => step.inputs.script);

  it('if, elseif and else take the first that holds', () => {
    const text = (n: number): string => `steps:
- \${{ if eq(${n}, 1) }}:
  - script: one
- \${{ elseif eq(${n}, 2) }}:
  - script: two
- \${{ else }}:
  - script: other
`;
    assert.deepEqual([scripts(text(1)), scripts(text(2)), scripts(text(3))], [['one'], ['two'], ['other']]);
  });

  it('each goes through lists, through keys and values, and over nothing at all', () => {
    const text = `parameters:
- { name: list, type: object, default: [a, b] }
- { name: map, type: object, default: { x: 1, y: 2 } }
steps:
- \${{ each i in parameters.list }}:
  - \${{ each p in parameters.map }}:
    - script: \${{ i }}\${{ p.key }}\${{ p.value }}
- \${{ each i in parameters.map.nosuch }}:
  - script: never
`;
    assert.deepEqual(scripts(text), ['ax1', 'ay2', 'bx1', 'by2']);
  });

  it('insert and if merge their mapping in place', () => {
    const text = `parameters:
- { name: extra, type: object, default: { B: 2, C: 3 } }
steps:
- script: x
  env:
    A: 1
    \${{ insert }}: \${{ parameters.extra }}
    \${{ if true }}:
      D: 4
    \${{ if true }}:
      E: 5
    \${{ each p in parameters.extra }}:
      \${{ p.key }}2: \${{ p.value }}
`;
    const [step] = result(text) as { env: Plain }[];
    assert.deepEqual(step?.env, { A: '1', B: '2', C: '3', D: '4', E: '5', B2: '2', C2: '3' });
  });

  it('a list of an expression is put in its place, null is nothing', () => {
    const text = `parameters:
- { name: steps, type: stepList, default: [{ script: a }, { bash: b }] }
- { name: o, type: object, default: {} }
steps:
- \${{ parameters.steps }}
- \${{ parameters.o.nosuch }}
- script: c
`;
    assert.deepEqual(scripts(text), ['a', 'b', 'c']);
  });

  it('each over steps sees tasks, whatever they were written as', () => {
    const text = `parameters:
- name: steps
  type: stepList
  default:
  - script: echo
    displayName: Say
    enabled: false
  - task: Scripted@1
    inputs: { script: 1.20 }
steps:
- \${{ each s in parameters.steps }}:
  - \${{ if ne(s.task, 'CmdLine@2') }}:
    - \${{ each pair in s }}:
        \${{ pair.key }}: \${{ pair.value }}
  - \${{ else }}:
    - script: refused \${{ s.displayName }} \${{ s.enabled }}
`;
    assert.deepEqual(result(text), [
      { task: 'CmdLine@2', inputs: { script: 'refused Say False' } },
      { task: 'Scripted@1', inputs: { script: '1.20' } },
    ]);
  });

  const faults: readonly (readonly [rule: string, text: string, core: RegExp])[] = [
    [
      'else follows an if',
      'steps:\n- script: x\n- ${{ else }}:\n  - script: y\n',
      /3:3 The directive 'else' must directly follow/,
    ],
    [
      'nothing stands between if and else',
      'steps:\n- ${{ if true }}:\n  - script: x\n- script: z\n- ${{ else }}:\n  - script: y\n',
      /5:3 The directive 'else' must directly follow/,
    ],
    ['a body among steps is a list', "steps:\n- ${{ if true }}: ${{ 'x' }}\n", /2:19 Expected a mapping/],
    ['a body among keys is a mapping', 'steps:\n- script: x\n  ${{ if true }}: [1]\n', /3:19 Expected a mapping/],
    [
      'each needs a list or an object',
      "steps:\n- ${{ each x in 'abc' }}:\n  - script: x\n",
      /needs a list or an object, not a value of the kind String/,
    ],
    [
      'a loop hides nothing',
      'steps:\n- ${{ each variables in 1 }}:\n  - script: x\n',
      /'variables' has the name of something/,
    ],
    [
      'a key stands once, whatever its case',
      'steps:\n- script: x\n  env:\n    A: 1\n    ${{ if true }}:\n      a: 2\n',
      /6:7 'a' is already defined/,
    ],
    [
      'an item that is nothing is no step',
      'steps:\n- ${{ if false }}:\n    script: x\n',
      /2:3 There's not enough info to determine what you meant/,
    ],
    ['directives are written small', 'steps:\n- ${{ IF true }}:\n  - script: x\n', /Unexpected symbol: 'true'/],
    [
      'defaults are literal',
      'parameters:\n- name: a\n  default: ${{ 1 }}\nsteps: []\n',
      /3:12 A template expression is not allowed in this context/,
    ],
    [
      'a pool of the pipeline is literal',
      'pool: ${{ 1 }}\nsteps: []\n',
      /1:7 A template expression is not allowed in this context/,
    ],
    ['anchors are not known', 'steps:\n- script: &a x\n', /2:14 Anchors are not currently supported/],
  ];
  for (const [rule, text, core] of faults) {
    it(rule, () => {
      assert.match(problems(() => expand(text)).join('\n'), core);
    });
  }
});

describe('variables of template expressions', () => {
  it('are those passed already, and of the stage and job around', () => {
    const document = expand(
      `variables:
- { name: a, value: 1 }
- name: b
  value: \${{ variables.a }}\${{ variables.c }}
- { name: c, value: 3 }
stages:
- stage: One
  variables: { s: one, a: of-stage }
  jobs:
  - job: J
    variables: { a: of-job }
    steps:
    - script: \${{ variables.b }} \${{ variables.a }} \${{ variables.s }} \${{ variables.given }}
- stage: Two
  jobs:
  - job: J
    steps:
    - script: \${{ variables.a }} [\${{ variables.s }}]
`,
      { variables: { given: 'queued' } },
    );
    const scripts = JSON.stringify(plain(document)).match(/"script":"[^"]*"/g);
    assert.deepEqual(scripts, ['"script":"1 of-job one queued"', '"script":"1 []"']);
  });
});
