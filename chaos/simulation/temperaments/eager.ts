/** Uses what it is offered, at once or after a while; now and then it declines, or kills a task. */
import type { Random } from '#internal/base/random.ts';
import type { Offer } from '#proto/gen/mesos/v1.ts';
import { modernFramework } from './framework.ts';
import type { Body, Temperament } from './temperament.ts';

export const eager: Temperament = {
  name: 'eager',
  newMind: (body) => ({
    framework: () => modernFramework([body.name]),
    onOffer: (offer) => useSoon(body, offer, { wanted: 6, kills: 0.05 }),
  }),
};

/** Kills much of what it launches: early, late, with and without grace. */
export const killer: Temperament = {
  name: 'killer',
  newMind: (body) => ({
    framework: () => modernFramework([body.name]),
    onOffer: (offer) => useSoon(body, offer, { wanted: 6, kills: 0.6 }),
  }),
};

export type Appetite = {
  /** Tasks that it wants to run at the same time. */
  readonly wanted: number;
  /** The chance that it kills a task. */
  readonly kills: number;
};

export function useSoon(body: Body, offer: Offer, appetite: Appetite): void {
  const thinkMs = body.random.chance(0.2) ? body.random.below(3000) : 0;
  if (thinkMs === 0) use(body, [offer], appetite);
  else body.after(thinkMs, () => use(body, [offer], appetite));
}

/** Launches some tasks on offers of one agent, or declines them. */
export function use(body: Body, offers: readonly Offer[], { wanted, kills }: Appetite): void {
  const { random } = body;
  const room = Math.min(wanted - body.tasks.open.length, 1 + random.below(3));
  const infos = room <= 0 || random.chance(0.1) ? [] : body.pack(offers, room);
  // Who needs nothing more does not want to be asked all the time.
  const refuseSeconds = room <= 0 ? 5 : random.below(4);
  if (infos.length === 0) {
    body.decline(offers, refuseSeconds);
    return;
  }
  body.launch(offers, infos, refuseSeconds);
  for (const { task_id } of infos) {
    if (random.chance(kills)) killSoon(body, task_id.value, random);
  }
}

function killSoon(body: Body, task: string, random: Random): void {
  const grace = random.chance(0.5)
    ? { nanoseconds: BigInt(random.below(4)) * 500_000_000n }
    : undefined;
  const policy = grace === undefined ? undefined : { grace_period: grace };
  body.after(random.below(4000), () => body.kill(task, policy));
}
