/**
 * Renders a `Descriptor` as TypeScript: one file of types a package, the table of all messages by
 * name (`messages.ts`), and the bundle itself (`descriptor.ts`).
 *
 * A message is a plain readonly record with the names of its proto: required fields always there,
 * optional ones absent when unset, empty lists and maps absent too; enums are the names of their
 * values, 64-bit integers `bigint`, bytes `Uint8Array`. `Outer.Inner` is the type `Outer_Inner`.
 */
import type { ProtoTree } from './read-protos.ts';
import type {
  Descriptor,
  EnumDescriptor,
  FieldDescriptor,
  MessageDescriptor,
  ScalarType,
} from './descriptor.ts';

const banner =
  '// Made by `npm run generate` from the .proto files of this folder; not to be edited.\n';
const width = 100;

/** The files of `gen/`: path below it, and text. */
export function renderAll(tree: ProtoTree): ReadonlyMap<string, string> {
  const names = [...tree.descriptor.messages, ...tree.descriptor.enums].map(({ name }) => name);
  const packages = new Packages(names);
  const files = new Map<string, string>();
  for (const name of packages.all) {
    files.set(packages.path(name), renderPackage(name, tree, packages));
  }
  files.set('messages.ts', renderTable(tree.descriptor, packages));
  files.set('descriptor.ts', renderDescriptor(tree.descriptor));
  return files;
}

/** Which package a full name belongs to: all before the first component in upper case. */
class Packages {
  readonly all: readonly string[];

  constructor(names: readonly string[]) {
    this.all = [...new Set(names.map((name) => this.of(name)))].toSorted();
  }

  of(name: string): string {
    return /^(?:[a-z0-9_]+\.)+(?=[A-Z])/.exec(name)?.[0].slice(0, -1) ?? '';
  }

  path(name: string): string {
    return `${name.replaceAll('.', '/')}.ts`;
  }

  /** `mesos.v1.Offer.Operation` is `Offer_Operation` at home and `mesos_v1.Offer_Operation` abroad. */
  typeName(name: string, home: string): string {
    const owner = this.of(name);
    const local = name.slice(owner.length + 1).replaceAll('.', '_');
    return owner === home ? local : `${owner.replaceAll('.', '_')}.${local}`;
  }

  importOf(name: string, fromDepth: number): string {
    const up = fromDepth === 0 ? './' : '../'.repeat(fromDepth);
    return `import type * as ${name.replaceAll('.', '_')} from '${up}${this.path(name)}';\n`;
  }
}

function renderPackage(
  home: string,
  { descriptor, comments }: ProtoTree,
  packages: Packages,
): string {
  const messages = descriptor.messages.filter(({ name }) => packages.of(name) === home);
  const enums = descriptor.enums.filter(({ name }) => packages.of(name) === home);
  const foreign = messages
    .flatMap(({ fields }) => fields)
    .filter(({ kind, type }) => kind !== 'scalar' && packages.of(type) !== home)
    .map(({ type }) => packages.of(type));
  const depth = home.split('.').length - 1;
  const imports = [...new Set(foreign)].toSorted().map((name) => packages.importOf(name, depth));
  const scope: Scope = { home, packages, comments };
  const parts = [
    banner + imports.join(''),
    ...enums.map((each) => renderEnum(each, scope)),
    ...messages.map((each) => renderMessage(each, scope)),
  ];
  return parts.join('\n');
}

type Scope = {
  readonly home: string;
  readonly packages: Packages;
  readonly comments: ReadonlyMap<string, string>;
};

function renderEnum({ name, values }: EnumDescriptor, scope: Scope): string {
  const head = `export type ${scope.packages.typeName(name, scope.home)} =`;
  const names = Object.keys(values).map((value) => `'${value}'`);
  const line = `${head} ${names.join(' | ')};\n`;
  const text =
    line.length <= width + 1
      ? line
      : `${head}\n${names.map((each) => `  | ${each}`).join('\n')};\n`;
  return comment(scope.comments.get(name), '') + text;
}

function renderMessage({ name, fields }: MessageDescriptor, scope: Scope): string {
  const head = `${comment(scope.comments.get(name), '')}export type ${scope.packages.typeName(name, scope.home)} =`;
  if (fields.length === 0) return `${head} Readonly<Record<string, never>>;\n`;
  const lines = fields.map((field) => {
    const note = comment(scope.comments.get(`${name}.${field.name}`), '  ');
    const mark = field.label === 'required' ? '' : '?';
    return `${note}  readonly ${field.name}${mark}: ${fieldType(field, scope)};\n`;
  });
  return `${head} {\n${lines.join('')}};\n`;
}

function fieldType(field: FieldDescriptor, { packages, home }: Scope): string {
  const type =
    field.kind === 'scalar' ? scalarType(field.type) : packages.typeName(field.type, home);
  if (field.label === 'repeated') return `readonly ${type}[]`;
  return field.label === 'map' ? `Readonly<Record<string, ${type}>>` : type;
}

function scalarType(type: ScalarType): string {
  if (type === 'bool') return 'boolean';
  if (type === 'string') return 'string';
  if (type === 'bytes') return 'Uint8Array';
  return type.endsWith('64') ? 'bigint' : 'number';
}

function comment(text: string | undefined, indent: string): string {
  if (text === undefined) return '';
  const lines = text.split('\n');
  if (lines.length === 1) return `${indent}/** ${text} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join('')}${indent} */\n`;
}

function renderTable({ messages, enums }: Descriptor, packages: Packages): string {
  const row = ({ name }: { name: string }): string =>
    `  readonly '${name}': ${packages.typeName(name, '')};\n`;
  return [
    banner + packages.all.map((name) => packages.importOf(name, 0)).join(''),
    `// prettier-ignore\nexport type Messages = {\n${messages.map(row).join('')}};\n`,
    `// prettier-ignore\nexport type Enums = {\n${enums.map(row).join('')}};\n`,
  ].join('\n');
}

function renderDescriptor({ messages, enums, services }: Descriptor): string {
  return [
    `${banner}import type { Descriptor } from '../descriptor.ts';\n`,
    '// prettier-ignore\nexport const descriptor: Descriptor = {',
    `  messages: [\n${block(messages, ({ fields }) => fields, 'fields')}  ],`,
    `  enums: [\n${enums.map((each) => `    ${literal(each)},\n`).join('')}  ],`,
    `  services: [\n${block(services, ({ methods }) => methods, 'methods')}  ],\n};\n`,
  ].join('\n');
}

function block<Item extends { readonly name: string }>(
  list: readonly Item[],
  lines: (item: Item) => readonly object[],
  key: string,
): string {
  return list
    .map((item) => {
      const rows = lines(item).map((row) => `      ${literal(row)},\n`);
      const body = rows.length === 0 ? '[]' : `[\n${rows.join('')}    ]`;
      return `    { name: '${item.name}', ${key}: ${body} },\n`;
    })
    .join('');
}

function literal(value: unknown): string {
  if (typeof value === 'string')
    return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  if (Array.isArray(value)) return `[${value.map((each) => literal(each)).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const pairs = Object.entries(value).map(([key, each]) => `${key}: ${literal(each)}`);
  return `{ ${pairs.join(', ')} }`;
}
