import test from 'ava';
import fc from 'fast-check';
import { readTextFile } from '#internal/runtime/real/text-file.ts';
import { serviceFileSchema } from './service-schema.ts';
import { isSameTemplate, parseServices } from './service-spec.ts';

const web = { command: 'serve', cpus: 0.1, mem: 32 };
const faultsOf = (service: object): readonly string[] => {
  const parsed = parseServices({ services: { web: { ...web, ...service } } });
  return parsed.ok ? [] : parsed.refusal;
};

test('the published schema is the one that files are judged by', (t) => {
  const file = readTextFile('docs/service.schema.json');
  const published: unknown = JSON.parse(file.ok ? file.value : '');
  t.deepEqual(published, JSON.parse(JSON.stringify(serviceFileSchema)));
});

test('what a file leaves out has the default that the schema tells', (t) => {
  const parsed = parseServices({ services: { web: { ...web, health: { command: 'true' } } } });
  t.true(parsed.ok);
  if (!parsed.ok) return;
  t.like(parsed.value[0], {
    name: 'web',
    instances: 1,
    restart: { firstSeconds: 1, mostSeconds: 60, resetSeconds: 60 },
    update: { maxUnavailable: 1, readySeconds: 5 },
  });
  t.like(parsed.value[0]?.template, { diskMb: 0, killGraceSeconds: 10, volumes: [] });
  t.like(parsed.value[0]?.template.health, { graceSeconds: 30, failures: 3 });
});

test('every fault is told at once, with its place', (t) => {
  t.deepEqual(faultsOf({ cpus: 0, mem: '1', colour: 1, ports: [{}] }), [
    'services.web.colour is not known',
    'services.web.cpus: at least 0.001',
    'services.web.mem has to be a number',
    'services.web.ports[0].name is missing',
  ]);
  t.deepEqual(parseServices({ services: { 'a.b': web } }), {
    ok: false,
    refusal: ["services.a.b: 'a.b' cannot be a name"],
  });
});

test('what only its parts together make wrong is refused, too', (t) => {
  const port = { name: 'a' };
  t.deepEqual(faultsOf({ ports: [port, port] }), ['services.web: two ports have one name']);
  t.is(faultsOf({ health: { http: { port: 'b' } }, ports: [port] }).length, 1);
  t.is(faultsOf({ health: {} }).length, 1);
  t.is(faultsOf({ health: { command: 'a', tcp: { port: 'a' } }, ports: [port] }).length, 1);
  t.is(faultsOf({ constraints: [{ attribute: 'rack' }] }).length, 1);
  t.is(faultsOf({ constraints: [{ unique: 'host', equals: 'a' }] }).length, 1);
  t.is(faultsOf({ volumes: [{ name: 'a', path: 'a/../b', size: 1 }] }).length, 1);
  t.is(faultsOf({ restart: { firstSeconds: 10, mostSeconds: 5 } }).length, 1);
});

test('no file, whatever is in it, does more than be refused', (t) => {
  const law = fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
    parseServices(one);
    parseServices({ services: { web: { ...web, volumes: one, health: other } } });
  });
  t.notThrows(() => fc.assert(law));
});

test('a template is the same whatever the order of its members, and another when a word differs', (t) => {
  const [one, other] = [
    { A: '1', B: '2' },
    { B: '2', A: '1' },
  ].map((environment) => parseServices({ services: { web: { ...web, environment } } }));
  t.true(one?.ok === true && other?.ok === true);
  if (one?.ok !== true || other?.ok !== true) return;
  const [a, b] = [one.value[0]!.template, other.value[0]!.template];
  t.true(isSameTemplate(a, b));
  t.false(isSameTemplate(a, { ...b, command: 'other' }));
});
