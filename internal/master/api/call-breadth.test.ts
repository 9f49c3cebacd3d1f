import test from 'ava';
import { breadthProblem } from './call-breadth.ts';

const many = (count: number, item: object = {}): readonly object[] =>
  Array.from({ length: count }, () => item);
const launch = (tasks: readonly object[]): object => ({
  type: 'LAUNCH',
  launch: { task_infos: tasks },
});
const accept = (...operations: readonly object[]): object => ({ accept: { operations } });

test('a call may ask for as much as the bound says, and not for one more', (t) => {
  const rows: readonly [(count: number) => object, number, RegExp][] = [
    [(count) => accept(launch(many(count - 1))), 500, /500 tasks and operations in one ACCEPT/],
    [
      (count) => accept(...many(count, { type: 'LAUNCH_GROUP' })),
      500,
      /500 tasks and operations in one ACCEPT/,
    ],
    [
      (count) => accept(...many(count, { type: 'RESERVE' })),
      100,
      /100 operations .* launch nothing/,
    ],
    [
      (count) => accept(launch([{ resources: many(count) }])),
      250,
      /^'accept.operations.launch.task_infos.resources' has 251 items, more than 250/,
    ],
    [(count) => ({ revive: { roles: many(count) } }), 1000, /^'revive.roles' has 1001 items/],
    [
      (count) => ({ task: { limits: Object.fromEntries(many(count).map((_, at) => [at, 1])) } }),
      1000,
      /^'task.limits' has 1001 items/,
    ],
    [(count) => ({ start_maintenance: { machines: many(count) } }), 12_000, /12000 machines/],
  ];
  for (const [call, most, text] of rows) {
    t.is(breadthProblem(call(most)), undefined, text.source);
    t.regex(breadthProblem(call(most + 1)) ?? '', text);
  }
  const tasks = many(21, { resources: many(249) });
  t.regex(breadthProblem(accept(launch(tasks))) ?? '', /^More than 5000 resources in one call$/);
});

test('what is dealt with in pieces may be long', (t) => {
  t.is(breadthProblem({ reconcile: { tasks: many(20_000) } }), undefined);
  t.is(breadthProblem({ decline: { offer_ids: many(20_000) } }), undefined);
});
