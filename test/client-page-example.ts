/** The scheduler of `docs/client.md`, letter by letter. */
import { openScheduler } from '#internal/client/open-scheduler.ts';
import type { SchedulerDependencies } from '#internal/client/scheduler-client.ts';

export async function runOnce(
  ports: SchedulerDependencies,
  masters: readonly string[],
  command: string,
): Promise<number> {
  let attempt = 0;
  let isRunning = false;
  const success = Promise.withResolvers<void>();
  const scheduler = await openScheduler(
    ports,
    { masters, framework: { user: 'nobody', name: 'once', failover_timeout: 3600 } },
    {
      onOffers: async ([offer, ...others]) => {
        await scheduler.decline(others);
        if (offer === undefined || isRunning) return;
        isRunning = true;
        const task = {
          name: 'once',
          task_id: { value: `once-${++attempt}` },
          agent_id: offer.agent_id,
          command: { value: command },
          resources: [
            { name: 'cpus', type: 'SCALAR' as const, scalar: { value: 0.1 } },
            { name: 'mem', type: 'SCALAR' as const, scalar: { value: 32 } },
          ],
        };
        await scheduler.accept([offer], [{ type: 'LAUNCH', launch: { task_infos: [task] } }]);
      },
      onUpdate: ({ state }) => {
        if (state === 'TASK_FINISHED') success.resolve();
        else if (/FAILED|KILLED|LOST|ERROR|DROPPED|GONE/.test(state)) isRunning = false;
      },
    },
  );
  await success.promise;
  await scheduler.teardown();
  return attempt;
}
