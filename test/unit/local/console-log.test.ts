import assert from 'node:assert/strict';
import { showLine } from '../../../local/console-log.ts';

const show = (text: string, colour: boolean): string => showLine({ step: 's', phase: 'main', text }, colour);

describe('lines on a terminal', () => {
  it('keep the agent’s tags without colours and become colours with them', () => {
    assert.equal(show('##[error]bad', false), '##[error]bad');
    assert.equal(show('##[error]bad', true), '\u001B[31mbad\u001B[0m');
    assert.equal(show('plain', true), 'plain');
  });

  it('cannot steer the terminal', () => {
    assert.equal(show('a\u001B[2Jb\u009Bc\td', true), 'a[2Jbc\td');
  });
});
