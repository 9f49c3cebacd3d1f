import test from 'ava';
import fc from 'fast-check';
import type { Offer, TaskState, TaskStatus } from '#proto/gen/mesos/v1.ts';
import type { Call } from '#proto/gen/mesos/v1/scheduler.ts';
import { type Effect, type Input, newRunPlan, type RunPlan, step } from './plan.ts';
import { endOf, exitStatus } from './task-end.ts';
import { taskInfo } from './task-info.ts';

const need = {
  taskId: 'echo.1',
  name: 'echo',
  command: 'echo hi',
  cpus: 0.5,
  memMb: 64,
  environment: [['A', 'b']] as const,
  user: undefined,
};

const offer = (id: string, cpus: number, agent = 'S1'): Offer => ({
  id: { value: id },
  framework_id: { value: 'F' },
  agent_id: { value: agent },
  hostname: 'h',
  url: {
    scheme: 'http',
    address: { hostname: 'h', ip: '10.0.0.1', port: 5051 },
    path: '/slave(1)',
  },
  resources: [
    { name: 'cpus', type: 'SCALAR', scalar: { value: cpus }, allocation_info: { role: '*' } },
    { name: 'mem', type: 'SCALAR', scalar: { value: 512 }, allocation_info: { role: '*' } },
  ],
});

const offers = (...list: Offer[]): Input => ({
  kind: 'event',
  event: { type: 'OFFERS', offers: { offers: list } },
});
const subscribed: Input = {
  kind: 'event',
  event: { type: 'SUBSCRIBED', subscribed: { framework_id: { value: 'F' } } },
};
const update = (state: TaskState, rest: Partial<TaskStatus> = {}): Input => ({
  kind: 'event',
  event: {
    type: 'UPDATE',
    update: {
      status: { task_id: { value: 'echo.1' }, state, agent_id: { value: 'S1' }, ...rest },
    },
  },
});

function play(...inputs: readonly Input[]): { plan: RunPlan; effects: readonly Effect[] } {
  let plan = newRunPlan(need);
  const effects: Effect[] = [];
  for (const input of inputs) {
    const next = step(plan, input);
    plan = next.plan;
    effects.push(...next.effects);
  }
  return { plan, effects };
}

const calls = (effects: readonly Effect[]): readonly Call[] =>
  effects.flatMap((effect) => (effect.kind === 'call' ? [effect.call] : []));
const types = (effects: readonly Effect[]): readonly unknown[] =>
  calls(effects).map(({ type }) => type);
const finish = (effects: readonly Effect[]): Effect | undefined =>
  effects.find(({ kind }) => kind === 'finish');

test('the first offer that fits is taken, the others are declined, and no more are asked for', (t) => {
  const { effects } = play(subscribed, offers(offer('O1', 0.1), offer('O2', 2), offer('O3', 2)));
  t.deepEqual(types(effects), ['ACCEPT', 'DECLINE', 'SUPPRESS']);
  const [accept, decline] = calls(effects);
  t.deepEqual(accept?.accept?.offer_ids, [{ value: 'O2' }]);
  t.deepEqual(decline?.decline?.offer_ids, [{ value: 'O1' }, { value: 'O3' }]);
});

test('an offer that is too small is declined for a second only', (t) => {
  const { effects, plan } = play(offers(offer('O1', 0.4)));
  t.is(plan.phase.kind, 'waiting');
  t.is(calls(effects)[0]?.decline?.filters?.refuse_seconds, 1);
});

test('a task takes exactly what it needs, part by part, reservations kept', (t) => {
  const reserved = [{ type: 'DYNAMIC' as const, role: 'r' }];
  const split: Offer = {
    ...offer('O', 0.2),
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: 0.2 }, reservations: reserved },
      { name: 'cpus', type: 'SCALAR', scalar: { value: 5 } },
      { name: 'mem', type: 'SCALAR', scalar: { value: 64 } },
    ],
  };
  t.deepEqual(taskInfo(split, need).resources, [
    { name: 'cpus', type: 'SCALAR', scalar: { value: 0.2 }, reservations: reserved },
    { name: 'cpus', type: 'SCALAR', scalar: { value: 0.3 } },
    { name: 'mem', type: 'SCALAR', scalar: { value: 64 } },
  ]);
});

