/**
 * Its tasks eat memory and disk; some of them more than they asked for, and are ended for it. It is told
 * why, whoever reports it, and of no other task is it told so.
 */
import type { Offer, Resource, TaskInfo, TaskStatus } from '#proto/gen/mesos/v1.ts';
import { isTerminal } from '#internal/agent/core/state.ts';
import { modernFramework } from './framework.ts';
import type { Body, Mind, Temperament } from './temperament.ts';

const tasksMax = 5;
const diskMb = 5;
const meals = ['MEMORY 8', 'MEMORY 4096', 'DISK 1', 'DISK 4096'] as const;

export const glutton: Temperament = {
  name: 'glutton',
  figures: ['meals', 'limited-in-memory', 'limited-on-disk'],
  newMind: (body) => newGlutton(body),
};

function newGlutton(body: Body): Mind {
  const ends = new Map<string, TaskStatus>();
  return {
    framework: () => modernFramework([body.name]),
    onOffer: (offer) => use(body, offer),
    onUpdate(status) {
      const { state, source, task_id, reason } = status;
      if (!isTerminal(state) || source === 'SOURCE_MASTER' || ends.has(task_id.value)) return;
      ends.set(task_id.value, status);
      if (reason === 'REASON_CONTAINER_LIMITATION_MEMORY') body.count('limited-in-memory');
      if (reason === 'REASON_CONTAINER_LIMITATION_DISK') body.count('limited-on-disk');
    },
    refuted: () => {
      const untrue = [...ends].find(([task, status]) => !isTrue(body, task, status));
      return untrue && `${untrue[0]} is told to have ended for ${untrue[1].reason}`;
    },
  };
}

function isTrue(
  { witness }: Body,
  task: string,
  { state, reason, limitation }: TaskStatus,
): boolean {
  const { containers } = witness.laws;
  const fate = containers.fateOf(task);
  if (fate.kind !== 'limited') return reason?.startsWith('REASON_CONTAINER_LIMITATION') !== true;
  // Of one that was being killed already that is said, and nothing else.
  if (state !== 'TASK_FAILED') return containers.wasKillAsked(task);
  return reason === fate.limitation.reason && limitation?.resources !== undefined;
}

function use(body: Body, offer: Offer): void {
  const { random } = body;
  const room = Math.min(tasksMax - body.tasks.open.length, 1 + random.below(3));
  const packed = room <= 0 ? [] : body.pack([offer], room);
  if (packed.length === 0) {
    body.decline([offer], 1 + random.below(3));
    return;
  }
  const hasDisk = (offer.resources ?? []).some((one) => isEnough(one, packed.length * diskMb));
  const tasks = packed.map((info) => hungry(body, info, hasDisk));
  body.launch([offer], tasks, random.below(3));
}

const isEnough = (
  { name, scalar, reservations = [], disk }: Resource,
  megabytes: number,
): boolean =>
  name === 'disk' &&
  reservations.length === 0 &&
  disk === undefined &&
  (scalar?.value ?? 0) >= megabytes;

function hungry(body: Body, info: TaskInfo, hasDisk: boolean): TaskInfo {
  const { random } = body;
  const meal = meals[random.below(hasDisk ? meals.length : 2)] ?? meals[0];
  body.count('meals');
  const disk: Resource = { name: 'disk', type: 'SCALAR', scalar: { value: diskMb } };
  return {
    ...info,
    resources: [...(info.resources ?? []), ...(hasDisk ? [disk] : [])],
    command: { shell: true, value: `sleep ${random.below(20) / 10}; eat ${meal}; exit 0` },
  };
}
