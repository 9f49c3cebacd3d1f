/** Contract 4: ACCEPT, step by step. What each operation checks of its own is told in section 5. */
import { type EventRow, testEvents } from './rows.suite.ts';
import { frameworkInfo, type Stage } from '../testing/stage.ts';

const cpus = (value: number): object => ({ name: 'cpus', type: 'SCALAR', scalar: { value } });

const task = (agent: string, more: object = {}): object => ({
  name: 't',
  task_id: { value: 't' },
  agent_id: { value: agent },
  resources: [cpus(1)],
  command: { value: 'true' },
  ...more,
});

const launch = (...tasks: readonly object[]): object => ({
  type: 'LAUNCH',
  launch: { task_infos: tasks },
});

const reserve = { type: 'RESERVE', reserve: { resources: [cpus(1)] } };

const accept =
  (offers: readonly string[] | 'mine', ...operations: readonly object[]) =>
  async (stage: Stage): Promise<unknown> => {
    const ids = offers === 'mine' ? [(await stage.offer()).id.value] : offers;
    const offer_ids = ids.map((value) => ({ value }));
    return stage.call({ type: 'ACCEPT', accept: { offer_ids, operations } });
  };

const withAgent = async (stage: Stage): Promise<unknown> => {
  await stage.agent();
  return stage.offer();
};

const invalidOffers = (text: string, state = 'TASK_DROPPED'): string =>
  `t ${state} SOURCE_MASTER REASON_INVALID_OFFERS 'Task launched with invalid offers: ${text}'`;

const old = { info: frameworkInfo({ capabilities: [{ type: 'MULTI_ROLE' }] }) };
const gone = 'Offer gone is no longer valid';

const offers: readonly EventRow[] = [
  {
    at: '4.1 step 1 row 1',
    name: 'no offers',
    when: accept([], launch(task('a'))),
    hears: [invalidOffers('No offers specified')],
  },
  {
    at: '4.1 step 1 row 2',
    name: 'an offer twice',
    before: withAgent,
    when: async (stage) => {
      const { id } = await stage.offer();
      await accept([id.value, id.value], launch(task('a')))(stage);
    },
    hears: [invalidOffers('Duplicate offer m1-1-O0 in offer list')],
  },
  {
    at: '4.1 step 1 row 3',
    name: 'an offer that is gone',
    when: accept(['gone'], launch(task('a'))),
    hears: [invalidOffers(gone)],
  },
  {
    at: '4.1 step 1',
    name: 'an older framework hears LOST',
    ...old,
    when: accept(['gone'], launch(task('a'))),
    hears: [invalidOffers(gone, 'TASK_LOST')],
  },
  {
    at: '4.1 step 1',
    name: 'an operation with an id is an error, one without is nothing',
    when: accept(['gone'], { ...reserve, id: { value: 'o1' } }, reserve),
    hears: [`o1 OPERATION_ERROR 'Operation attempted with invalid offers: ${gone}'`],
  },
];

const invalid = (text: string, reason = 'REASON_TASK_INVALID'): string =>
  `t TASK_ERROR SOURCE_MASTER ${reason} '${text}'`;

const field = (an: string, type: string, dot = '.'): string =>
  `Operation attempted with invalid resources: ${an} ${type} offer operation must have the ` +
  `Offer.Operation.${type.toLowerCase()} field set${dot}`;

const shapes: readonly EventRow[] = [
  ...(
    [
      ['A', 'RESERVE'],
      ['An', 'UNRESERVE'],
      ['A', 'CREATE'],
      ['A', 'DESTROY'],
      ['A', 'CREATE_DISK'],
      ['A', 'DESTROY_DISK'],
    ] as const
  ).map(([an, type]): EventRow => ({
    at: '4.1 step 2',
    name: `${type} without its part`,
    before: withAgent,
    when: accept('mine', { type, id: { value: 'o1' } }),
    hears: [`o1 OPERATION_ERROR '${field(an, type)}'`],
  })),
  {
    at: '4.1 step 2',
    name: 'LAUNCH without its part has no tasks to tell of',
    before: withAgent,
    when: accept('mine', { type: 'LAUNCH' }),
    hears: [],
  },
  {
    at: '4.1 step 2',
    name: 'a task with a resource that is malformed',
    before: withAgent,
    when: accept('mine', launch(task('m1-1-S0', { resources: [cpus(-1)] }))),
    hears: [invalid(`Resource 'cpus:-1' is invalid: Invalid scalar resource: value <= 0`)],
  },
  {
    at: '4.1 step 3',
    name: 'an id on LAUNCH',
    before: withAgent,
    when: accept('mine', { ...launch(task('m1-1-S0')), id: { value: 'o1' } }),
    hears: [invalid('The `id` field cannot be set on LAUNCH operations')],
  },
];

const launches: readonly EventRow[] = [
  {
    at: '4.2',
    name: 'a bad task does not touch its sibling, and a launch is told by its agent alone',
    before: withAgent,
    when: accept(
      'mine',
      launch(task('m1-1-S0', { resources: [] }), task('m1-1-S0', { task_id: { value: 'fine' } })),
    ),
    hears: [invalid('Task uses no resources')],
  },
  {
    at: '4.2',
    name: 'a task that asks for more than is left',
    before: withAgent,
    when: accept('mine', launch(task('m1-1-S0', { resources: [cpus(5)] }))),
    hears: [
      invalid(
        'Total resources cpus(allocated: test):5 required by task and its executor is more ' +
          'than available cpus(allocated: test):4; mem(allocated: test):1024; ' +
          'ports(allocated: test):[31000-32000]',
      ),
    ],
  },
];

testEvents([...offers, ...shapes, ...launches]);
