/** Answers offers: starts what waits for one, frees what is to be destroyed, declines the rest. */
import { newUuid } from '#internal/base/uuid.ts';
import type { Offer, Offer_Operation } from '#proto/gen/mesos/v1.ts';
import {
  newPool,
  ownersIn,
  type Pool,
  poolCopy,
  takeRest,
  volumeIn,
  volumesOwnedBy,
  withoutVolume,
} from './offer-pool.ts';
import { operation, place } from './placement.ts';
import { type InstanceRecord, operationIdOf } from './records.ts';
import {
  call,
  type Draft,
  type Instance,
  instancesOf,
  setInstance,
  tell,
  wantOf,
} from './world.ts';

/** What is of no use is shown again after so long, while somebody waits. */
const refuseSeconds = 2;
/** Until a REVIVE, that is: nobody waits. */
const refuseLongSeconds = 86_400;
/** Of each instance. */
const refusalsMax = 5;

export function onOffers(draft: Draft, offers: readonly Offer[]): void {
  for (const key of wantingIn(draft)) forgetRefusals(draft, key);
  for (const offer of offers) answer(draft, offer);
}

function answer(draft: Draft, offer: Offer): void {
  let pool = newPool(offer, draft);
  const operations: Offer_Operation[] = [];
  for (const key of wantingIn(draft)) {
    const tried = poolCopy(pool);
    const done = give(draft, tried, key);
    if (done.length === 0) continue;
    operations.push(...done);
    pool = tried;
  }
  operations.push(...sweep(draft, pool));
  const offer_ids = [offer.id];
  const seconds = wantingIn(draft).length > 0 ? refuseSeconds : refuseLongSeconds;
  const filters = { refuse_seconds: seconds };
  // What the store has to know stands before the call that it is about.
  call(
    draft,
    operations.length > 0
      ? { type: 'ACCEPT', accept: { offer_ids, operations, filters } }
      : { type: 'DECLINE', decline: { offer_ids, filters } },
  );
}

/** In an order that does not change: the services by name, their instances by number. */
function wantingIn(draft: Draft): readonly string[] {
  return [...draft.instances]
    .filter(([, instance]) => wantOf(draft, instance, draft.context.nowMs) !== undefined)
    .toSorted(([, one], [, other]) => orderOf(one.record, other.record))
    .map(([key]) => key);
}

const orderOf = (one: InstanceRecord, other: InstanceRecord): number =>
  one.service === other.service ? one.index - other.index : one.service < other.service ? -1 : 1;

function forgetRefusals(draft: Draft, key: string): void {
  const instance = draft.instances.get(key);
  if (instance !== undefined) setInstance(draft, key, { ...instance, refusals: [] });
}

function give(draft: Draft, pool: Pool, key: string): readonly Offer_Operation[] {
  const instance = draft.instances.get(key);
  if (instance === undefined) return [];
  return wantOf(draft, instance, draft.context.nowMs) === 'destroy'
    ? destroy(draft, pool, { key, instance })
    : start(draft, pool, { key, instance });
}

type Named = { readonly key: string; readonly instance: Instance };

function start(draft: Draft, pool: Pool, { key, instance }: Named): readonly Offer_Operation[] {
  const { nowMs, random } = draft.context;
  const { record } = instance;
  const service = draft.services.get(record.service);
  if (service === undefined) return [];
  const { spec, revision } = service;
  const siblings = instancesOf(draft, record.service);
  const placed = place(pool, { spec, instance, siblings, unique: newUuid(random), random });
  const { agent_id, hostname: host } = pool.offer;
  if (!placed.ok) {
    const refusals = [...instance.refusals, `${host}: ${placed.refusal}`].slice(-refusalsMax);
    setInstance(draft, key, { ...instance, refusals });
    return [];
  }
  const { taskId: id, ports, binding, operations } = placed.value;
  const task = { id, agentId: agent_id.value, host, revision, ports, isEnding: false };
  setInstance(draft, key, {
    ...instance,
    refusals: [],
    record: { ...record, ...(binding !== undefined && { binding }), task },
    seen: { kind: 'starting', sinceMs: nowMs },
    askedMs: nowMs,
  });
  tell(draft, 'an instance is started', { instance: key, task: id, host });
  return operations;
}

/** The last operation has an id, whose end tells that all is done; the id says of which instance. */
function destroy(draft: Draft, pool: Pool, { key, instance }: Named): readonly Offer_Operation[] {
  const bound = instance.record.binding?.volumes ?? [];
  if (bound.some(({ id }) => volumeIn(pool, id) === undefined)) return [];
  const id = operationIdOf('destroy', instance.record, newUuid(draft.context.random));
  setInstance(draft, key, { ...instance, destroying: id });
  tell(draft, 'the volumes of an instance are destroyed', { instance: key });
  return [...freeing(pool, key), { type: 'UNRESERVE', id: { value: id }, ...given(pool, key) }];
}

const freeing = (pool: Pool, owner: string): readonly Offer_Operation[] =>
  operation(volumesOwnedBy(pool, owner), (volumes) => ({ type: 'DESTROY', destroy: { volumes } }));

const given = (pool: Pool, owner: string): Pick<Offer_Operation, 'unreserve'> => ({
  unreserve: {
    resources: [...volumesOwnedBy(pool, owner).map(withoutVolume), ...takeRest(pool, owner)],
  },
});

/**
 * Gives up what attempts that failed have reserved, which is none of any instance any more. Volumes are
 * never touched: whatever is in them is somebody's.
 */
function sweep(draft: Draft, pool: Pool): readonly Offer_Operation[] {
  const stray = [...ownersIn(pool)].filter((owner) => isStray(draft, pool, owner));
  return operation(
    stray.flatMap((owner) => takeRest(pool, owner)),
    (resources) => ({ type: 'UNRESERVE', unreserve: { resources } }),
  );
}

function isStray(draft: Draft, pool: Pool, owner: string): boolean {
  if (volumesOwnedBy(pool, owner).length > 0) return false;
  const instance = draft.instances.get(owner);
  if (instance === undefined) return true;
  const { binding, task } = instance.record;
  const agentId = pool.offer.agent_id.value;
  // Of an instance that starts here, or may: what is its own is used first.
  if (binding === undefined && task === undefined) return false;
  return binding?.agentId !== agentId && task?.agentId !== agentId;
}
