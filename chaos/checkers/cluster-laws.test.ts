/** The checkers themselves: good histories pass, and each way to be bad is called by its name. */
import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import { assert } from '#internal/base/assert.ts';
import type { MasterView } from '#internal/master/door.ts';
import { isTerminal, type Task } from '#internal/model/cluster.ts';
import { masterId, offerId } from '#internal/model/ids.ts';
import { apply } from '#internal/state/apply.ts';
import { newState, type State } from '#internal/state/state.ts';
import { resourcesAsWritten } from '#internal/wire/resources.ts';
import { randomCommand } from '#internal/testing/random-commands.ts';
import type { TaskState, TaskStatus } from '#proto/gen/mesos/v1.ts';
import { AgreementLaws } from './cluster-agreement.ts';
import { ContainerLaws } from './cluster-containers.ts';
import { FencingLaws } from './cluster-fencing.ts';
import { FrameworkLaws } from './cluster-frameworks.ts';
import { OfferLaws } from './cluster-offers.ts';
import { UpdateLaws } from './cluster-updates.ts';
import { VolumeFolderLaws } from './cluster-volume-folders.ts';
import type { Violation } from './violation.ts';

const capacity = { cpusMilli: 1000, memMb: 100 };
const exited = { kind: 'exited', status: 0 } as const;

/** `t1` runs on `a1`, `t2` is decided for it; both are of `alice`, and each takes half of an agent. */
function running(): ContainerLaws {
  const laws = new ContainerLaws({}, { capacity });
  for (const task of ['t1', 't2', 't3']) {
    laws.intends(task, { owner: 'alice', cpusMilli: 500, memMb: 10 });
  }
  laws.decided('t1', 'a1');
  laws.decided('t2', 'a1');
  laws.started('a1', 't1');
  return laws;
}

/** `t` of `alice` has sent, and she has heard, that it starts; then it sent that it runs. */
function reporting(): UpdateLaws {
  const laws = new UpdateLaws({ ownerOf: (task) => (task === 't' ? 'alice' : 'bob') }, {});
  laws.asked('t');
  laws.sent(update('u1', 'TASK_STARTING'));
  hear(laws, 'alice', status('t', 'TASK_STARTING'), 'u1');
  laws.acknowledged('u1');
  laws.forgotten(update('u1', 'TASK_STARTING'));
  laws.sent(update('u2', 'TASK_RUNNING'));
  return laws;
}

/** It has ended, and she was told. */
function ended(): UpdateLaws {
  const laws = reporting();
  laws.acknowledged('u2');
  laws.forgotten(update('u2', 'TASK_RUNNING'));
  laws.sent(update('u3', 'TASK_FINISHED'));
  hear(laws, 'alice', status('t', 'TASK_FINISHED'), 'u3');
  return laws;
}

/** Each time on a stream of its own. */
function hear(laws: UpdateLaws, owner: string, told: TaskStatus, uuid?: string): void {
  laws.heard(laws.subscribes(owner), told, uuid);
}

const update = (
  uuid: string,
  state: TaskState,
): { agent: string; frameworkId: string; task: string; uuid: string; state: TaskState } => ({
  agent: 'a1',
  frameworkId: 'f',
  task: 't',
  uuid,
  state,
});

const status = (task: string, state: TaskState, rest: Partial<TaskStatus> = {}): TaskStatus => ({
  task_id: { value: task },
  state,
  ...rest,
});

/** `f` left after a second, and is waited for ten. */
function waiting(): FrameworkLaws {
  const laws = new FrameworkLaws({}, { drift: 0 });
  laws.subscribed('f');
  laws.disconnected('f', { sinceMs: 1000, timeoutMs: 10_000, deadlineMs: 11_000 });
  return laws;
}

/** A leader in a busy cluster that offers all of an agent to a framework, so many times. */
function offering(times: number, isConnected = true): MasterView {
  const state = busyState();
  const agent = state.agents.find(({ id }) => state.loads.get(id)?.used.length !== undefined);
  const framework = state.frameworks.first()?.framework;
  const role = framework?.roles[0];
  assert(agent !== undefined && framework !== undefined && role !== undefined, 'nobody is there');
  const here = { ...agent, reach: { kind: 'admitted' }, deactivation: undefined } as const;
  const offer = {
    frameworkId: framework.id,
    agent: here,
    role,
    resources: here.total,
    executorIds: [],
  };
  const nobody = new Set<never>();
  return {
    state: { ...state, agents: state.agents.set(here.id, here), loads: state.loads.clear() },
    self: { id: masterId('m'), hostname: 'm', ip: 'm', httpPort: 1, grpcPort: 2 },
    startedMs: 0,
    electedMs: 0,
    inverseAnswers: [],
    offers: Array.from({ length: times }, (_, i) => ({ ...offer, id: offerId(`o${i}`) })),
    connectedAgents: isConnected ? new Set([here.id]) : nobody,
    recoveredAgents: nobody,
    connectedFrameworks: nobody,
    recoveredFrameworks: nobody,
  };
}

