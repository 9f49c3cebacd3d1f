/**
 * Brings its own executors, uses them again, talks to them, and now and then tells one to end with all
 * that runs in it. Some executors take no notice, and have to be killed.
 */
import type { ExecutorInfo, Offer, Resource, TaskInfo } from '#proto/gen/mesos/v1.ts';
import { modernFramework } from './framework.ts';
import type { Body, Mind, Temperament } from './temperament.ts';

const tasksMax = 6;
/** One id, one description, for ever: an executor that lives cannot be asked for otherwise. */
const lines = { e1: 'serve', e2: 'serve', e3: 'serve STUBBORN' } as const;
const names = ['e1', 'e2', 'e3'] as const;

export const bringer: Temperament = {
  name: 'bringer',
  figures: [
    'delegated-tasks',
    'delegated-groups',
    'executors-shut-down',
    'executors-heard',
    'executors-lost',
    'delegated-ended',
  ],
  newMind: (body) => newBringer(body),
};

function newBringer(body: Body): Mind {
  return {
    framework: () => modernFramework([body.name]),
    onOffer: (offer) => use(body, offer),
    onUpdate({ state, source }) {
      if (state === 'TASK_FINISHED' && source === 'SOURCE_EXECUTOR') body.count('delegated-ended');
    },
    onEvent({ message, failure }) {
      if (message !== undefined) body.count('executors-heard');
      if (failure?.executor_id !== undefined) body.count('executors-lost');
    },
  };
}

function use(body: Body, offer: Offer): void {
  const { random } = body;
  const room = Math.min(tasksMax - body.tasks.open.length, 1 + random.below(3));
  const packed = room <= 0 || random.chance(0.1) ? [] : body.pack([offer], room);
  if (packed.length === 0) {
    body.decline([offer], random.below(3));
    return;
  }
  const name = names[random.below(names.length)] ?? 'e1';
  const executor = executorOf(offer, name);
  const tasks = packed.map((info) => delegated(info, executor));
  // With its executor, whenever that ends.
  for (const { task_id } of tasks) {
    body.witness.see(({ containers }) => containers.mayBeKilled(task_id.value));
  }
  if (random.chance(0.3)) launchGroup(body, offer, { executor, tasks });
  else {
    body.count('delegated-tasks');
    body.launch([offer], tasks, random.below(3));
  }
  for (const { task_id } of tasks) {
    if (random.chance(0.2)) body.after(random.below(3000), () => body.kill(task_id.value));
  }
  const to = { agent_id: offer.agent_id, executor_id: executor.executor_id };
  if (random.chance(0.3)) {
    const data = new TextEncoder().encode('hello');
    body.after(random.below(2000), () => body.call({ type: 'MESSAGE', message: { ...to, data } }));
  }
  if (!random.chance(0.15)) return;
  body.after(random.below(5000), () => {
    body.count('executors-shut-down');
    body.call({ type: 'SHUTDOWN', shutdown: to });
  });
}

/** What would have been its command is what its executor reads. */
function delegated({ command, ...info }: TaskInfo, executor: ExecutorInfo): TaskInfo {
  return { ...info, executor, data: new TextEncoder().encode(command?.value ?? '') };
}

function launchGroup(
  body: Body,
  offer: Offer,
  group: { readonly executor: ExecutorInfo; readonly tasks: readonly TaskInfo[] },
): void {
  body.count('delegated-groups');
  const { executor, tasks } = group;
  body.call({
    type: 'ACCEPT',
    accept: {
      offer_ids: [offer.id],
      operations: [{ type: 'LAUNCH_GROUP', launch_group: { executor, task_group: { tasks } } }],
      filters: { refuse_seconds: body.random.below(3) },
    },
  });
}

const executorOf = ({ framework_id }: Offer, name: keyof typeof lines): ExecutorInfo => ({
  type: 'CUSTOM',
  executor_id: { value: name },
  framework_id,
  command: { shell: true, value: lines[name] },
  shutdown_grace_period: { nanoseconds: 1_000_000_000n },
  resources: [scalar('cpus', 0.1), scalar('mem', 32), scalar('disk', 10)],
});

const scalar = (name: string, value: number): Resource => ({
  name,
  type: 'SCALAR',
  scalar: { value },
});
