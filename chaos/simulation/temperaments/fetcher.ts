/**
 * Its tasks bring URIs: some come at once, some take long, some never come. What it wants in vain must
 * never have run, and it kills much while that is being fetched.
 */
import type { Offer, TaskInfo } from '#proto/gen/mesos/v1.ts';
import { modernFramework } from './framework.ts';
import type { Body, Mind, Temperament } from './temperament.ts';

const tasksMax = 5;
const names = ['data', 'slow', 'missing'] as const;

export const fetcher: Temperament = {
  name: 'fetcher',
  figures: ['fetches-asked-for', 'fetches-in-vain'],
  newMind: (body) => newFetcher(body),
};

function newFetcher(body: Body): Mind {
  const doomed = new Set<string>();
  const ran = new Set<string>();
  return {
    framework: () => modernFramework([body.name]),
    onOffer: (offer) => {
      const room = Math.min(tasksMax - body.tasks.open.length, 1 + body.random.below(3));
      const tasks = room <= 0 ? [] : body.pack([offer], room).map((info) => wanting(body, info));
      if (tasks.length === 0) {
        body.decline([offer], 1 + body.random.below(3));
        return;
      }
      for (const task of tasks) {
        body.count('fetches-asked-for');
        if (isInVain(task)) doomed.add(task.task_id.value);
      }
      launch(body, offer, tasks);
    },
    onUpdate: ({ task_id, state, message = '' }) => {
      const id = task_id.value;
      if (state === 'TASK_RUNNING' || state === 'TASK_FINISHED') ran.add(id);
      if (message.includes('Failed to fetch all URIs')) body.count('fetches-in-vain');
    },
    refuted: () => {
      const task = [...doomed].find((id) => ran.has(id));
      return task && `${task} ran without what it wanted`;
    },
  };
}

function wanting(body: Body, info: TaskInfo): TaskInfo {
  const uris = Array.from({ length: 1 + body.random.below(2) }, () => ({
    value: `http://files/${names[body.random.below(names.length)]}`,
  }));
  return { ...info, command: { ...info.command, uris } };
}

const isInVain = ({ command }: TaskInfo): boolean =>
  command?.uris?.some(({ value }) => value.endsWith('missing')) === true;

function launch(body: Body, offer: Offer, tasks: readonly TaskInfo[]): void {
  body.launch([offer], tasks, body.random.below(3));
  for (const { task_id } of tasks) {
    if (!body.random.chance(0.3)) continue;
    body.after(body.random.below(8000), () => body.kill(task_id.value));
  }
}
