/** Schedulers over the real HTTP API, by the hundred, in a process of their own. */
import { join } from 'node:path';
import { type Ordered, startOrdered } from './orders.ts';
import type { SchedulerOptions } from './simulated-scheduler.ts';

export type CrowdSettings = Pick<
  SchedulerOptions,
  'masters' | 'tasksPerAccept' | 'task' | 'refuseSeconds'
> & {
  readonly schedulers: number;
  /** They are spread over so many; of one, it is `*`. */
  readonly roles: number;
  /** Protobuf otherwise. */
  readonly json: boolean;
  readonly seed: number | string;
};

export type CrowdOrder =
  | { readonly kind: 'start' | 'report' }
  /** All together have so many more tasks to launch. */
  | { readonly kind: 'want'; readonly tasks: number };

/** Sums over all schedulers; moments by the wall clock, in milliseconds. */
export type CrowdReport = {
  readonly subscribed: number;
  readonly subscriptions: number;
  readonly lastSubscribedMs: number;
  /** Of the one who was offered something first since its last subscription; null when nobody was. */
  readonly firstOfferMs: number | null;
  /** Schedulers that were offered something since their last subscription. */
  readonly offered: number;
  /** Tasks named in ACCEPTs that were answered 202, and tasks that are yet to be launched. */
  readonly accepted: number;
  readonly wanted: number;
  /** Tasks that were asked about after the last subscription, without an answer yet. */
  readonly unanswered: number;
  readonly lastAnsweredMs: number;
  readonly refusals: number;
  /** What one of them said. */
  readonly refusal: string;
  readonly updates: number;
  readonly finished: number;
  /** Tasks that were under way and that nobody ended. */
  readonly lost: number;
  /** Tasks that are not over, as far as their schedulers know. */
  readonly tasks: number;
};

export type Crowd = AsyncDisposable & {
  readonly pid: number;
  start(): Promise<void>;
  want(tasks: number): Promise<void>;
  report(): Promise<CrowdReport>;
};

const program = join(import.meta.dirname, 'schedulers-main.ts');

/** Nobody subscribes before `start`. */
export function openCrowd(settings: CrowdSettings): Crowd {
  const process: Ordered<CrowdOrder, CrowdReport> = startOrdered(program, settings);
  return {
    pid: process.pid,
    start: async () => void (await process.ask({ kind: 'start' })),
    want: async (tasks) => void (await process.ask({ kind: 'want', tasks })),
    report: async () => await process.ask({ kind: 'report' }),
    [Symbol.asyncDispose]: async () => await process[Symbol.asyncDispose](),
  };
}
