/** One agent, one scheduler, and what tests of executors and groups launch on them. */
import type {
  ExecutorInfo,
  Filters,
  Offer,
  Offer_Operation,
  Resource,
  TaskInfo,
} from '#proto/gen/mesos/v1.ts';
import type { TestAgent } from './test-agent.ts';
import { TestCluster, type TestMaster } from './test-cluster.ts';
import { taskFor, type TestScheduler } from './test-scheduler.ts';

export const scalar = (name: string, value: number): Resource => ({
  name,
  type: 'SCALAR',
  scalar: { value },
});

const large = [scalar('cpus', 4), scalar('mem', 1024), scalar('disk', 1024)];

export type Setting = {
  readonly cluster: TestCluster;
  readonly leader: TestMaster;
  readonly agent: TestAgent;
  readonly scheduler: TestScheduler;
};

/** One agent that has a disk too, and one scheduler that was offered all of it. */
export async function setting(): Promise<Setting> {
  const cluster = new TestCluster();
  const leader = await cluster.lead();
  const scheduler = await cluster.scheduler(leader);
  const agent = await cluster.agent(leader, 'a1', { resources: large });
  await cluster.until(() => scheduler.offers.size > 0, 'no offer');
  return { cluster, leader, scheduler, agent };
}

export function executorFor(
  scheduler: TestScheduler,
  id: string,
  more: Partial<ExecutorInfo> = {},
): ExecutorInfo {
  return {
    type: 'DEFAULT',
    executor_id: { value: id },
    framework_id: { value: scheduler.id },
    resources: [scalar('cpus', 0.5), scalar('mem', 32), scalar('disk', 32)],
    ...more,
  };
}

export const group = (executor: ExecutorInfo, ...tasks: readonly TaskInfo[]): Offer_Operation => ({
  type: 'LAUNCH_GROUP',
  launch_group: { executor, task_group: { tasks } },
});

export function ownTask(offer: Offer, executor: ExecutorInfo): TaskInfo {
  const { command: _command, ...task } = taskFor(offer, 't');
  return { ...task, executor };
}

/** What is left is offered again at once. */
export const rest: Filters = { refuse_seconds: 0 };

/** Of what is offered next, the ids of the framework's executors. */
export async function nextOffer({ cluster, scheduler }: Setting): Promise<Offer> {
  await cluster.until(() => scheduler.offers.size > 0, 'nothing is offered', 3000);
  return scheduler.offer;
}

/** What an executor has that its framework brings. */
export const own: Pick<ExecutorInfo, 'type' | 'command'> = {
  type: 'CUSTOM',
  command: { value: 'run' },
};
