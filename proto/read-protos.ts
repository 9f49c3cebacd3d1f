/**
 * Reads `.proto` texts into a `Descriptor`, with protobufjs as the parser.
 *
 * Imports are not followed: the caller hands over every file of the tree, and names are resolved
 * over all of them. Only `google.protobuf.Duration` comes from outside.
 */
import protobuf from 'protobufjs';
import type {
  Descriptor,
  EnumDescriptor,
  FieldDescriptor,
  FieldLabel,
  MessageDescriptor,
  ScalarType,
  ServiceDescriptor,
} from './descriptor.ts';

export type ProtoFile = { readonly path: string; readonly text: string };

/** The descriptor, and the comment above each message, enum, field and value by its full name. */
export type ProtoTree = {
  readonly descriptor: Descriptor;
  readonly comments: ReadonlyMap<string, string>;
};

/** Throws for a syntax error, and for a name that nothing declares. */
export function readProtos(files: readonly ProtoFile[]): ProtoTree {
  const root = new protobuf.Root();
  const duration = protobuf.common.get('google/protobuf/duration.proto');
  if (duration?.nested) root.addJSON(duration.nested);
  for (const { path, text } of files) {
    parseInto(root, path, text);
  }
  root.resolveAll();
  const tree = new TreeWalk();
  tree.namespace(root);
  return {
    descriptor: { messages: tree.messages, enums: tree.enums, services: tree.services },
    comments: tree.comments,
  };
}

function parseInto(root: protobuf.Root, path: string, text: string): void {
  try {
    protobuf.parse(text, root, { keepCase: true, alternateCommentMode: true });
  } catch (error) {
    throw new Error(`cannot parse ${path}`, { cause: error });
  }
}

/** Collects declarations in the order in which they are written, outer before inner. */
class TreeWalk {
  readonly messages: MessageDescriptor[] = [];
  readonly enums: EnumDescriptor[] = [];
  readonly services: ServiceDescriptor[] = [];
  readonly comments: Map<string, string> = new Map();

  namespace(space: protobuf.NamespaceBase): void {
    for (const declared of space.nestedArray) {
      if (declared instanceof protobuf.Type) this.#message(declared);
      else if (declared instanceof protobuf.Enum) this.#enum(declared);
      else if (declared instanceof protobuf.Service) this.#service(declared);
      else if (declared instanceof protobuf.Namespace) this.namespace(declared);
      else throw new Error(`cannot read ${declared.fullName}`);
    }
  }

  #message(type: protobuf.Type): void {
    const name = fullName(type);
    const fields = type.fieldsArray.map((each) => fieldOf(each));
    this.messages.push({ name, fields });
    this.#comment(name, type.comment);
    for (const each of type.fieldsArray) this.#comment(`${name}.${each.name}`, each.comment);
    this.namespace(type);
  }

  #enum(type: protobuf.Enum): void {
    const name = fullName(type);
    const deprecated = Object.entries(type.valuesOptions ?? {})
      .filter(([, options]) => options['deprecated'] === true)
      .map(([value]) => value);
    this.enums.push({
      name,
      values: { ...type.values },
      ...(deprecated.length > 0 && { deprecated }),
    });
    this.#comment(name, type.comment);
    for (const value of Object.keys(type.values)) {
      this.#comment(`${name}.${value}`, type.comments[value]);
    }
  }

  #service(service: protobuf.Service): void {
    const methods = service.methodsArray.map((method) => ({
      name: method.name,
      request: fullName(method.resolvedRequestType),
      response: fullName(method.resolvedResponseType),
      ...(method.requestStream === true && { requestStream: true as const }),
      ...(method.responseStream === true && { responseStream: true as const }),
    }));
    this.services.push({ name: fullName(service), methods });
  }

  #comment(name: string, text: string | null | undefined): void {
    if (text) this.comments.set(name, text);
  }
}

function fieldOf(field: protobuf.Field): FieldDescriptor {
  if (field instanceof protobuf.MapField && field.keyType !== 'string') {
    throw new Error(`${field.fullName}: only string keys are served`);
  }
  if (field.repeated && field.packed)
    throw new Error(`${field.fullName}: packed lists are not written`);
  const { name, id: number, resolvedType } = field;
  const base = { name, number, label: labelOf(field), ...optionsOf(field) };
  if (resolvedType === null) return { ...base, kind: 'scalar', type: scalarOf(field) };
  const kind = resolvedType instanceof protobuf.Enum ? 'enum' : 'message';
  return { ...base, kind, type: fullName(resolvedType) };
}

function labelOf(field: protobuf.Field): FieldLabel {
  if (field.map) return 'map';
  if (field.repeated) return 'repeated';
  return field.required ? 'required' : 'optional';
}

function optionsOf(
  field: protobuf.Field,
): Pick<FieldDescriptor, 'default' | 'deprecated' | 'oneof'> {
  const fallback: unknown = field.options?.['default'];
  return {
    ...(isDefault(fallback) && { default: fallback }),
    ...(field.options?.['deprecated'] === true && { deprecated: true as const }),
    ...(field.partOf && { oneof: field.partOf.name }),
  };
}

const isDefault = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

const scalars: ReadonlySet<string> = new Set<ScalarType>([
  'double',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'bool',
  'string',
  'bytes',
]);
const isScalar = (type: string): type is ScalarType => scalars.has(type);

function scalarOf(field: protobuf.Field): ScalarType {
  if (!isScalar(field.type)) throw new Error(`${field.fullName}: ${field.type} is not served`);
  return field.type;
}

function fullName(declared: protobuf.ReflectionObject | null): string {
  if (declared === null) throw new Error('a name is not resolved');
  return declared.fullName.replace(/^\./, '');
}
