/**
 * Launches groups, in a few executors that it uses again. Now and then one member of a group sleeps for
 * ever and another fails soon, or falls ill and is killed for it: only the fate that they share ends such a group, and without it the run
 * would not end. A group is refused whole or not at all.
 */
import type { ExecutorInfo, Offer, Resource, TaskInfo } from '#proto/gen/mesos/v1.ts';
import { modernFramework } from './framework.ts';
import type { Body, Mind, Temperament } from './temperament.ts';

const tasksMax = 6;
const membersMax = 3;
const executors = ['e1', 'e2'];
/** Longer than any run lasts. */
const forEver: Partial<TaskInfo> = { command: { shell: true, value: 'sleep 100000; exit 0' } };
const doomed: Partial<TaskInfo> = { command: { shell: true, value: 'sleep 1; exit 1' } };
const sick: Partial<TaskInfo> = {
  command: { shell: true, value: 'sleep 1; fall ILL; sleep 100000; exit 0' },
  health_check: {
    type: 'COMMAND',
    command: { shell: true, value: 'ask PARENT' },
    delay_seconds: 0.2,
    interval_seconds: 0.5,
    consecutive_failures: 2,
    grace_period_seconds: 0,
  },
};

export const grouper: Temperament = {
  name: 'grouper',
  figures: ['groups-asked-for', 'groups-refused', 'groups-of-one-fate'],
  newMind: (body) => newGrouper(body),
};

function newGrouper(body: Body): Mind {
  /** By task: the tasks of its group. */
  const groups = new Map<string, readonly string[]>();
  const refused = new Set<string>();
  return {
    framework: () => modernFramework([body.name]),
    onOffer: (offer) => {
      const tasks = membersFor(body, offer);
      if (tasks.length === 0) {
        body.decline([offer], body.random.below(3));
        return;
      }
      const ids = tasks.map(({ task_id }) => task_id.value);
      for (const id of ids) {
        groups.set(id, ids);
        // By its agent, when one of the others ends badly.
        body.witness.see(({ containers }) => containers.mayBeKilled(id));
      }
      launch(body, offer, tasks);
      if (body.random.chance(0.15)) body.after(body.random.below(3000), () => killOne(body, ids));
    },
    onUpdate: ({ task_id, reason }) => {
      if (reason !== 'REASON_TASK_GROUP_INVALID') return;
      body.count('groups-refused');
      refused.add(task_id.value);
    },
    refuted: () => {
      const split = [...refused].find((id) => isSplit(body, refused, groups.get(id) ?? []));
      return split && `a group was refused in part: ${groups.get(split)?.join(', ')}`;
    },
  };
}

/** One was refused, and another ran. What was refused may not have been heard by a program that died. */
function isSplit(body: Body, refused: ReadonlySet<string>, ids: readonly string[]): boolean {
  return ids.some((id) => {
    if (refused.has(id)) return false;
    const state = body.tasks.get(id)?.state;
    return state === 'TASK_FINISHED' || state === 'TASK_FAILED' || state === 'TASK_RUNNING';
  });
}

function membersFor(body: Body, offer: Offer): readonly TaskInfo[] {
  const { random } = body;
  const room = Math.min(tasksMax - body.tasks.open.length, 1 + random.below(membersMax));
  const packed = room <= 0 || random.chance(0.1) ? [] : body.pack([offer], room);
  if (packed.length < 2 || !random.chance(0.4)) return packed;
  body.count('groups-of-one-fate');
  const first = random.chance(0.5) ? doomed : sick;
  return packed.map((info, at) => ({ ...info, ...(at === 0 ? first : forEver) }));
}

function launch(body: Body, offer: Offer, tasks: readonly TaskInfo[]): void {
  body.count('groups-asked-for');
  const executor: ExecutorInfo = {
    type: 'DEFAULT',
    executor_id: { value: executors[body.random.below(executors.length)] ?? '' },
    framework_id: offer.framework_id,
    resources: [scalar('cpus', 0.1), scalar('mem', 32), scalar('disk', 10)],
  };
  body.call({
    type: 'ACCEPT',
    accept: {
      offer_ids: [offer.id],
      operations: [{ type: 'LAUNCH_GROUP', launch_group: { executor, task_group: { tasks } } }],
      filters: { refuse_seconds: body.random.below(3) },
    },
  });
}

function killOne(body: Body, ids: readonly string[]): void {
  const id = ids[body.random.below(ids.length)];
  if (id !== undefined) body.kill(id);
}

const scalar = (name: string, value: number): Resource => ({
  name,
  type: 'SCALAR',
  scalar: { value },
});
