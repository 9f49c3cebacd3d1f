import test from 'ava';
import type { Machine } from '#internal/runtime/machine.ts';
import { systemMachine } from '#internal/runtime/real/machine.ts';
import { format } from '#internal/resources/format.ts';
import { scalarMilli } from '#internal/resources/resources.ts';
import { detectResources } from './detect-resources.ts';
import { parseAttributes } from './parse-attributes.ts';

const gigabyte = 1024 ** 3;

function machine(cpus?: number, memoryBytes?: number, diskBytes?: number): Machine {
  return { hostname: 'h', cpus, memoryBytes, diskBytes: async () => diskBytes };
}

async function detect(some: Machine, flag = '', defaultRole = '*'): Promise<string> {
  const found = await detectResources(some, { workFolder: '/', flag, defaultRole });
  return found.ok ? format(found.value) : `refused: ${found.refusal}`;
}

test('a big machine keeps 1 GB of memory and 5 GB of disk to itself', async (t) => {
  t.is(
    await detect(machine(8, 16 * gigabyte, 100 * gigabyte)),
    'cpus:8; mem:15360; disk:97280; ports:[31000-32000]',
  );
});

test('a small machine keeps half, and one that says nothing is taken to be small', async (t) => {
  t.is(
    await detect(machine(2, 1.5 * gigabyte, 8 * gigabyte)),
    'cpus:2; mem:768; disk:4096; ports:[31000-32000]',
  );
  t.is(await detect(machine()), 'cpus:1; mem:1024; disk:10240; ports:[31000-32000]');
});

test('what the flag names is not detected, and what it does not is', async (t) => {
  const text = await detect(machine(8, 4 * gigabyte, 20 * gigabyte), 'cpus:2.5;gpus:1;mem(db):64');
  t.is(
    text,
    'cpus:2.5; gpus:1; mem(reservations: [(STATIC,db)]):64; disk:15360; ports:[31000-32000]',
  );
  t.regex(await detect(machine(), 'cpus=2'), /^refused: .*cpus=2/);
});

test('what names no role is reserved to the default one, found or given', async (t) => {
  t.is(
    await detect(machine(), 'cpus:2;mem(*):64;disk(db):32', 'ops'),
    'cpus(reservations: [(STATIC,ops)]):2; mem:64; disk(reservations: [(STATIC,db)]):32; ' +
      'ports(reservations: [(STATIC,ops)]):[31000-32000]',
  );
  t.is(await detect(machine(), '', '/ops'), "refused: Role '/ops' cannot start with a slash");
});

test('a flag may be JSON, which can say what kind of disk there is', async (t) => {
  const text = await detect(
    machine(),
    `[{"name":"disk","type":"SCALAR","scalar":{"value":64},
       "disk":{"source":{"type":"MOUNT","mount":{"root":"/d"}}}}]`,
  );
  t.is(text, 'disk[MOUNT:/d]:64; cpus:1; mem:1024; ports:[31000-32000]');
});

test('attributes are texts, numbers and ranges', (t) => {
  const parsed = parseAttributes('rack:r1; slots:4;ports:[1-10,20-30];url:http://x:80/');
  t.deepEqual(parsed, {
    ok: true,
    value: [
      { name: 'rack', type: 'TEXT', text: { value: 'r1' } },
      { name: 'slots', type: 'SCALAR', scalar: { value: 4 } },
      {
        name: 'ports',
        type: 'RANGES',
        ranges: {
          range: [
            { begin: 1n, end: 10n },
            { begin: 20n, end: 30n },
          ],
        },
      },
      { name: 'url', type: 'TEXT', text: { value: 'http://x:80/' } },
    ],
  });
  for (const bad of ['rack', ':x', 'rack:']) t.false(parseAttributes(bad).ok);
});

test('this machine has something to offer', async (t) => {
  const found = await detectResources(systemMachine(), {
    workFolder: '/',
    flag: '',
    defaultRole: '*',
  });
  if (!found.ok) return t.fail(found.refusal);
  for (const name of ['cpus', 'mem', 'disk']) t.true(scalarMilli(found.value, name) > 0, name);
  t.true(systemMachine().hostname.length > 0);
  return undefined;
});
