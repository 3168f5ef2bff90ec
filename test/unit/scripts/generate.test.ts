import assert from 'node:assert/strict';
import { inputReaderSource } from '../../../scripts/generate/input-reader.ts';
import { withTasks } from '../../../scripts/generate/manifest.ts';
import { findBreaks, surfaceOf } from '../../../scripts/generate/surface.ts';
import { fillTables, taskListTable, taskTables } from '../../../scripts/generate/tables.ts';
import type { Task, TaskInput, TaskJson } from '../../../scripts/task-contract.ts';

function input(name: string, type: string, more: Partial<TaskInput> = {}): TaskInput {
  return { name, type, label: name, helpMarkDown: `Help of ${name}.`, ...more };
}

function task(inputs: readonly TaskInput[], more: Partial<TaskJson> = {}): Task {
  const json: TaskJson = {
    id: '00000000-0000-4000-8000-000000000001',
    name: 'AmlTest',
    friendlyName: 'Test',
    description: 'Tests.\nReally.',
    instanceNameFormat: 'Test',
    version: { Major: 1, Minor: 0, Patch: 0 },
    inputs,
    outputVariables: [
      { name: 'jobName', description: 'The job.' },
      { name: 'failure', description: 'Why. Unset unless it failed.' },
    ],
    ...more,
  };
  return { name: json.name, folder: '/tasks/AmlTest', json };
}

const options = { a: 'A', b: 'B' };

