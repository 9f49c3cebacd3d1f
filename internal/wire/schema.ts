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
export function missingFields(name: string, message: Plain): readonly string[] {
  const missing: string[] = [];
  findMissing(missing, name, message, { steps: () => '' });
  return missing;
}

/** Written down only when something is missing there: of a large message hardly anything is. */
type Path = { readonly steps: () => string };

function findMissing(missing: string[], name: string, message: Plain, path: Path): void {
  const { required, nested } = shapeOf(name);
  for (const field of required) {
    if (message[field.name] === undefined) missing.push(path.steps() + field.name);
  }
  for (const field of nested) {
    const value = message[field.name];
    if (value === undefined) continue;
    const into = (part: unknown, step: () => string): void => {
      const steps = (): string => `${path.steps()}${field.name}${step()}.`;
      if (isPlain(part)) findMissing(missing, field.type, part, { steps });
    };
    if (isList(value)) value.forEach((item, index) => into(item, () => `[${index}]`));
    else if (field.label !== 'map') into(value, () => '');
    else if (isPlain(value)) {
      Object.values(value).forEach((item, index) => into(item, () => `[${index}].value`));
    }
  }
}

type Shape = {
  readonly required: readonly FieldDescriptor[];
  /** Those that hold messages, by number. */
  readonly nested: readonly FieldDescriptor[];
};

const shapes = new Map<string, Shape>();

function shapeOf(name: string): Shape {
  const known = shapes.get(name);
  if (known !== undefined) return known;
  const { fields } = messageNamed(name);
  const shape = {
    required: fields.filter(({ label }) => label === 'required'),
    nested: fields
      .filter(({ kind }) => kind === 'message')
      .toSorted((one, other) => one.number - other.number),
  };
  shapes.set(name, shape);
  return shape;
}
