import assert from 'node:assert/strict';
import { evaluateExpression } from '../../../local/agent/expressions/evaluate.ts';
import type { Value } from '../../../local/agent/expressions/values.ts';

const names: Readonly<Record<string, Value>> = {
  list: ['b', 'a', 2],
  map: new Map<string, Value>([
    ['Key', 'value'],
    ['inner', new Map<string, Value>([['x.y', 1]])],
  ]),
};

function evaluate(expression: string): Value {
  return evaluateExpression(expression, { names, functions: {} });
}

describe('expressions', () => {
  const equalities: readonly (readonly [string, boolean])[] = [
    ["eq(true,'false')", true],
    ["eq('true',true)", true],
    ["eq('1',true)", false],
    ["eq(1,'1.0')", true],
    ["eq('1.0',1)", false],
    ["eq(false,'')", true],
    ["eq('',false)", false],
    ["eq('ABC','abc')", true],
    ["ne(1.50, '1.5')", false],
    ['eq(1.2.3, 1.2.3)', true],
    ["gt(1.10.0, '1.9.5')", true],
  ];
  for (const [expression, expected] of equalities) {
    it(`${expression} is ${expected}`, () => {
      assert.equal(evaluate(expression), expected);
    });
  }

  it('compare by the kind of the left side', () => {
    assert.equal(evaluate("le(0.9, '.95')"), true);
    assert.equal(evaluate("ge('.95', 0.9)"), false);
    assert.throws(() => evaluate("gt(1, 'abc')"), /Unable to convert from String to Number. Value: 'abc'/);
    assert.throws(() => evaluate('gt(list, 1)'), /Unable to convert from Array to Number/);
  });

  it('reach into objects and lists without case, and past their ends', () => {
    assert.equal(evaluate('map.KEY'), 'value');
    assert.equal(evaluate("map.inner['x.y']"), 1);
    assert.equal(evaluate("list['1']"), 'a');
    assert.equal(evaluate('list[9]'), null);
    assert.equal(evaluate('map.nosuch.deeper'), null);
    assert.equal(evaluate("containsValue(map, 'VALUE')"), true);
    assert.equal(evaluate("join(',', list)"), 'b,a,2');
  });

  it('stop at the first argument that decides', () => {
    assert.equal(evaluate("or(true, gt(1, 'abc'))"), true);
    assert.equal(evaluate("and(false, gt(1, 'abc'))"), false);
  });

  it('work on text', () => {
    assert.equal(evaluate("format('{0} {{x}} {1}', 'a', 1.50)"), 'a {x} 1.5');
    assert.equal(evaluate("coalesce('', map.nosuch, 'third')"), 'third');
    assert.equal(evaluate("replace('aXbx', 'x', '$&')"), 'a$&b$&');
    assert.equal(evaluate("contains('Promote', 'MOT')"), true);
    assert.equal(evaluate("in('b', 'a', 'B')"), true);
    assert.equal(evaluate("'it''s'"), "it's");
    assert.equal(evaluate('not(false)'), true);
    assert.equal(evaluate("xor(true, '')"), true);
  });

  it('name the symbol and the place of a mistake', () => {
    assert.throws(() => evaluate('eq(1 == 2)'), /Unexpected symbol: '=='. Located at position 6 within expression/);
    assert.throws(() => evaluate('eq(1, 2))'), /Unexpected symbol: '\)'. Located at position 9/);
    assert.throws(() => evaluate('eq(1)'), /Too few parameters supplied: 'eq\('/);
    assert.throws(() => evaluate(''), /An expression was expected/);
  });
});
