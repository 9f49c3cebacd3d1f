import test from 'ava';
import fc from 'fast-check';
import { frameworkId, role } from '#internal/model/ids.ts';
import type { Command } from '#internal/state/command.ts';
import type { Resource } from '#proto/gen/mesos/v1.ts';
import { readsAsProposed } from './own-command.ts';
import { decodeCommand, encodeCommand } from './state-codec.ts';
import { taskFromWire } from './task.ts';

/** Half a pair is what JSON may say and protobuf may not. */
const text = fc.oneof(
  { weight: 12, arbitrary: fc.string({ minLength: 1 }) },
  { weight: 1, arbitrary: fc.constantFrom('\ud800', 'a\udfff', 'ü', '\u{1f600}') },
);

const amount = fc.oneof(
  fc.double({ min: 0.001, max: 1e6, noNaN: true }),
  fc.double({ min: 1e9, max: 9e12, noNaN: true }),
);

const scalar = fc
  .record({ name: text, amount })
  .map(({ name, amount: value }): Resource => ({ name, type: 'SCALAR', scalar: { value } }));
const items = fc
  .uniqueArray(text, { minLength: 1, maxLength: 3 })
  .map((item): Resource => ({ name: 'zones', type: 'SET', set: { item } }));
const ports = fc
  .uniqueArray(fc.bigInt({ min: 0n, max: 70_000n }), { minLength: 2, maxLength: 2 })
  .map((ends) => ends.toSorted((one, other) => Number(one - other)))
  .map(([begin = 0n, end = 0n]): Resource => ({
    name: 'ports',
    type: 'RANGES',
    ranges: { range: [{ begin, end }] },
  }));

const reservation = fc.record(
  {
    type: fc.constantFrom('STATIC', 'DYNAMIC'),
    role: text,
    principal: text,
    labels: fc.record({ key: text }).map((label) => ({ labels: [label] })),
  },
  { requiredKeys: ['type', 'role'] },
);

const resource = fc
  .tuple(fc.oneof(scalar, items, ports), fc.array(reservation, { maxLength: 2 }))
  .map(([one, reservations]): Resource => ({ ...one, reservations }));

const task = fc.record({
  name: text,
  id: text,
  agent: text,
  role: text,
  resources: fc.array(resource, { maxLength: 3 }),
});

test('a command that a leader may apply unread is read as the very same one', (t) => {
  const seen = { unread: 0, read: 0 };
  fc.assert(
    fc.property(fc.array(task, { maxLength: 3 }), (given) => {
      const tasks = given.flatMap(({ name, id, agent, resources, role: own }) => {
        const info = { name, task_id: { value: id }, agent_id: { value: agent }, resources };
        const terms = { frameworkId: frameworkId('f'), role: role(own), atMs: 1.5 };
        const made = taskFromWire(info, terms);
        return made.ok ? [made.value] : [];
      });
      const command: Command = { kind: 'launch-tasks', atMs: 1.5, tasks };
      const isUnread = tasks.length > 0 && readsAsProposed(command);
      seen[isUnread ? 'unread' : 'read']++;
      if (isUnread) t.deepEqual(decodeCommand(encodeCommand(command)), command);
    }),
    { numRuns: 2000 },
  );
  t.true(seen.unread > 50 && seen.read > 50, JSON.stringify(seen));
});
