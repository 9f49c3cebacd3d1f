import test from 'ava';
import fc from 'fast-check';
import { type Configuration, incompatibilities } from './reconfiguration.ts';

const scalar = (name: string, value: number) =>
  ({ name, type: 'SCALAR', scalar: { value } }) as const;
const ports = (begin: bigint, end: bigint) =>
  ({ name: 'ports', type: 'RANGES', ranges: { range: [{ begin, end }] } }) as const;
const text = (name: string, value: string) => ({ name, type: 'TEXT', text: { value } }) as const;
const zone = (name: string) => ({
  fault_domain: { region: { name: 'r' }, zone: { name } },
});

const before: Configuration = {
  hostname: 'h',
  port: 5051,
  resources: [scalar('cpus', 4), ports(31_000n, 32_000n)],
  attributes: [text('rack', 'r1')],
};

test('an agent that is what it was may be so under any policy', (t) => {
  t.deepEqual(incompatibilities(before, before, 'equal'), []);
  const spoken = { ...before, resources: [ports(31_000n, 32_000n), scalar('cpus', 4)] };
  t.deepEqual(incompatibilities(before, spoken, 'equal'), []);
  const { port, ...withoutPort } = before;
  t.is(port, 5051);
  t.deepEqual(incompatibilities(before, withoutPort, 'equal'), []);
});

test('every difference is listed, not only the first', (t) => {
  const now: Configuration = {
    hostname: 'other',
    port: 1,
    resources: [scalar('cpus', 2), ports(31_000n, 31_500n), scalar('gpus', 1)],
    attributes: [text('rack', 'r2'), text('ssd', 'true')],
    domain: zone('z'),
  };
  const less = [
    'Hostname changed from h to other',
    'Port changed from 5051 to 1',
    "Value of scalar resource 'cpus' decreased from 4 to 2",
  ];
  t.deepEqual(incompatibilities(before, now, 'additive'), [
    ...less,
    "Previous value of range resource 'ports' ([31000-32000]) not included in current [31000-31500]",
    "Value of text attribute 'rack' changed from r1 to r2",
  ]);
  t.deepEqual(incompatibilities(before, now, 'equal'), [
    ...less.slice(0, 2),
    'Domain changed from none to r/z',
    less[2],
    "Value of ranges resource 'ports' changed from [31000-32000] to [31000-31500]",
    'Resource added: gpus:1',
    "Value of text attribute 'rack' changed from r1 to r2",
    'Attribute added: ssd: true',
  ]);
  t.deepEqual(incompatibilities(now, { ...now, domain: zone('y') }, 'additive'), [
    'Domain changed from r/z to r/y',
  ]);
  t.deepEqual(incompatibilities(before, { hostname: 'h' }, 'additive'), [
    'Resource not found: cpus:4',
    'Resource not found: ports:[31000-32000]',
    "Couldn't find attribute rack: r1",
  ]);
});

test('more of the same is additive and not equal; less is neither', (t) => {
  const amount = fc.integer({ min: 1, max: 8 });
  fc.assert(
    fc.property(amount, amount, fc.integer({ min: 0, max: 3 }), (own, other, extra) => {
      const from: Configuration = { hostname: 'h', resources: [scalar('cpus', own)] };
      const more = Array.from({ length: extra }, (_, n) => scalar(`x${n}`, 1));
      const to: Configuration = { hostname: 'h', resources: [scalar('cpus', other), ...more] };
      t.is(incompatibilities(from, to, 'additive').length === 0, other >= own);
      t.is(incompatibilities(from, to, 'equal').length === 0, other === own && extra === 0);
    }),
  );
});
