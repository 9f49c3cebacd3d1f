/** Streams side by side: what may come on them late, and what may not. */
import test from 'ava';
import type { TaskState } from '#proto/gen/mesos/v1.ts';
import { type Stream, StreamLaws } from './cluster-streams.ts';
import { UpdateLaws } from './cluster-updates.ts';

type Heard = {
  readonly laws: StreamLaws;
  readonly before: Stream;
  readonly after: Stream;
};

/** The first brought update 0 of `t`, the second was asked for then and brought 1 and 2. */
function sideBySide(): Heard {
  const laws = new StreamLaws();
  const before = laws.asked('alice');
  laws.brought(before, 't', 0);
  const after = laws.asked('alice');
  laws.brought(after, 't', 1);
  laws.brought(after, 't', 2);
  return { laws, before, after };
}

test('what an earlier stream brings late is in order, whatever the later one brought', (t) => {
  const { laws, before, after } = sideBySide();
  t.false(laws.brought(before, 't', 0));
  t.false(laws.brought(before, 't', 1));
  t.true(laws.brought(after, 't', 3));
});

test('two streams that were asked for at once may have been written in either order', (t) => {
  const laws = new StreamLaws();
  const [one, other] = [laws.asked('alice'), laws.asked('alice')];
  t.true(laws.brought(one, 't', 3));
  t.false(laws.brought(other, 't', 1));
  t.true(laws.brought(other, 'u', 0));
  t.true(laws.brought(one, 'u', 1));
});

const broken: readonly (readonly [string, () => void])[] = [
  [
    'a stream brings something older than it did',
    () => {
      const { laws, after } = sideBySide();
      laws.brought(after, 't', 1);
    },
  ],
  [
    'a stream brings something older than was heard when it was asked for',
    () => {
      const { laws } = sideBySide();
      laws.brought(laws.asked('alice'), 't', 1);
    },
  ],
  [
    'each of two streams brings something older than the other',
    () => {
      const { laws, before } = sideBySide();
      laws.brought(before, 't', 2);
    },
  ],
  [
    'each of two streams does, of different tasks',
    () => {
      const { laws, before, after } = sideBySide();
      laws.brought(after, 'u', 0);
      laws.brought(before, 'u', 1);
    },
  ],
];

for (const [how, happen] of broken) {
  test(`"update-order" is broken when ${how}`, (t) => {
    t.like(t.throws(happen, { name: 'Violation' }), { rule: 'update-order' });
  });
}

test('late words of an earlier stream may follow the end, but no other end, nor words of a later one', (t) => {
  const laws = new UpdateLaws({ ownerOf: () => 'alice' }, {});
  laws.asked('t');
  const sent = (state: TaskState): void =>
    laws.sent({ agent: 'a1', frameworkId: 'f', task: 't', uuid: state, state });
  const heard = (stream: Stream, state: TaskState, uuid?: string): void =>
    laws.heard(stream, { task_id: { value: 't' }, state }, uuid);
  sent('TASK_RUNNING');
  sent('TASK_FINISHED');
  const before = laws.subscribes('alice');
  const after = laws.subscribes('alice');
  heard(after, 'TASK_FINISHED', 'TASK_FINISHED');
  heard(before, 'TASK_UNREACHABLE');
  t.notThrows(() => heard(before, 'TASK_RUNNING', 'TASK_RUNNING'));
  const rule = 'final-state';
  t.like(
    t.throws(() => heard(after, 'TASK_UNREACHABLE')),
    { rule },
  );
  t.like(
    t.throws(() => heard(laws.subscribes('alice'), 'TASK_UNREACHABLE')),
    { rule },
  );
  t.like(
    t.throws(() => heard(before, 'TASK_FAILED')),
    { rule },
  );
});
