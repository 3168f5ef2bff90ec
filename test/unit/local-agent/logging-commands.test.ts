import assert from 'node:assert/strict';
import { deactivateCommands, escapeText, parseCommand, unescapeText } from '../../../local/agent/logging-commands.ts';

function parsed(line: string, decodePercents = true): unknown {
  const command = parseCommand(line, decodePercents);
  return command && [`${command.area}.${command.event}`, command.properties.toObject(), command.data];
}

describe('parsing of logging commands', () => {
  const encoded = '##vso[area.event k1=%3B=%0D=%0A=%5D%AZP25;]%3B-%0D-%0A-%5D%AZP253B';

  it('reads area, event, properties and data', () => {
    assert.deepEqual(parsed('##vso[area.event k1=v1;]msg'), ['area.event', { k1: 'v1' }, 'msg']);
    assert.deepEqual(parsed('##vso[area.event]'), ['area.event', {}, '']);
  });

  it('decodes escapes, the percent sign last and only when asked', () => {
    assert.deepEqual(parsed(encoded, false), ['area.event', { k1: ';=\r=\n=]%AZP25' }, ';-\r-\n-]%AZP253B']);
    assert.deepEqual(parsed(encoded, true), ['area.event', { k1: ';=\r=\n=]%' }, ';-\r-\n-]%3B']);
  });

  it('drops properties without a value or a name', () => {
    assert.deepEqual(parsed('##vso[area.event k1=;k2=;]'), ['area.event', {}, '']);
    assert.deepEqual(parsed('##vso[area.event =v;k==w;a=b=c;d=e==]'), [
      'area.event',
      { k: 'w', a: 'b=c', d: 'e==' },
      '',
    ]);
  });

  it('finds a command anywhere in a line and drops what stands before it', () => {
    assert.deepEqual(parsed('>>>   ##vso[area.event k1=v1;]msg'), ['area.event', { k1: 'v1' }, 'msg']);
  });

  it('matches area, event and keys without case', () => {
    assert.deepEqual(parsed('##vso[TASK.Debug]x'), ['task.debug', {}, 'x']);
    assert.equal(parseCommand('##vso[task.setvariable isSecret=true]x')?.properties.get('ISSECRET'), 'true');
  });

  it('is no command without exactly an area and an event', () => {
    for (const line of [
      '##vso[task]x',
      '##vso[task.debug.x]',
      '##vso[ task.debug]x',
      '##VSO[task.debug]x',
      '##vso[a.b',
    ]) {
      assert.equal(parsed(line), undefined, line);
    }
    assert.deepEqual(parsed('##vso[task..debug]x'), ['task.debug', {}, 'x']);
  });

  it('ends the header at the first bracket and trims no blanks', () => {
    assert.deepEqual(parsed('##vso[task.setvariable variable=a]b]c'), ['task.setvariable', { variable: 'a' }, 'b]c']);
    assert.deepEqual(parsed('##vso[task.setvariable variable=a; issecret=true]v'), [
      'task.setvariable',
      { variable: 'a', ' issecret': 'true' },
      'v',
    ]);
  });

  it('gives back every escaped text', () => {
    const text = 'a;b\r\nc]%3B%AZP25%';
    assert.equal(unescapeText(escapeText(text)), text);
  });
});

describe('deactivation of logging commands', () => {
  it('takes the prefix out of any text, in any case, and nothing else', () => {
    assert.equal(deactivateCommands('x ##vso[a.b]'), 'x **vso[a.b]');
    assert.equal(deactivateCommands('##VsO'), '**vso');
    for (const text of ['## vso', '#vso', '##vs']) assert.equal(deactivateCommands(text), text);
  });
});
