/**
 * What users ask of a service framework, in JSON over HTTP: `GET /services`, `GET /services/NAME`,
 * `GET /explain`, `POST /plan` and `POST /apply`. A plan is made for what is wanted at the moment; it is
 * applied only while that is still so. Only the process that leads answers.
 */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from '#internal/runtime/http.ts';
import { type Change, planOf } from './change.ts';
import type { FoundVolume } from './found-volumes.ts';
import { type JsonSchema, type Judge, judgeOf } from './complaints.ts';
import { recordBytes } from './records.ts';
import type { Session } from './session.ts';
import { parseServices } from './service-spec.ts';
import { servicesView, serviceView } from './view.ts';
import type { World } from './world.ts';

/** What of the session of the leading process is asked. */
type Leading = Pick<Session, 'world' | 'change'>;

export type ServiceApiDoor = {
  /** Undefined while this process does not lead. */
  session(): Leading | undefined;
  nowMs(): number;
  /** What the masters say of why the framework is not offered more. */
  explain(): Promise<string | undefined>;
  /** What volumes of instances the cluster has; undefined when nobody can say. */
  volumes(): Promise<readonly FoundVolume[] | undefined>;
};

export type ServiceApiOptions = {
  /** Undefined: anybody may ask. */
  readonly authorization: string | undefined;
  /** Of one value in the store. */
  readonly recordBytesMax: number;
};

export function serviceApi(door: ServiceApiDoor, options: ServiceApiOptions): HttpHandler {
  return async (request) => {
    const { authorization } = options;
    if (authorization !== undefined && request.headers['authorization'] !== authorization) {
      const challenge = { 'www-authenticate': 'Basic realm="altiplano-services"' };
      return reply(401, { faults: ['who are you?'] }, challenge);
    }
    const session = door.session();
    const world = session?.world;
    if (session === undefined || world === undefined) {
      return reply(503, { faults: ['this process of the service framework does not lead'] });
    }
    if (request.method === 'GET') return await look(door, world, request);
    if (request.method !== 'POST') return reply(405, { faults: ['GET or POST'] });
    return await act({ door, session }, request, options);
  };
}

async function look(
  door: ServiceApiDoor,
  world: World,
  { target }: HttpRequest,
): Promise<HttpResponse> {
  const [, name] = /^\/services\/([^/?]+)$/u.exec(target) ?? [];
  if (target === '/services') return reply(200, { services: servicesView(world, door.nowMs()) });
  if (target === '/explain') return reply(200, { text: await door.explain() });
  const view = name === undefined ? undefined : serviceView(world, name, door.nowMs());
  if (view !== undefined) return reply(200, { service: view });
  return reply(404, { faults: [`there is no service '${name ?? target}'`] });
}

async function act(
  { door, session }: { readonly door: ServiceApiDoor; readonly session: Leading },
  { target, body }: HttpRequest,
  { recordBytesMax }: ServiceApiOptions,
): Promise<HttpResponse> {
  const asked = parseAsked(body);
  if (!asked.ok) return reply(400, { faults: asked.refusal });
  const { basis } = asked.value;
  const change = await withFound(door, asked.value.change);
  if (change === undefined) return reply(503, { faults: ['no leading master answers'] });
  const { world } = session;
  if (world === undefined) return reply(503, { faults: ['this process does not lead any more'] });
  const large =
    change.kind === 'run' &&
    change.services.find(
      (spec) => recordBytes({ spec, wish: 'run', revision: 0 }).length > recordBytesMax - 100,
    );
  if (large !== false && large !== undefined) {
    return reply(400, { faults: [`service '${large.name}' is longer than the store can keep`] });
  }
  const plan = planOf(world, change);
  if (!plan.ok) return reply(400, { faults: plan.refusal });
  if (target === '/plan') return reply(200, { basis: world.changes, lines: plan.value });
  if (target !== '/apply') return reply(404, { faults: [`there is no ${target}`] });
  if (basis !== world.changes) {
    return reply(409, { faults: ['something else was changed meanwhile: make a new plan'] });
  }
  return (await session.change({ kind: 'change', change }))
    ? reply(200, {})
    : reply(503, { faults: ['another process took over: look what became of it'] });
}

/** Undefined when nobody can say what there is. */
async function withFound(door: ServiceApiDoor, change: Change): Promise<Change | undefined> {
  if (change.kind !== 'run' && change.kind !== 'scale') return change;
  const found = await door.volumes();
  return found && { ...change, found };
}

const name: JsonSchema = { type: 'string', minLength: 1, maxLength: 100 };
const judgeOfChange = (members: Readonly<Record<string, JsonSchema>>): Judge => {
  const properties = { ...members, kind: name };
  const required = Object.keys(members);
  const schema = { type: 'object', additionalProperties: false, required, properties };
  return judgeOf(schema, 'change');
};
const judges: ReadonlyMap<unknown, Judge> = new Map([
  [
    'scale',
    judgeOfChange({ service: name, instances: { type: 'integer', minimum: 0, maximum: 1000 } }),
  ],
  ['stop', judgeOfChange({ service: name })],
  ['destroy', judgeOfChange({ service: name, isForgetting: { type: 'boolean' } })],
]);

/** `{change: {kind, …}, basis}`; a change of kind `run` has a `file`, as a user wrote it. */
function parseAsked(
  body: Uint8Array,
): Result<{ readonly change: Change; readonly basis: number | undefined }, readonly string[]> {
  const asked = jsonOf(body);
  const change = fieldOf(asked, 'change');
  const basis = fieldOf(asked, 'basis');
  const kind = fieldOf(change, 'kind');
  const about = { basis: typeof basis === 'number' ? basis : undefined };
  if (kind === 'run') {
    const services = parseServices(fieldOf(change, 'file'));
    if (!services.ok) return services;
    return accept({ ...about, change: { kind, services: services.value, found: [] } });
  }
  const judge = judges.get(kind);
  if (judge === undefined) return refuse(['change.kind is run, scale, stop or destroy']);
  const faults = judge(change);
  if (faults.length > 0) return refuse(faults);
  const service = String(fieldOf(change, 'service'));
  if (kind === 'stop') return accept({ ...about, change: { kind, service } });
  if (kind === 'scale') {
    const instances = Number(fieldOf(change, 'instances'));
    return accept({ ...about, change: { kind, service, instances, found: [] } });
  }
  const isForgetting = fieldOf(change, 'isForgetting') === true;
  return accept({ ...about, change: { kind: 'destroy', service, isForgetting } });
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

const fieldOf = (value: unknown, field: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, field)
    ? Object.entries(value).find(([key]) => key === field)?.[1]
    : undefined;

const utf8 = new TextEncoder();

const reply = (
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse => ({
  kind: 'whole',
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: utf8.encode(`${JSON.stringify(value)}\n`),
});