test('every update with a uuid is acknowledged, also a repeated one; others never', (t) => {
  const uuid = new Uint8Array(16);
  const { effects } = play(
    offers(offer('O', 1)),
    update('TASK_STARTING', { uuid }),
    update('TASK_RUNNING', { uuid }),
    update('TASK_RUNNING', { uuid }),
    update('TASK_RUNNING'),
  );
  t.is(types(effects).filter((type) => type === 'ACKNOWLEDGE').length, 3);
  t.is(effects.filter(({ kind }) => kind === 'follow').length, 1);
});

test('after a lost connection the machine asks what became of its task', (t) => {
  t.deepEqual(types(play(subscribed).effects), []);
  const { effects } = play(subscribed, offers(offer('O', 1)), subscribed);
  t.deepEqual(types(effects).slice(2), ['RECONCILE']);
});

test('a task that the cluster never heard of is launched again under the same id', (t) => {
  for (const state of ['TASK_UNKNOWN', 'TASK_GONE'] as const) {
    const { effects } = play(
      offers(offer('O1', 1)),
      subscribed,
      update(state, { reason: 'REASON_RECONCILIATION' }),
      offers(offer('O2', 1)),
    );
    const launched = calls(effects).flatMap(
      ({ accept }) => accept?.operations?.[0]?.launch?.task_infos ?? [],
    );
    t.deepEqual(
      launched.map(({ task_id }) => task_id.value),
      ['echo.1', 'echo.1'],
    );
  }
});

test('a task that starts after the cluster denied it is the one, and its end is the end', (t) => {
  const { plan, effects } = play(
    offers(offer('O1', 1)),
    { kind: 'nudged' },
    update('TASK_GONE', { reason: 'REASON_RECONCILIATION' }),
    update('TASK_STARTING', { uuid: new Uint8Array(16) }),
    offers(offer('O2', 1)),
    update('TASK_RUNNING', { uuid: new Uint8Array(16) }),
    update('TASK_FINISHED', { message: 'Command exited with status 0' }),
  );
  t.is(plan.phase.kind, 'over');
  t.deepEqual(finish(effects), { kind: 'finish', end: { kind: 'exited', status: 0 } });
  t.is(types(effects).filter((type) => type === 'ACCEPT').length, 1);
});

test('a second launch that is refused as a duplicate changes nothing: the first one counts', (t) => {
  const { plan, effects } = play(
    offers(offer('O1', 1)),
    update('TASK_ERROR', { message: 'Task has duplicate ID: echo.1' }),
  );
  t.is(plan.phase.kind, 'launched');
  t.is(finish(effects), undefined);
  t.is(types(effects).at(-1), 'RECONCILE');
});

test('a running task that the cluster lost is an end, not a second start', (t) => {
  const { effects } = play(
    offers(offer('O1', 1)),
    update('TASK_RUNNING'),
    update('TASK_GONE', { reason: 'REASON_RECONCILIATION' }),
    offers(offer('O2', 1)),
  );
  t.is(types(effects).filter((type) => type === 'ACCEPT').length, 1);
  t.like(finish(effects), { end: { kind: 'failed' } });
});

test('a task that the cluster had, and does not know any more, may have run: it is not launched again', (t) => {
  const denial = update('TASK_UNKNOWN', { reason: 'REASON_RECONCILIATION', message: 'why' });
  for (const state of ['TASK_STAGING', 'TASK_STARTING'] as const) {
    const before = [offers(offer('O1', 1)), update(state), denial, offers(offer('O2', 1))];
    t.is(types(play(...before).effects).filter((type) => type === 'ACCEPT').length, 1);
    const { effects } = play(...before, denial, denial);
    t.like(finish(effects), { end: { kind: 'failed', text: 'TASK_UNKNOWN: why' } });
  }
});

