import test from 'ava';
import fc from 'fast-check';
import type { Offer_Operation, TaskState, TaskStatus } from '#proto/gen/mesos/v1.ts';
import { SchedulerBooks } from './scheduler-books.ts';

const launch = (...ids: readonly string[]): readonly Offer_Operation[] => [
  {
    type: 'LAUNCH',
    launch: {
      task_infos: ids.map((id) => ({
        name: id,
        task_id: { value: id },
        agent_id: { value: 'a' },
      })),
    },
  },
];

const status = (id: string, state: TaskState, more: Partial<TaskStatus> = {}): TaskStatus => ({
  task_id: { value: id },
  agent_id: { value: 'a' },
  state,
  ...more,
});

const answer = { reason: 'REASON_RECONCILIATION', source: 'SOURCE_MASTER' } as const;

/** Ids that the books would ask after. */
const askedAfter = (books: SchedulerBooks): readonly string[] =>
  books
    .questions()
    .flatMap(({ reconcile }) => (reconcile?.tasks ?? []).map(({ task_id }) => task_id.value));

test('a task is asked after from the answer to its launch until its end', (t) => {
  const books = new SchedulerBooks();
  const asked = books.asks('a', launch('t'));
  t.deepEqual(askedAfter(books), []);
  books.sent(asked);
  t.deepEqual(askedAfter(books), ['t']);
  books.hears(status('t', 'TASK_RUNNING'));
  t.deepEqual(askedAfter(books), ['t']);
  books.hears(status('t', 'TASK_FINISHED'));
  t.deepEqual(askedAfter(books), []);
});

test('a task that ended before its launch was answered is not asked after', (t) => {
  const books = new SchedulerBooks();
  const asked = books.asks('a', launch('t'));
  books.hears(status('t', 'TASK_ERROR'));
  books.sent(asked);
  t.deepEqual(books.questions(), []);
});

test('what was refused is nothing to ask after', (t) => {
  const books = new SchedulerBooks();
  books.notSent(books.asks('a', launch('t')));
  t.deepEqual(books.openTasks, []);
});

test('an answer that an end has overtaken is no news, any other word is', (t) => {
  const books = new SchedulerBooks();
  t.true(books.hears(status('t', 'TASK_FINISHED')));
  t.false(books.hears(status('t', 'TASK_LOST', answer)));
  t.false(books.hears(status('t', 'TASK_RUNNING', answer)));
  t.deepEqual(books.openTasks, []);
  t.true(books.hears(status('t', 'TASK_FINISHED')));
  t.true(books.hears(status('u', 'TASK_UNKNOWN', answer)));
  t.true(books.hears(status('u', 'TASK_RUNNING', answer)));
  t.deepEqual(books.openTasks, ['u']);
});

test('a kill is asked for again, with its policy, until the task is over', (t) => {
  const books = new SchedulerBooks();
  books.sent(books.asks('a', launch('t')));
  const policy = { grace_period: { nanoseconds: 5n } };
  books.kills('t', policy);
  const kills = (): unknown[] => books.questions().flatMap(({ kill }) => kill ?? []);
  const wanted = { task_id: { value: 't' }, agent_id: { value: 'a' }, kill_policy: policy };
  t.deepEqual(kills(), [wanted]);
  books.hears(status('t', 'TASK_KILLING'));
  t.deepEqual(kills(), [wanted]);
  books.hears(status('t', 'TASK_KILLED'));
  t.deepEqual(kills(), []);
});

test('an operation with an id is asked after until it is over', (t) => {
  const books = new SchedulerBooks();
  const operations: readonly Offer_Operation[] = [
    { type: 'UNRESERVE', id: { value: 'o' }, unreserve: { resources: [] } },
  ];
  books.sent(books.asks('a', operations));
  const open = [{ operation_id: { value: 'o' }, agent_id: { value: 'a' } }];
  const asked = (): unknown[] =>
    books.questions().flatMap((call) => call.reconcile_operations?.operations ?? []);
  t.deepEqual(asked(), open);
  books.hearsOperation({ operation_id: { value: 'o' }, state: 'OPERATION_PENDING' });
  t.deepEqual(asked(), open);
  books.hearsOperation({ operation_id: { value: 'o' }, state: 'OPERATION_FINISHED' });
  t.deepEqual(asked(), []);
});

test('however many tasks there are, each is asked after once, in calls of a bounded size', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3500 }), (count) => {
      const ids = Array.from({ length: count }, (_, n) => `t${n}`);
      const books = new SchedulerBooks();
      books.sent(books.asks('a', launch(...ids)));
      t.deepEqual(askedAfter(books), ids);
      const sizes = books.questions().map(({ reconcile }) => reconcile?.tasks?.length ?? 0);
      t.true(sizes.every((size) => size > 0 && size <= 1000));
    }),
    { numRuns: 20 },
  );
});
