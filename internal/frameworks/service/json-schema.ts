/**
 * The part of JSON Schema (2020-12) that our own schemas use, and a check of values against it. What is
 * published for editors is what files are judged by: there is no second list of rules.
 */
import { unreachable } from '#internal/base/assert.ts';

type About = { readonly description?: string; readonly default?: unknown };

export type JsonSchema = About &
  (
    | {
        readonly type: 'object';
        readonly properties?: Readonly<Record<string, JsonSchema>>;
        readonly required?: readonly string[];
        /** Of members without a name of their own; false: there are none. */
        readonly additionalProperties: false | JsonSchema;
        readonly propertyNames?: { readonly pattern: string };
        readonly minProperties?: number;
        readonly maxProperties?: number;
      }
    | {
        readonly type: 'array';
        readonly items: JsonSchema;
        readonly minItems?: number;
        readonly maxItems?: number;
      }
    | {
        readonly type: 'string';
        readonly pattern?: string;
        readonly minLength?: number;
        readonly maxLength?: number;
      }
    | {
        readonly type: 'number' | 'integer';
        readonly minimum?: number;
        readonly exclusiveMinimum?: number;
        readonly maximum?: number;
      }
    | { readonly type: 'boolean' }
  );

type ObjectSchema = Extract<JsonSchema, { type: 'object' }>;

/** One sentence for each thing that is wrong; none when the value is as the schema wants it. */
export function complaints(schema: JsonSchema, value: unknown, path = ''): readonly string[] {
  const at = path === '' ? 'the file' : path;
  switch (schema.type) {
    case 'object':
      return isObject(value)
        ? objectComplaints(schema, value, path)
        : [`${at} has to be a mapping`];
    case 'array':
      return Array.isArray(value)
        ? [
            ...rangeComplaints(value.length, [schema.minItems, schema.maxItems], `${at}: entries`),
            ...value.flatMap((item, n) => complaints(schema.items, item, `${path}[${n}]`)),
          ]
        : [`${at} has to be a list`];
    case 'string':
      return typeof value === 'string'
        ? textComplaints(schema, value, at)
        : [`${at} has to be a text`];
    case 'number':
    case 'integer':
      return numberComplaints(schema, value, at);
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`${at} has to be true or false`];
    default:
      return unreachable(schema);
  }
}

function objectComplaints(
  schema: ObjectSchema,
  value: Readonly<Record<string, unknown>>,
  path: string,
): readonly string[] {
  const inside = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const { properties = {}, required = [], additionalProperties: others, propertyNames } = schema;
  const members = Object.entries(value);
  const missing = required.filter((name) => !Object.hasOwn(value, name));
  const names = new RegExp(propertyNames?.pattern ?? '', 'u');
  return [
    ...missing.map((name) => `${inside(name)} is missing`),
    ...rangeComplaints(
      members.length,
      [schema.minProperties, schema.maxProperties],
      `${path === '' ? 'the file' : path}: entries`,
    ),
    ...members.flatMap(([name, member]) => {
      const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (own !== undefined) return complaints(own, member, inside(name));
      if (others === false) return [`${inside(name)} is not known`];
      if (!names.test(name)) return [`${inside(name)}: '${name}' cannot be a name`];
      return complaints(others, member, inside(name));
    }),
  ];
}

function textComplaints(
  { pattern, minLength, maxLength }: Extract<JsonSchema, { type: 'string' }>,
  value: string,
  at: string,
): readonly string[] {
  return [
    ...rangeComplaints(value.length, [minLength, maxLength], `${at}: characters`),
    ...(pattern === undefined || new RegExp(pattern, 'u').test(value)
      ? []
      : [`${at} does not match ${pattern}`]),
  ];
}

function numberComplaints(
  schema: Extract<JsonSchema, { type: 'number' | 'integer' }>,
  value: unknown,
  at: string,
): readonly string[] {
  if (typeof value !== 'number' || !Number.isFinite(value)) return [`${at} has to be a number`];
  if (schema.type === 'integer' && !Number.isSafeInteger(value)) {
    return [`${at} has to be a whole number`];
  }
  const { minimum, maximum, exclusiveMinimum: above } = schema;
  return [
    ...(above !== undefined && value <= above ? [`${at} has to be more than ${above}`] : []),
    ...rangeComplaints(value, [minimum, maximum], at),
  ];
}

function rangeComplaints(
  value: number,
  [least, most]: readonly [number | undefined, number | undefined],
  at: string,
): readonly string[] {
  return [
    ...(least !== undefined && value < least ? [`${at}: at least ${least}`] : []),
    ...(most !== undefined && value > most ? [`${at}: at most ${most}`] : []),
  ];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
