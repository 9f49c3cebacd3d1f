/**
 * The `.proto` files of `mesos.v1` against the list of everything that the v1 API of Mesos declares
 * (`testdata/mesos-v1-messages.md`), line by line and in order; and `gen/` against the `.proto` files.
 */
import { globSync, readFileSync } from 'node:fs';
import test from 'ava';
import type { EnumDescriptor, FieldDescriptor, MessageDescriptor } from './descriptor.ts';
import { type ProtoTree, readProtos } from './read-protos.ts';
import { renderAll } from './render-types.ts';

const tree = readTree();
const page = readFileSync('testdata/mesos-v1-messages.md', 'utf8').split('\n');

function readTree(): ProtoTree {
  const files = globSync('**/*.proto', { cwd: 'proto' }).toSorted();
  return readProtos(files.map((path) => ({ path, text: readFileSync(`proto/${path}`, 'utf8') })));
}

type Declared = {
  readonly packageName: string;
  readonly messages: Map<string, string[]>;
  readonly enums: Map<string, string>;
};

/** What the page lists, by package: names are local, lines as they stand but for their types. */
function readPage(): readonly Declared[] {
  const packages: Declared[] = [];
  let fields: string[] = [];
  for (const line of page) {
    const packageName = /^### \S+ — package `(\S+)`$/.exec(line)?.[1];
    if (packageName) packages.push({ packageName, messages: new Map(), enums: new Map() });
    const current = packages.at(-1);
    const [, kind, name = '', rest = ''] =
      /^- (message|enum) \*\*([\w.]+)\*\*:? ?(.*)$/.exec(line) ?? [];
    if (kind === 'message') current?.messages.set(name, (fields = []));
    if (kind === 'enum') current?.enums.set(name, rest);
    if (line.startsWith('  - ')) fields.push(line.slice(4));
  }
  return packages;
}

const listed = readPage();
const allNames = new Set(
  listed.flatMap(({ packageName, messages, enums }) =>
    [...messages.keys(), ...enums.keys()].map((name) => `${packageName}.${name}`),
  ),
);

/** The full name of a type as it is written inside `scope`: the innermost one that exists. */
function resolve(type: string, scope: string): string {
  if (/^(?:double|u?int(?:32|64)|bool|string|bytes)$/.test(type)) return type;
  for (let outer = scope; ; outer = outer.slice(0, Math.max(outer.lastIndexOf('.'), 0))) {
    const candidate = outer === '' ? type : `${outer}.${type}`;
    if (allNames.has(candidate) || outer === '') return candidate;
  }
}

/** A line of the page with its type resolved. */
function resolved(line: string, scope: string): string {
  const parts = /^(\d+ `\w+` (?:opt|req|rep|map|oneof \w+)) (?:map<string,)?([\w.]+)>?(.*)$/.exec(
    line,
  );
  if (parts === null) throw new Error(`not a field: ${line}`);
  const [, head = '', type = '', tail = ''] = parts;
  return `${head} ${resolve(type, scope)}${tail}`;
}

const labels = { required: 'req', optional: 'opt', repeated: 'rep', map: 'map' } as const;

/** A field as the page would list it, with its type resolved. */
function fieldLine(field: FieldDescriptor): string {
  const { name, number, label, type, oneof, deprecated } = field;
  const head = `${number} \`${name}\` ${oneof === undefined ? labels[label] : `oneof ${oneof}`}`;
  const fallback = field.default === undefined ? '' : ` default \`${defaultText(field)}\``;
  return `${head} ${type}${fallback}${deprecated === true ? ' †' : ''}`;
}

function defaultText(field: FieldDescriptor): string {
  const value = String(field.default);
  if (field.kind === 'scalar' && field.type === 'string') return `"${value}"`;
  const isWhole = field.kind === 'scalar' && field.type === 'double' && !value.includes('.');
  return isWhole ? `${value}.0` : value;
}

const enumLine = ({ values, deprecated = [] }: EnumDescriptor): string =>
  Object.entries(values)
    .map(([name, number]) => `${name}=${number}${deprecated.includes(name) ? '†' : ''}`)
    .join(', ');

/** Only what the package itself declares: `mesos.v1.Task`, not `mesos.v1.agent.Call`. */
function ofPackage<Item extends MessageDescriptor | EnumDescriptor>(
  items: readonly Item[],
  packageName: string,
): readonly (readonly [string, Item])[] {
  return items
    .filter(({ name }) => new RegExp(`^${packageName}\\.[A-Z]`).test(name))
    .map((item) => [item.name.slice(packageName.length + 1), item]);
}

test('the page lists as much as it should', (t) => {
  const messages = listed.flatMap((each) => [...each.messages.values()]);
  t.is(listed.length, 9);
  t.is(messages.length, 351);
  t.is(messages.flat().length, 1206);
  t.is(listed.flatMap((each) => [...each.enums]).length, 53);
});

for (const { packageName, messages, enums } of listed) {
  test(`${packageName} declares every message and field of the page, and nothing more`, (t) => {
    const ours = ofPackage(tree.descriptor.messages, packageName).map(
      ([name, { fields }]) => [name, fields.map((field) => fieldLine(field))] as const,
    );
    const theirs = [...messages].map(
      ([name, lines]) =>
        [name, lines.map((line) => resolved(line, `${packageName}.${name}`))] as const,
    );
    t.deepEqual(ours, theirs);
  });

  test(`${packageName} declares every enum and value of the page, and nothing more`, (t) => {
    const ours = ofPackage(tree.descriptor.enums, packageName).map(
      ([name, each]) => [name, enumLine(each)] as const,
    );
    t.deepEqual(ours, [...enums]);
  });
}

test('no package of Mesos is declared that the page does not list', (t) => {
  const names = [...tree.descriptor.messages, ...tree.descriptor.enums].map(({ name }) => name);
  const packages = names
    .map((name) => /^(?:[a-z0-9_]+\.)+/.exec(name)?.[0].slice(0, -1) ?? '')
    .filter((name) => name.startsWith('mesos.'));
  const wanted = listed.map((each) => each.packageName);
  t.deepEqual([...new Set(packages)].toSorted(), wanted.toSorted());
});

test('what is generated is what the .proto files say now', (t) => {
  const wanted = renderAll(tree);
  const present = globSync('**/*.ts', { cwd: 'proto/gen' });
  t.deepEqual(present.toSorted(), [...wanted.keys()].toSorted());
  for (const [path, text] of wanted) {
    t.true(readFileSync(`proto/gen/${path}`, 'utf8') === text, `npm run generate: ${path}`);
  }
});

test('what the codecs could not carry is refused when types are generated', (t) => {
  const refused = (body: string): void => {
    const text = `syntax = "proto2"; package a; message M { ${body} }`;
    t.throws(() => readProtos([{ path: 'a.proto', text }]), undefined, body);
  };
  refused('optional fixed64 f = 1;');
  refused('repeated uint32 f = 1 [packed = true];');
  refused('map<uint32, string> f = 1;');
  refused('optional Nobody f = 1;');
  refused('optional string f = ;');
});
