/**
 * The descriptor bundle as the codecs use it: by name, and with the first answer to a wrong message,
 * which required fields it lacks.
 */
import { assert } from '#internal/base/assert.ts';
import type { EnumDescriptor, FieldDescriptor, MessageDescriptor } from '#proto/descriptor.ts';
import { descriptor } from '#proto/gen/descriptor.ts';
import type { Messages } from '#proto/gen/messages.ts';

export type MessageName = keyof Messages;

/** A message with its type forgotten, as the codecs walk it. */
export type Plain = Record<string, unknown>;

/** Contract 1.6: how deep messages may lie in each other; the limit of protobuf itself. */
export const depthMax = 100;

const messages = new Map(descriptor.messages.map((each) => [each.name, each]));
const enums = new Map(descriptor.enums.map((each) => [each.name, each]));

export function messageNamed(name: string): MessageDescriptor {
  const found = messages.get(name);
  assert(found !== undefined, `no message is named ${name}`);
  return found;
}

export function enumNamed(name: string): EnumDescriptor {
  const found = enums.get(name);
  assert(found !== undefined, `no enum is named ${name}`);
  return found;
}

export const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** `__proto__` is a key like any other, but a plain assignment of it would set the prototype. */
export function setKey(target: Plain, key: string, value: unknown): void {
  if (key !== '__proto__') target[key] = value;
  else {
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
}

/**
 * The dotted paths of required fields that are unset (`accept.operations[0].launch`), in the order
 * in which protobuf names them: a message's own ones first, then those of its fields by number.
 */
export function missingFields(name: string, message: Plain, path = ''): readonly string[] {
  const { fields } = messageNamed(name);
  const own = fields
    .filter((field) => field.label === 'required' && message[field.name] === undefined)
    .map((field) => path + field.name);
  const nested = fields
    .filter(({ kind }) => kind === 'message')
    .toSorted((one, other) => one.number - other.number)
    .flatMap((field) =>
      nestedMessages(field, message[field.name]).flatMap(([step, value]) =>
        missingFields(field.type, value, `${path}${step}.`),
      ),
    );
  return [...own, ...nested];
}

function nestedMessages(field: FieldDescriptor, value: unknown): readonly [string, Plain][] {
  if (isList(value)) {
    return value.flatMap((item, index): [string, Plain][] =>
      isPlain(item) ? [[`${field.name}[${index}]`, item]] : [],
    );
  }
  if (!isPlain(value)) return [];
  if (field.label !== 'map') return [[field.name, value]];
  return Object.keys(value).flatMap((key, index): [string, Plain][] => {
    const item = value[key];
    return isPlain(item) ? [[`${field.name}[${index}].value`, item]] : [];
  });
}
