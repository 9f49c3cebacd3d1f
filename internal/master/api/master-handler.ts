/**
 * Everything that a master answers over HTTP: the scheduler API, the operator API and the older
 * endpoints (contract 1.1, 13.2), each behind the checks of 1.7 in their order.
 */
import type { Random } from '#internal/base/random.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { HttpHandler } from '#internal/runtime/http.ts';
import type { MasterDoor } from '../door.ts';
import { type Doormen, principalOf, turnedAway } from './doorman.ts';
import { explainRoutes } from './explain-face.ts';
import { onlyWhileLeading, redirectHandler } from './leadership-gate.ts';
import { legacyRoutes } from './legacy/legacy-face.ts';
import type { MasterProfile } from './master-profile.ts';
import { type Counters, newMetrics } from './metrics.ts';
import { operatorHandler } from './operator-face.ts';
import { newReadingDesk } from './reading-desk.ts';
import { notFound } from './response.ts';
import { newRouter } from './router.ts';
import { schedulerHandler } from './scheduler-face.ts';
import { storeHandler } from './store-face.ts';
import { checkGauges, checkRoutes } from './check-face.ts';
import { heldReservationRoutes } from './reservations-face.ts';
import { volumeRoutes } from './volumes-face.ts';

export type MasterHandlerDependencies = {
  readonly door: MasterDoor;
  readonly clock: Clock;
  /** Draws stream ids, which nobody else may guess. */
  readonly random: Random;
  /** What the rest of the program counts; the master's own gauges are added. */
  readonly counters: Counters;
  /** Nobody, when they are left out: everyone may ask everything. */
  readonly doormen?: Doormen;
};

export type MasterHandlerOptions = MasterProfile & {
  /**
   * What may wait for one scheduler before it is let go. One event must fit: 64 MiB are more than
   * the offers of ten thousand agents at once.
   */
  readonly streamBacklogBytesMax: number;
  /** How long such a scheduler's connection may take to get rid of it. */
  readonly streamDrainTimeoutMs: number;
};

export function masterHandler(
  dependencies: MasterHandlerDependencies,
  options: MasterHandlerOptions,
): HttpHandler {
  const { door, clock, counters, doormen = {} } = dependencies;
  const metrics = newMetrics(clock, () => [...checkGauges(door), ...counters()]);
  const desk = newReadingDesk({ clock });
  const limits = {
    backlogBytesMax: options.streamBacklogBytesMax,
    drainTimeoutMs: options.streamDrainTimeoutMs,
  };
  const scheduler = schedulerHandler(dependencies, limits);
  const store = storeHandler(door);
  const operator = operatorHandler({ door, metrics, desk, clock }, { ...options, limits });
  const route = newRouter([
    { path: '/api/v1', handler: onlyWhileLeading(door, operator) },
    {
      path: '/api/v1/scheduler',
      handler: onlyWhileLeading(door, (request) =>
        scheduler(request, principalOf(doormen, request)),
      ),
    },
    {
      path: '/api/altiplano/v1/store',
      handler: onlyWhileLeading(door, (request) => store(request, principalOf(doormen, request))),
      isExact: true,
    },
    { path: '/redirect', handler: redirectHandler(door), isExact: true },
    ...explainRoutes(door),
    ...volumeRoutes(door),
    ...heldReservationRoutes(door),
    ...checkRoutes(door),
    ...legacyRoutes({ door, metrics, desk }, options),
  ]);
  return (request) =>
    turnedAway(doormen, request) ?? route(request.target)?.(request) ?? notFound();
}