test('a running task that the cluster says three times not to know is over, and nobody can tell how', (t) => {
  const denial = update('TASK_UNKNOWN', { reason: 'REASON_RECONCILIATION', message: 'why' });
  const running = [offers(offer('O1', 1)), update('TASK_RUNNING'), denial, denial];
  t.is(play(...running).plan.phase.kind, 'running');
  t.is(play(...running, update('TASK_RUNNING'), denial).plan.phase.kind, 'running');
  const { plan, effects } = play(...running, denial);
  t.is(plan.phase.kind, 'over');
  t.like(finish(effects), { end: { kind: 'failed', text: 'TASK_UNKNOWN: why' } });
});

test('that a command failed, as a master says who was asked, is no end: its status is still to come', (t) => {
  const asked = {
    reason: 'REASON_RECONCILIATION',
    message: 'Reconciliation: Latest task state',
  } as const;
  const launched = [subscribed, offers(offer('O1', 2)), update('TASK_RUNNING')];
  for (const state of ['TASK_FAILED', 'TASK_KILLED'] as const) {
    const { effects } = play(...launched, update(state, asked));
    t.is(finish(effects), undefined);
  }
  const { effects } = play(
    ...launched,
    update('TASK_FAILED', asked),
    update('TASK_FAILED', { message: 'Command exited with status 7' }),
  );
  t.deepEqual(finish(effects), { kind: 'finish', end: { kind: 'exited', status: 7 } });
});

test('a time-out kills what runs, and ends what never started', (t) => {
  const running = play(offers(offer('O', 1)), update('TASK_RUNNING'), { kind: 'timed-out' });
  t.is(types(running.effects).at(-1), 'KILL');
  t.is(finish(running.effects), undefined);
  const killed = step(running.plan, update('TASK_KILLED'));
  t.like(finish(killed.effects), { end: { kind: 'timed-out', started: true } });
  t.like(finish(play({ kind: 'timed-out' }).effects), { end: { started: false } });
});

test('a kill that a master may have lost is asked for again', (t) => {
  const { effects } = play(offers(offer('O', 1)), { kind: 'interrupted' }, subscribed);
  t.deepEqual(types(effects).slice(-2), ['RECONCILE', 'KILL']);
});

test('who waits long for an offer asks for offers again: a refusal of more may have come after the last', (t) => {
  const nudge: Input = { kind: 'nudged' };
  t.deepEqual(types(play(subscribed, nudge, nudge, nudge, nudge, nudge).effects), []);
  const { plan, effects } = play(subscribed, nudge, nudge, nudge, nudge, nudge, nudge);
  t.deepEqual(types(effects), ['REVIVE']);
  t.deepEqual(types(step(plan, nudge).effects), []);
});

test('once over, nothing is done any more, whatever comes', (t) => {
  const anyInput = fc.constantFrom<Input>(
    subscribed,
    offers(offer('O9', 4)),
    update('TASK_RUNNING'),
    update('TASK_FAILED'),
    { kind: 'timed-out' },
    { kind: 'interrupted' },
    { kind: 'nudged' },
  );
  fc.assert(
    fc.property(fc.array(anyInput, { maxLength: 20 }), (inputs) => {
      const { plan, effects } = play(...inputs);
      t.is(
        effects.filter(({ kind }) => kind === 'finish').length,
        plan.phase.kind === 'over' ? 1 : 0,
      );
    }),
  );
});

test('the exit status is the one that a shell would give', (t) => {
  const status = (state: TaskState, message: string): number =>
    exitStatus(endOf({ task_id: { value: 't' }, state, message }, undefined));
  t.is(status('TASK_FINISHED', 'Command exited with status 0'), 0);
  t.is(status('TASK_FAILED', 'Command exited with status 3'), 3);
  t.is(status('TASK_FAILED', 'Command terminated with signal Killed'), 137);
  t.is(
    status('TASK_FAILED', 'Command terminated with signal Segmentation fault (core dumped)'),
    139,
  );
  t.is(status('TASK_ERROR', 'Task uses no resources'), 1);
  t.is(exitStatus({ kind: 'timed-out', started: true }), 124);
  t.is(exitStatus({ kind: 'interrupted', started: true }), 130);
});
