import assert from 'node:assert/strict';
import { allowsCommand, allowsVariable } from '../../../local/agent/restrictions.ts';

const only = (...allowed: string[]): { settableVariables: { allowed: string[] } } => ({
  settableVariables: { allowed },
});

describe('restrictions on variables', () => {
  it('allow everything without a list and nothing with an empty one', () => {
    assert.equal(allowsVariable([{}], 'x'), true);
    assert.equal(allowsVariable([only()], 'x'), false);
  });

  it('match names and patterns without case', () => {
    assert.equal(allowsVariable([only('myVar')], 'MYVAR'), true);
    assert.equal(allowsVariable([only('myVar')], 'myVariable'), false);
    for (const name of ['mything', 'MY']) assert.equal(allowsVariable([only('my*')], name), true, name);
  });

  it('must all allow', () => {
    const both = [only('my*', 'otherVar'), only('myVar', 'myThing', 'extra')];
    const names = ['myVar', 'myThing', 'extra', 'otherVar', 'myOther'];
    assert.deepEqual(
      names.filter((name) => allowsVariable(both, name)),
      ['myVar', 'myThing'],
    );
  });
});

describe('restricted commands', () => {
  it('let a task report and set, but not attach', () => {
    const restricted = [{ commands: { mode: 'Restricted' } }];
    assert.equal(allowsCommand(restricted, 'task.complete'), true);
    assert.equal(allowsCommand(restricted, 'task.uploadsummary'), false);
    assert.equal(allowsCommand([{ commands: { mode: 'any' } }], 'task.uploadsummary'), true);
  });
});
