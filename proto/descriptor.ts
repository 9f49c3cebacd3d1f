/**
 * What a message of ours looks like, as plain data: the shape of the bundle that `generate.ts` makes
 * of every `.proto` here (`gen/descriptor.ts`), and that the codecs of `#internal/wire` compile.
 *
 * Fields stand in declaration order, which is the key order of the v1 JSON dialect and not always
 * ascending by number. Names are full (`mesos.v1.Offer.Operation`) and resolved.
 */

/** The scalars that Mesos's messages know; the other seven of protobuf are not served. */
export type ScalarType =
  | 'double'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'bool'
  | 'string'
  | 'bytes';

/** `map` is a repeated entry of a string key and a value of the field's type. */
export type FieldLabel = 'required' | 'optional' | 'repeated' | 'map';

export type FieldDescriptor = {
  readonly name: string;
  readonly number: number;
  readonly label: FieldLabel;
  /** The explicit `[default = …]`; an enum's as its value's name. */
  readonly default?: string | number | boolean;
  readonly deprecated?: true;
  readonly oneof?: string;
} & (
  | { readonly kind: 'scalar'; readonly type: ScalarType }
  | { readonly kind: 'enum' | 'message'; readonly type: string }
);

export type MessageDescriptor = {
  readonly name: string;
  readonly fields: readonly FieldDescriptor[];
};

export type EnumDescriptor = {
  readonly name: string;
  readonly values: Readonly<Record<string, number>>;
  readonly deprecated?: readonly string[];
};

export type MethodDescriptor = {
  readonly name: string;
  readonly request: string;
  readonly response: string;
  readonly requestStream?: true;
  readonly responseStream?: true;
};

export type ServiceDescriptor = {
  readonly name: string;
  readonly methods: readonly MethodDescriptor[];
};

export type Descriptor = {
  readonly messages: readonly MessageDescriptor[];
  readonly enums: readonly EnumDescriptor[];
  readonly services: readonly ServiceDescriptor[];
};