describe('the generated reader', () => {
  const cases: readonly [string, TaskInput, string, string][] = [
    ['a required text', input('x', 'string', { required: true }), 'string', "reader.required('x', reader.text('x'))"],
    ['an optional text', input('x', 'string'), 'string | undefined', "reader.text('x')"],
    ['a text with a default', input('x', 'string', { defaultValue: "it's" }), 'string', "reader.text('x') ?? 'it\\'s'"],
    [
      'an input that others hide',
      input('x', 'string', { required: true, visibleRule: 'mode = a' }),
      'string | undefined',
      "reader.text('x')",
    ],
    ['a number', input('x', 'int', { defaultValue: '90' }), 'number', "reader.integer('x') ?? 90"],
    ['a number without a default', input('x', 'int'), 'number | undefined', "reader.integer('x')"],
    ['a boolean', input('x', 'boolean', { defaultValue: 'false' }), 'boolean', "reader.boolean('x') ?? false"],
    [
      'a choice',
      input('x', 'pickList', { options, defaultValue: 'b' }),
      "'a' | 'b'",
      "reader.choice('x', ['a', 'b']) ?? 'b'",
    ],
    [
      'a choice that takes other values too',
      input('x', 'pickList', { options, properties: { EditableOptions: 'True' } }),
      'string | undefined',
      "reader.text('x')",
    ],
    [
      'lines, because its help says so',
      input('x', 'multiLine', { helpMarkDown: 'One `name=value` a line.' }),
      'readonly string[]',
      "reader.lines('x') ?? []",
    ],
    [
      'required lines',
      input('x', 'multiLine', { helpMarkDown: 'Files, one per line.', required: true }),
      'readonly string[]',
      "reader.required('x', reader.lines('x'))",
    ],
    ['a text of several lines', input('x', 'multiLine'), 'string | undefined', "reader.text('x')"],
    ['a file', input('x', 'filePath', { required: true }), 'string', "reader.required('x', reader.path('x'))"],
    [
      'a folder whose default the agent computes',
      input('x', 'filePath', { defaultValue: '$(Build.SourcesDirectory)', required: true }),
      'string | undefined',
      "reader.path('x')",
    ],
  ];
  for (const [what, declared, type, expression] of cases) {
    it(`reads ${what}`, () => {
      const source = inputReaderSource(task([declared]));
      assert.ok(source.includes(`  readonly x: ${type};`), source);
      assert.ok(source.includes(`    x: ${expression},`), source);
    });
  }

  it('types outputs, and leaves those open that may stay unset', () => {
    const source = inputReaderSource(task([]));
    assert.ok(source.includes('  readonly jobName: string;'));
    assert.ok(source.includes('  readonly failure?: string | undefined;'));
  });

  it('carries the help as documentation that cannot end its comment', () => {
    const source = inputReaderSource(task([input('x', 'string', { helpMarkDown: 'Globs like `a/*/b`.\nSecond.' })]));
    assert.match(source, /\/\*\*\n {3}\* Globs like `a\/\*\u200b\/b`\.\n {3}\* Second\.\n {3}\*\//);
  });

  it('refuses a default that does not fit', () => {
    for (const unfit of [
      input('x', 'int', { defaultValue: 'ten' }),
      input('x', 'boolean', { defaultValue: 'yes' }),
      input('x', 'pickList', { options, defaultValue: 'c' }),
    ]) {
      assert.throws(() => inputReaderSource(task([unfit])), /AmlTest: the default '\w+' of input 'x' is not/);
    }
  });
});

describe('the generated tables', () => {
  const tables = taskTables(
    task([
      input('azureSubscription', 'connectedService:AzureRM', { required: true }),
      input('mode', 'pickList', { options, defaultValue: 'a', helpMarkDown: 'This | that.\n\nMore.' }),
    ]),
  );

  it('show type, default and meaning of each input', () => {
    assert.deepEqual(tables.inputs?.split('\n').slice(2), [
      '| `azureSubscription` | service connection | **required** | Help of azureSubscription. |',
      '| `mode` | `a`, `b` | `a` | This \\| that.<br><br>More. |',
    ]);
  });

  it('stand between their markers, and nowhere else', () => {
    const readme = '# T\n<!-- inputs:start -->old $1<!-- inputs:end -->\nprose $&\n';
    const filled = fillTables(readme, { inputs: 'costs $1 and $&', outputs: 'none' });
    assert.match(
      filled,
      /^# T\n<!-- inputs:start -->\n\n.*\ncosts \$1 and \$&\n.*\n\n<!-- inputs:end -->\nprose \$&\n$/,
    );
    assert.equal(fillTables(filled, { inputs: 'costs $1 and $&' }), filled);
    assert.equal(fillTables('no markers', { inputs: 'x' }), 'no markers');
  });

  it('list the tasks', () => {
    assert.match(
      taskListTable([task([])]).tasks ?? '',
      /\| \[AmlTest\]\(tasks\/AmlTest\/README\.md\) \| Tests\. Really\. \|/,
    );
  });
});

describe('the generated manifest', () => {
  it('holds one entry a task beside what else is in it', () => {
    const manifest = {
      id: 'x',
      publisher: 'p',
      version: '1.0.0',
      name: 'X',
      files: [{ path: 'images' }, { path: 'tasks/AmlGone' }],
      contributions: [
        { id: 'hub', type: 'ms.vss-web.hub' },
        { id: 'AmlGone', type: 'ms.vss-distributed-task.task' },
      ],
    };
    const next = withTasks(manifest, [task([])]);
    assert.deepEqual(next.files, [{ path: 'images' }, { path: 'tasks/AmlTest' }]);
    assert.deepEqual(
      next.contributions?.map(({ id }) => id),
      ['hub', 'AmlTest'],
    );
    assert.equal(next.name, 'X');
    assert.deepEqual(withTasks(next, [task([])]), next);
  });
});

describe('the frozen surface', () => {
  const before = surfaceOf([
    task([input('file', 'filePath', { required: true }), input('mode', 'pickList', { options, defaultValue: 'a' })]),
  ]);

  function breaks(inputs: readonly TaskInput[], more: Partial<TaskJson> = {}): readonly string[] {
    return findBreaks(before, surfaceOf([task(inputs, more)]));
  }
  const file = input('file', 'filePath', { required: true });
  const mode = input('mode', 'pickList', { options, defaultValue: 'a' });

  it('lets additions through', () => {
    assert.deepEqual(breaks([file, mode]), []);
    assert.deepEqual(breaks([input('file', 'filePath'), mode, input('more', 'string')]), []);
    assert.deepEqual(breaks([file, { ...mode, options: { ...options, c: 'C' } }]), []);
    assert.deepEqual(
      breaks([file, mode], {
        outputVariables: [...(task([]).json.outputVariables ?? []), { name: 'more', description: 'More.' }],
      }),
      [],
    );
  });

  it('names everything that breaks a pipeline, and what to do instead', () => {
    const cases: readonly [readonly string[], RegExp][] = [
      [findBreaks(before, {}), /AmlTest@1 is gone/],
      [breaks([file]), /AmlTest@1 mode is gone\. Keep the name as an alias/],
      [breaks([{ ...file, type: 'string' }, mode]), /file was filePath and is string/],
      [breaks([file, { ...mode, defaultValue: 'b' }]), /mode has another default/],
      [breaks([file, { ...mode, options: { a: 'A' } }]), /mode no longer takes 'b'/],
      [breaks([file, mode, input('more', 'string', { required: true })]), /more is new and required/],
      [breaks([file, mode], { outputVariables: [] }), /output failure is gone/],
      [breaks([file, mode], { id: '00000000-0000-4000-8000-000000000002' }), /has another id/],
      [
        findBreaks(
          surfaceOf([task([input('x', 'string')])]),
          surfaceOf([task([input('x', 'string', { required: true })])]),
        ),
        /x has become required/,
      ],
    ];
    for (const [found, sentence] of cases)
      assert.ok(
        found.some((line) => sentence.test(line)),
        `${sentence}: ${found.join()}`,
      );
  });
});
