/** A process full of simulated schedulers (`crowd.ts`), each with a stream of its own. */
import { randomFromSeed } from '#internal/base/random.ts';
import { jsonFormat, protobufFormat } from '#internal/client/wire-format.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { httpClient } from '#internal/runtime/real/http-client.ts';
import { openLogger } from '#internal/runtime/real/logger.ts';
import type { CrowdOrder, CrowdReport, CrowdSettings } from './crowd.ts';
import { serveOrders, settingsOf } from './orders.ts';
import { SimulatedScheduler } from './simulated-scheduler.ts';

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends are ours.
const settings = settingsOf() as CrowdSettings;
const clock = systemClock();
const logger = openLogger({ level: 'error' });
const random = randomFromSeed(`${settings.seed}`);
const http = httpClient();
const schedulers = Array.from({ length: settings.schedulers }, (_, number) => {
  const { masters, tasksPerAccept, task, refuseSeconds } = settings;
  return new SimulatedScheduler(
    { clock, logger, http, random: random.fork(`scheduler ${number}`) },
    {
      masters,
      tasksPerAccept,
      task,
      refuseSeconds,
      name: `simulated-${number}`,
      role: settings.roles === 1 ? '*' : `role-${number % settings.roles}`,
      format: settings.json ? jsonFormat : protobufFormat,
    },
  );
});

await serveOrders((told) => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends are ours.
  const order = told as CrowdOrder;
  if (order.kind === 'start') for (const scheduler of schedulers) scheduler.start();
  if (order.kind === 'want') share(order.tasks);
  return report();
});

/** Evenly, the first ones getting what does not divide. */
function share(tasks: number): void {
  const each = Math.floor(tasks / schedulers.length);
  for (const [at, scheduler] of schedulers.entries()) {
    const extra = at < tasks % schedulers.length ? 1 : 0;
    if (each + extra > 0) scheduler.want(each + extra);
  }
}

function report(): CrowdReport {
  const counts = schedulers.map((scheduler) => scheduler.counts);
  const sum = (of: (count: (typeof counts)[number]) => number): number =>
    counts.reduce((total, count) => total + of(count), 0);
  const last = (of: (count: (typeof counts)[number]) => number): number =>
    counts.reduce((most, count) => Math.max(most, of(count)), 0);
  const offered = counts.map(({ firstOfferMs }) => firstOfferMs).filter((ms) => ms > 0);
  return {
    subscribed: sum(({ isSubscribed }) => (isSubscribed ? 1 : 0)),
    subscriptions: sum(({ subscriptions }) => subscriptions),
    lastSubscribedMs: last(({ subscribedMs }) => subscribedMs),
    firstOfferMs: offered.reduce((least, ms) => Math.min(least, ms), Infinity),
    offered: offered.length,
    accepted: sum(({ accepted }) => accepted),
    wanted: sum(({ wanted }) => wanted),
    unanswered: sum(({ unanswered }) => unanswered),
    lastAnsweredMs: last(({ answeredMs }) => answeredMs),
    refusals: sum(({ refusals }) => refusals),
    refusal: counts.map(({ refusal }) => refusal).find((text) => text !== '') ?? '',
    updates: sum(({ updates }) => updates),
    finished: sum(({ finished }) => finished),
    lost: sum(({ lost }) => lost),
    tasks: schedulers.reduce((total, { taskCount }) => total + taskCount, 0),
  };
}
