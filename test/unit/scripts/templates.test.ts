import assert from 'node:assert/strict';
import { readTemplate, templateLists, templateReference } from '../../../scripts/generate/templates.ts';

const TEXT = `# Does one thing. And tells
# where its outputs are.
parameters:
  # What it is called,
  # in two lines.
  - name: name
    type: string
  # How it ends.
  - name: ending
    type: string
    default: ''
    values: ['', bang]
  # Where it runs.
  - name: pool
    type: object
    default:
      name: bastion-agents

steps:
  - script: echo
`;

describe('the reference of templates', () => {
  it('takes descriptions from comments, and types, defaults and values as they stand', () => {
    assert.deepEqual(readTemplate('steps', 'steps/one.yml', TEXT), {
      kind: 'steps',
      path: 'steps/one.yml',
      description: 'Does one thing. And tells where its outputs are.',
      parameters: [
        { name: 'name', type: 'string', default: undefined, values: [], meaning: 'What it is called, in two lines.' },
        { name: 'ending', type: 'string', default: '', values: ['', 'bang'], meaning: 'How it ends.' },
        { name: 'pool', type: 'object', default: '{"name":"bastion-agents"}', values: [], meaning: 'Where it runs.' },
      ],
    });
  });

  it('refuses a template or a parameter that says nothing about itself', () => {
    assert.throws(
      () => readTemplate('steps', 'steps/one.yml', 'steps: []\n'),
      /templates\/steps\/one\.yml does not say/,
    );
    const silent = TEXT.replace('  # How it ends.\n', '');
    assert.throws(
      () => readTemplate('steps', 'steps/one.yml', silent),
      /the parameter 'ending' needs a type, and a com/,
    );
    const untyped = TEXT.replace('  - name: name\n    type: string\n', '  - name: name\n');
    assert.throws(() => readTemplate('steps', 'steps/one.yml', untyped), /the parameter 'name' needs a type/);
  });

  it('lists the first sentence, and links to the whole', () => {
    const template = readTemplate('steps', 'steps/one-two.yml', TEXT);
    const row = '| [steps/one-two.yml](../docs/templates.md#stepsone-twoyml) | Does one thing. |';
    assert.ok(templateLists([template]).steps?.includes(row));
    assert.match(
      templateReference([template]).reference ?? '',
      /\| `name` \| string \| \*\*required\*\* \| What it is/,
    );
  });
});
