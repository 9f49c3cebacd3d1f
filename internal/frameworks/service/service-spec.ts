/** What a user wants of a service, as his file says it, with every default filled in. */
import { assert } from '#internal/base/assert.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { judgeOf } from './complaints.ts';
import { serviceFileSchema } from './service-schema.ts';

export type ServiceSpec = {
  readonly name: string;
  readonly instances: number;
  readonly constraints: readonly Constraint[];
  readonly restart: RestartSpec;
  readonly update: UpdateSpec;
  /** What an instance runs: another template is another revision, and rolls. */
  readonly template: Template;
};

export type Template = {
  readonly command: string;
  readonly image?: string;
  readonly user?: string;
  readonly cpus: number;
  readonly memMb: number;
  readonly diskMb: number;
  readonly ports: readonly PortSpec[];
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly VolumeSpec[];
  readonly health?: HealthSpec;
  readonly killGraceSeconds: number;
};

export type PortSpec = { readonly name: string; readonly number?: number };
export type VolumeSpec = { readonly name: string; readonly path: string; readonly sizeMb: number };

export type HealthSpec = {
  readonly how:
    | { readonly kind: 'command'; readonly command: string }
    | { readonly kind: 'http'; readonly port: string; readonly path: string }
    | { readonly kind: 'tcp'; readonly port: string };
  readonly delaySeconds: number;
  readonly graceSeconds: number;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly failures: number;
};

export type Constraint =
  | { readonly kind: 'unique-host' }
  /** `attribute` is an agent's, or `host`, its host name. */
  | { readonly kind: 'one-of'; readonly attribute: string; readonly values: readonly string[] };

export type RestartSpec = {
  readonly firstSeconds: number;
  readonly mostSeconds: number;
  readonly resetSeconds: number;
};

export type UpdateSpec = { readonly maxUnavailable: number; readonly readySeconds: number };

const judge = judgeOf(serviceFileSchema);

/** A file's content, already read as YAML or JSON. The refusal: one sentence for each fault. */
export function parseServices(file: unknown): Result<readonly ServiceSpec[], readonly string[]> {
  const faults = judge(file);
  if (faults.length > 0) return refuse(faults);
  const specs = Object.entries(fieldsOf(fieldsOf(file)['services'])).map(([name, service]) =>
    specOf(name, fieldsOf(service)),
  );
  const wrong = specs.flatMap(({ spec, faults: own }) =>
    [...own, ...relations(spec)].map((fault) => `services.${spec.name}: ${fault}`),
  );
  return wrong.length > 0 ? refuse(wrong) : accept(specs.map(({ spec }) => spec));
}

/** Whether an instance of the one is as good as one of the other. */
export const isSameTemplate = (one: Template, other: Template): boolean =>
  canonical(one) === canonical(other);

type Fields = Readonly<Record<string, unknown>>;
type Parsed<Value> = { readonly value: Value; readonly faults: readonly string[] };

function specOf(
  name: string,
  given: Fields,
): { readonly spec: ServiceSpec; readonly faults: readonly string[] } {
  const constraints = listOf(given['constraints']).map(constraintOf);
  const health = given['health'] === undefined ? undefined : healthOf(fieldsOf(given['health']));
  const restart = fieldsOf(given['restart'] ?? {});
  const update = fieldsOf(given['update'] ?? {});
  return {
    spec: {
      name,
      instances: numberOr(given['instances'], 1),
      constraints: constraints.map(({ value }) => value),
      restart: {
        firstSeconds: numberOr(restart['firstSeconds'], 1),
        mostSeconds: numberOr(restart['mostSeconds'], 60),
        resetSeconds: numberOr(restart['resetSeconds'], 60),
      },
      update: {
        maxUnavailable: numberOr(update['maxUnavailable'], 1),
        readySeconds: numberOr(update['readySeconds'], 5),
      },
      template: templateOf(given, health?.value),
    },
    faults: [...constraints.flatMap(({ faults }) => faults), ...(health?.faults ?? [])],
  };
}

function templateOf(given: Fields, health: HealthSpec | undefined): Template {
  return {
    command: textOf(given['command']),
    ...(given['image'] !== undefined && { image: textOf(given['image']) }),
    ...(given['user'] !== undefined && { user: textOf(given['user']) }),
    cpus: thousandth(numberOr(given['cpus'], 0)),
    memMb: thousandth(numberOr(given['mem'], 0)),
    diskMb: thousandth(numberOr(given['disk'], 0)),
    ports: listOf(given['ports']).map((port) => ({
      name: textOf(port['name']),
      ...(typeof port['number'] === 'number' && { number: port['number'] }),
    })),
    environment: Object.fromEntries(
      Object.entries(fieldsOf(given['environment'] ?? {})).map(([key, value]) => [
        key,
        textOf(value),
      ]),
    ),
    volumes: listOf(given['volumes']).map((volume) => ({
      name: textOf(volume['name']),
      path: textOf(volume['path']),
      sizeMb: thousandth(numberOr(volume['size'], 0)),
    })),
    ...(health !== undefined && { health }),
    killGraceSeconds: numberOr(given['killGraceSeconds'], 10),
  };
}