const bad: readonly (readonly [rule: string, how: string, happen: () => void])[] = [
  ['one-launch', 'a task starts again', () => running().started('a1', 't1')],
  [
    'one-launch',
    'a task starts again elsewhere, after its end',
    () => {
      const laws = running();
      laws.ended('t1', exited);
      laws.decided('t1', 'a2');
      laws.started('a2', 't1');
    },
  ],
  ['decided-launch', 'nobody decided the launch', () => running().started('a1', 't3')],
  ['decided-launch', 'it was decided for another agent', () => running().started('a2', 't2')],
  [
    'capacity',
    'a third half',
    () => {
      const laws = running();
      laws.started('a1', 't2');
      laws.decided('t3', 'a1');
      laws.started('a1', 't3');
    },
  ],
  [
    'unasked-kill',
    'somebody else asked for the kill',
    () => {
      const laws = running();
      laws.killAsked('bob', 't1');
      laws.killAsked('alice', 't2');
      laws.ended('t1', { kind: 'signaled', signal: 15 });
    },
  ],
  [
    'drained-empty',
    'an agent is called drained while a task runs there',
    () => {
      const laws = running();
      laws.drainDecided('a1');
      laws.drainFinished('a1');
    },
  ],
  [
    'unasked-kill',
    'an agent that was drained before kills what came after',
    () => {
      const laws = running();
      laws.drainDecided('a1');
      laws.ended('t1', { kind: 'signaled', signal: 15 });
      laws.drainFinished('a1');
      laws.started('a1', 't2');
      laws.ended('t2', { kind: 'signaled', signal: 15 });
    },
  ],
  [
    'tenants',
    'another hears of a task',
    () => hear(reporting(), 'bob', status('t', 'TASK_RUNNING'), 'u2'),
  ],
  [
    'true-updates',
    'an update that no agent made',
    () => hear(reporting(), 'alice', status('t', 'TASK_RUNNING'), 'u9'),
  ],
  [
    'quiet-updates',
    'an acknowledged update is sent again',
    () => reporting().sent(update('u1', 'TASK_STARTING')),
  ],
  [
    'reliable-updates',
    'an update is dropped',
    () => reporting().forgotten(update('u2', 'TASK_RUNNING')),
  ],
  [
    'update-order',
    'an older update is sent after a newer one',
    () => {
      const laws = reporting();
      laws.sent(update('u3', 'TASK_FINISHED'));
      laws.sent(update('u2', 'TASK_RUNNING'));
    },
  ],
  [
    'update-order',
    'an older update is heard after a newer one',
    () => {
      const laws = reporting();
      hear(laws, 'alice', status('t', 'TASK_RUNNING'), 'u2');
      hear(laws, 'alice', status('t', 'TASK_STARTING'), 'u1');
    },
  ],
  [
    'final-state',
    'an agent goes on after the end',
    () => ended().sent(update('u4', 'TASK_RUNNING')),
  ],
  [
    'final-state',
    'a master says something else after the end',
    () => hear(ended(), 'alice', status('t', 'TASK_UNREACHABLE')),
  ],
  [
    'fencing',
    'an agent goes back to an older leader',
    () => {
      const laws = new FencingLaws();
      laws.acts('a1', 'm1', 2n);
      laws.acts('a1', 'm2', 1n);
    },
  ],
  [
    'waited-once',
    'a framework that left is given more time',
    () => waiting().disconnected('f', { sinceMs: 5000, timeoutMs: 10_000, deadlineMs: 15_000 }),
  ],
  ['not-early', 'a framework ends before its time', () => waiting().removed('f', true, 5000)],
  ['not-early', 'one that is there ends', () => waiting().removed('g', true, 50_000)],
  [
    'not-late',
    'a framework ends long after its time',
    () => {
      const laws = waiting();
      laws.removed('f', true, 30_000);
      laws.settled(5000);
    },
  ],
  [
    'gone-for-good',
    'a framework that ended subscribes',
    () => {
      const laws = waiting();
      laws.removed('f', true, 11_000);
      laws.subscribed('f');
    },
  ],
  [
    'gone-for-good',
    'an agent that was declared gone is admitted',
    () => {
      const laws = waiting();
      laws.agentGone('a');
      laws.agentAdmitted('a');
    },
  ],
  [
    'expelled-empty',
    'an agent that was sent away leaves a task behind',
    () => running().expelled('a1'),
  ],
  [
    'offer-of-nothing',
    'an offer is of an agent that is not connected',
    () => new OfferLaws().look(offering(1, false)),
  ],
  ['books', 'an agent is on offer twice', () => new OfferLaws().look(offering(2))],
  [
    'one-leader',
    'two agents heed two leaders of one term',
    () => {
      const laws = new FencingLaws();
      laws.acts('a1', 'm1', 2n);
      laws.acts('a2', 'm2', 2n);
    },
  ],
  [
    'agreement',
    'two masters differ',
    () => {
      const laws = new AgreementLaws({}, { every: 1 });
      laws.applied('m1', 7, newState());
      laws.applied('m2', 7, { ...newState(), version: 2 });
    },
  ],
  [
    'volume-there',
    'a power cut may take the folder of a volume that an agent speaks of',
    () => new VolumeFolderLaws().claimed('a1', 'work/volumes/roles/r/v', false),
  ],
  [
    'books',
    'the tasks of an agent exceed it',
    () => {
      const laws = new AgreementLaws({}, { every: 1000 });
      const { agents, ...rest } = busyState();
      const shrunk = agents.map((agent) => ({ ...agent, total: [] }));
      laws.applied('m1', 1, { ...rest, agents: shrunk });
    },
  ],
];

