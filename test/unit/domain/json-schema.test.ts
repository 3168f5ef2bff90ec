import assert from 'node:assert/strict';
import { schemaFailures, schemaProblems } from '../../../tasks/common/domain/json-schema.ts';
import type { Json } from '../../../tasks/common/domain/json.ts';

describe('a JSON schema', () => {
  const cases: readonly (readonly [rule: Json, fitting: readonly Json[], failing: readonly Json[]])[] = [
    [{ type: 'integer' }, [1, 2.0], [1.5, '1', null]],
    [{ type: ['string', 'null'] }, ['a', null], [1, [], {}]],
    [{ type: 'array' }, [[]], [{}]],
    [{ type: 'object' }, [{}], [[], null]],
    [{ enum: ['a', 1, { b: [1] }] }, ['a', 1, { b: [1] }], ['b', { b: [2] }]],
    [{ const: { a: 1, b: 2 } }, [{ b: 2, a: 1 }], [{ a: 1 }]],
    [{ minimum: 0, exclusiveMaximum: 1 }, [0, 0.99, 'text'], [-0.01, 1]],
    [{ exclusiveMinimum: 0, maximum: 1 }, [0.01, 1], [0, 1.01]],
    [{ multipleOf: 0.1 }, [0.3, 7], [0.35]],
    [{ minLength: 2, maxLength: 3 }, ['ab', '😀😀😀', 1], ['a', 'abcd']],
    [{ pattern: '^b' }, ['bc', 1], ['ab']],
    [{ items: { type: 'number' }, minItems: 1, maxItems: 2 }, [[1], [1, 2], 'x'], [[], [1, 2, 3], ['a']]],
    [{ prefixItems: [{ type: 'string' }, true], items: false }, [['a'], ['a', 1], []], [[1], ['a', 1, 2]]],
    [
      { uniqueItems: true },
      [[1, 2, '1']],
      [
        [
          { a: 1, b: 2 },
          { b: 2, a: 1 },
        ],
      ],
    ],
    [{ contains: { const: 1 } }, [[0, 1]], [[0], []]],
    [{ required: ['a'] }, [{ a: null }, 'x'], [{}, { b: 1 }]],
    [{ properties: { a: { type: 'string' } }, additionalProperties: false }, [{ a: 'x' }, {}], [{ a: 1 }, { b: 1 }]],
    [
      { patternProperties: { '^x-': { type: 'number' } }, additionalProperties: false },
      [{ 'x-a': 1 }],
      [{ 'x-a': 'b' }, { y: 1 }],
    ],
    [{ additionalProperties: { type: 'number' } }, [{ a: 1 }], [{ a: '1' }]],
    [{ propertyNames: { maxLength: 1 } }, [{ a: 1 }], [{ ab: 1 }]],
    [{ minProperties: 1, maxProperties: 1 }, [{ a: 1 }], [{}, { a: 1, b: 2 }]],
    [{ allOf: [{ minimum: 1 }, { maximum: 2 }] }, [1, 2], [0, 3]],
    [{ anyOf: [{ type: 'string' }, { minimum: 1 }] }, ['a', 1], [0]],
    [{ oneOf: [{ minimum: 1 }, { maximum: 2 }] }, [0, 3], [1, 2]],
    [{ not: { type: 'null' } }, [1], [null]],
    [{ $ref: '#/$defs/a~1b', $defs: { 'a/b': { type: 'string' } } }, ['x'], [1]],
    [
      { properties: { next: { $ref: '#' } }, additionalProperties: false },
      [{ next: { next: {} } }],
      [{ next: { x: 1 } }],
    ],
    [true, [1], []],
    [false, [], [1]],
    [{ format: 'email', title: 'x', $schema: 'y' }, ['anything'], []],
  ];

  for (const [schema, fitting, failing] of cases) {
    it(`${JSON.stringify(schema)} takes what fits it and nothing else`, () => {
      assert.deepEqual(schemaProblems(schema), []);
      for (const value of fitting) assert.deepEqual(schemaFailures(schema, value), [], JSON.stringify(value));
      for (const value of failing) assert.ok(schemaFailures(schema, value).length > 0, JSON.stringify(value));
    });
  }

  it('says where a value does not fit, all of it', () => {
    const schema = {
      required: ['predictions', 'model'],
      properties: {
        predictions: { items: { properties: { 'p 1': { maximum: 1 }, label: { enum: ['a', 'b'] } } } },
      },
    };
    assert.deepEqual(schemaFailures(schema, { predictions: [{}, { 'p 1': 1.5, label: 'c' }] }), [
      '$.model is missing.',
      "$.predictions[1]['p 1'] must be at most 1: it is 1.5.",
      '$.predictions[1].label must be one of ["a","b"]: it is "c".',
    ]);
  });

  it('ends with a schema that refers to itself without end', () => {
    const endless = { $ref: '#' };
    assert.match(schemaFailures(endless, 1).join(), /refers to itself without end/);
  });

  it('refuses what it could not check', () => {
    const refused: readonly (readonly [Json, RegExp])[] = [
      [{ if: {} }, /#\/if: the keyword 'if' is not supported/],
      [{ items: { dependentRequired: {} } }, /#\/items\/dependentRequired/],
      [{ type: 'text' }, /#\/type must be among/],
      [{ $ref: 'https://example.com/x' }, /names nothing in this schema/],
      [{ $ref: '#/$defs/x' }, /names nothing in this schema/],
      [{ properties: { a: { pattern: '(' } } }, /#\/properties\/a\/pattern: '\(' is no regular expression/],
      [{ patternProperties: { '(': true } }, /no regular expression/],
      [{ minimum: '1' }, /must be a number/],
      [{ anyOf: {} }, /must be a list of schemas/],
      [{ properties: [] }, /must hold schemas by name/],
      [{ required: 'a' }, /must be a list/],
      [[1], /must be a schema/],
    ];
    for (const [schema, message] of refused) assert.match(schemaProblems(schema).join('\n'), message);
  });
});