function constraintOf(given: Fields): Parsed<Constraint> {
  const { unique, attribute, equals } = given;
  const values = [
    ...(typeof equals === 'string' ? [equals] : []),
    ...(Array.isArray(given['in']) ? given['in'].map(String) : []),
  ];
  if (unique !== undefined) {
    const isAlone = attribute === undefined && values.length === 0;
    const faults = isAlone ? [] : ["a constraint says either 'unique' or an attribute"];
    return { value: { kind: 'unique-host' }, faults };
  }
  const isWhole = attribute !== undefined && values.length > 0;
  const faults = isWhole ? [] : ["a constraint has 'unique', or 'attribute' with 'equals' or 'in'"];
  return { value: { kind: 'one-of', attribute: String(attribute), values }, faults };
}

function healthOf(given: Fields): Parsed<HealthSpec> {
  const ways = ['command', 'http', 'tcp'].filter((way) => given[way] !== undefined);
  return {
    value: {
      how: howOf(given),
      delaySeconds: numberOr(given['delaySeconds'], 0),
      graceSeconds: numberOr(given['graceSeconds'], 30),
      intervalSeconds: numberOr(given['intervalSeconds'], 5),
      timeoutSeconds: numberOr(given['timeoutSeconds'], 5),
      failures: numberOr(given['failures'], 3),
    },
    faults: ways.length === 1 ? [] : ["health has exactly one of 'command', 'http', 'tcp'"],
  };
}

function howOf(given: Fields): HealthSpec['how'] {
  if (given['http'] !== undefined) {
    const http = fieldsOf(given['http']);
    return { kind: 'http', port: textOf(http['port']), path: textOf(http['path'] ?? '/') };
  }
  return given['tcp'] === undefined
    ? { kind: 'command', command: textOf(given['command'] ?? '') }
    : { kind: 'tcp', port: textOf(fieldsOf(given['tcp'])['port']) };
}

/** What no schema can say. */
function relations({ template, restart }: ServiceSpec): readonly string[] {
  const { ports, volumes, health } = template;
  const names = ports.map(({ name }) => name);
  const numbers = ports.flatMap(({ number }) => number ?? []);
  const asked = health === undefined || health.how.kind === 'command' ? undefined : health.how.port;
  const paths = volumes.map(({ path }) => path.split('/'));
  return [
    ...(hasTwice(names.map(variableOf)) ? ['two ports have one name'] : []),
    ...(hasTwice(numbers) ? ['two ports have one number'] : []),
    ...(hasTwice(volumes.map(({ name }) => name)) ? ['two volumes have one name'] : []),
    ...(hasTwice(volumes.map(({ path }) => path)) ? ['two volumes have one path'] : []),
    ...(paths.some((parts) => parts.includes('..') || parts.includes('.') || parts.includes(''))
      ? ["a volume's path has no empty part, no '.' and no '..'"]
      : []),
    ...(asked !== undefined && !names.includes(asked)
      ? [`health asks port '${asked}', which is none of the ports`]
      : []),
    ...(restart.mostSeconds < restart.firstSeconds
      ? ['restart.mostSeconds is less than restart.firstSeconds']
      : []),
  ];
}

/** `PORT_` and this: what the task finds a port's number in. */
export const variableOf = (name: string): string => name.toUpperCase().replaceAll('-', '_');

const hasTwice = (list: readonly unknown[]): boolean => new Set(list).size < list.length;

/** The wire promises three decimal places (contract 6.1). */
const thousandth = (value: number): number => Math.round(value * 1000) / 1000;

/** Equal for equal values, in whatever order their members stand. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

// What follows reads what the schema has judged before.

function fieldsOf(value: unknown): Fields {
  assert(typeof value === 'object' && value !== null, 'the schema says that this is a mapping');
  return Object.fromEntries(Object.entries(value));
}

const listOf = (value: unknown): readonly Fields[] =>
  Array.isArray(value) ? value.map(fieldsOf) : [];

function textOf(value: unknown): string {
  assert(typeof value === 'string', 'the schema says that this is a text');
  return value;
}

const numberOr = (value: unknown, fallback: number): number =>
  typeof value === 'number' ? value : fallback;
