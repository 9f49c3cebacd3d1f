import test from 'ava';
import { judgeOf, type JsonSchema } from './complaints.ts';

const schema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['text'],
  maxProperties: 3,
  properties: {
    text: { type: 'string', minLength: 2, maxLength: 4, pattern: '^[a-z]*$' },
    number: { type: 'number', minimum: 1, maximum: 2 },
    whole: { type: 'integer' },
    list: { type: 'array', minItems: 1, maxItems: 2, items: { type: 'boolean' } },
    map: {
      type: 'object',
      minProperties: 1,
      propertyNames: { pattern: '^[a-z/~.]+$' },
      additionalProperties: { type: 'string' },
    },
  },
};
const judge = judgeOf(schema);
const text = 'abc';

test('each rule that is broken is told in a sentence with the place', (t) => {
  const broken: readonly (readonly [value: unknown, complaints: readonly string[]])[] = [
    [{ text }, []],
    [undefined, ['the file has to be a mapping']],
    [[], ['the file has to be a mapping']],
    [{}, ['text is missing']],
    [{ text: 1 }, ['text has to be a text']],
    [{ text: 'a' }, ['text: characters: at least 2']],
    [{ text: 'abcde' }, ['text: characters: at most 4']],
    [{ text: 'AB' }, ['text does not match ^[a-z]*$']],
    [{ text, other: 1 }, ['other is not known']],
    [{ text, number: 0 }, ['number: at least 1']],
    [{ text, number: 3 }, ['number: at most 2']],
    [{ text, number: Number.NaN }, ['number has to be a number']],
    [{ text, whole: 0.5 }, ['whole has to be a whole number']],
    [{ text, list: {} }, ['list has to be a list']],
    [{ text, list: [] }, ['list: entries: at least 1']],
    [
      { text, list: [true, true, 0] },
      ['list: entries: at most 2', 'list[2] has to be true or false'],
    ],
    [{ text, map: {} }, ['map: entries: at least 1']],
    [{ text, map: { B: 'b' } }, ["map.B: 'B' cannot be a name"]],
    [{ text, map: { 'a/~.b': 1 } }, ['map.a/~.b has to be a text']],
    [{ text, number: 1, whole: 1, list: [true] }, ['the file: entries: at most 3']],
  ];
  for (const [value, complaints] of broken) {
    t.deepEqual(judge(value), complaints, JSON.stringify(value));
  }
});

test('members that every object inherits are neither there nor welcome', (t) => {
  const inherited = judgeOf({
    type: 'object',
    additionalProperties: false,
    required: ['constructor'],
    properties: { constructor: { type: 'string' } },
  });
  t.deepEqual(inherited({}), ['constructor is missing']);
  t.deepEqual(judge(JSON.parse('{"text": "abc", "__proto__": 1}')), ['__proto__ is not known']);
});

test('a part of something larger is told by the name of the whole', (t) => {
  const part = judgeOf(schema, 'change');
  t.deepEqual(part(1), ['change has to be a mapping']);
  t.deepEqual(part({ list: [1] }), [
    'change.list[0] has to be true or false',
    'change.text is missing',
  ]);
});

test('a schema with a rule that nobody knows is a bug', (t) => {
  t.throws(() => judgeOf({ type: 'string', longest: 3 }));
});