for (const [rule, how, happen] of bad) {
  test(`"${rule}" is broken when ${how}`, (t) => {
    const violation = t.throws<Violation>(happen, { name: 'Violation' });
    t.is(violation?.rule, rule);
  });
}

test('a good history passes: launches, ends, kills by their owner, repeated words', (t) => {
  const containers = running();
  containers.started('a1', 't2');
  containers.ended('t2', exited);
  containers.killAsked('alice');
  containers.ended('t1', { kind: 'signaled', signal: 9 });
  t.deepEqual([containers.startedCount, containers.runningCount, containers.fullest], [2, 0, 1000]);
  t.deepEqual(containers.fateOf('t2'), exited);

  const updates = ended();
  hear(updates, 'alice', status('t', 'TASK_FINISHED'), 'u3');
  hear(updates, 'alice', status('t', 'TASK_RUNNING', { reason: 'REASON_RECONCILIATION' }));
  hear(updates, 'bob', status('t', 'TASK_UNKNOWN'));
  updates.frameworkRemoved('f');
  updates.forgotten(update('u3', 'TASK_FINISHED'));
  t.deepEqual(updates.counts, { heard: 2, repeated: 1, acknowledged: 2, reconciled: 1 });

  const frameworks = waiting();
  t.deepEqual(frameworks.overdue(11_000), []);
  frameworks.removed('f', true, 11_500);
  frameworks.tearDownAsked('g');
  frameworks.removed('g', true, 12_000);
  frameworks.settled(0);
  t.is(frameworks.expired, 1);

  const offers = new OfferLaws();
  offers.look(offering(1));
  t.is(offers.looked, 1);

  const volumeFolders = new VolumeFolderLaws();
  volumeFolders.claimed('a1', 'work/volumes/roles/r/v', true);
  t.is(volumeFolders.looked, 1);

  const agreement = new AgreementLaws({}, { every: 1 });
  for (const master of ['m1', 'm2']) agreement.applied(master, 7, busyState());
  t.is(agreement.compared, 1);
});

test('a task on its way may count on a volume that could not be made, one that runs may not', (t) => {
  const look = (state: Task['state'], isVolume: boolean): void => {
    const busy = busyState();
    const resources = isVolume ? lost : tooMuch;
    const changed = (task: Task): Task =>
      isTerminal(task.state) ? task : { ...task, state, resources };
    const frameworks = busy.frameworks.map((record) => ({
      ...record,
      tasks: record.tasks.map(changed),
    }));
    new AgreementLaws({}, { every: 1000 }).applied('m1', 1, { ...busy, frameworks });
  };
  for (const state of ['staging', 'starting'] as const) {
    t.notThrows(() => look(state, true));
    t.throws(() => look(state, false), { name: 'Violation' });
  }
  t.throws(() => look('running', true), { name: 'Violation' });
});

const tooMuch = resourcesAsWritten([{ name: 'cpus', type: 'SCALAR', scalar: { value: 9000 } }]);
const lost = resourcesAsWritten([
  {
    name: 'disk',
    type: 'SCALAR',
    scalar: { value: 1 },
    disk: { persistence: { id: 'lost' }, volume: { mode: 'RW', container_path: 'data' } },
  },
]);

/** The first state of a history of chance in which something runs on an agent. */
function busyState(): State {
  const random = randomFromSeed('busy');
  let state = newState();
  for (let step = 0; step < 5000; step++) {
    state = apply(state, randomCommand(random, state, 1000 + step)).state;
    const tasks = [...state.frameworks.values()].flatMap((record) => [...record.tasks.values()]);
    if (tasks.some((task) => !isTerminal(task.state) && task.resources.length > 0)) return state;
  }
  throw new Error('nothing ever ran');
}

test('a drain may call killed what had ended unknown to its agent, and nothing that it knew of', (t) => {
  const laws = running();
  laws.started('a1', 't2');
  laws.ended('t1', exited);
  laws.endKnown('t1');
  laws.ended('t2', exited);
  laws.drainDecided('a1');
  t.deepEqual([laws.wasKillAsked('t1'), laws.wasKillAsked('t2')], [false, true]);
});
