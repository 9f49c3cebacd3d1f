/**
 * Keeps registers in its framework's store, and reads them back: now and then it puts something, sometimes
 * only where it knows what is there. What it was told has to be linearizable, whoever leads.
 */
import type { StoreOutcome } from '#internal/client/framework-store.ts';
import type { History } from '#chaos/checkers/history.ts';
import { useSoon } from './eager.ts';
import { modernFramework } from './framework.ts';
import type { Body, Temperament } from './temperament.ts';

const keys = 3;
const pauseMs = 150;

export const keeper: Temperament = {
  name: 'keeper',
  figures: ['values-kept', 'values-read', 'values-in-doubt', 'values-overtaken'],
  newMind: (body) => {
    const versions = new Map<number, bigint>();
    let last = 0;
    let round = 0;
    const go = (own: number): void => {
      if (body.isFinishing || own !== round) return;
      body.after(1 + body.random.below(2 * pauseMs), () => go(own));
      const key = body.random.below(keys);
      const asking = body.random.oneIn(2)
        ? read(body, key, versions)
        : write(body, key, ++last, versions);
      asking.catch((error: unknown) => body.witness.fail(`${body.name} asks its store`, error));
    };
    return {
      framework: () => modernFramework([body.name]),
      onSubscribed() {
        go(++round);
      },
      onOffer: (offer) => useSoon(body, offer, { wanted: 2, kills: 0 }),
    };
  },
};

async function read(body: Body, key: number, versions: Map<number, bigint>): Promise<void> {
  const history = historyOf(body);
  const ticket = history.get(0, key);
  const outcome = (await body.store?.get(`k/${key}`)) ?? nobody;
  if (outcome.kind === 'done') {
    body.count('values-read');
    versions.set(key, outcome.value.version);
    const [value = 0] = new Float64Array(Uint8Array.from(outcome.value.value ?? []).buffer);
    history.returned(ticket, value);
  } else if (outcome.kind === 'absent') {
    versions.set(key, 0n);
    history.returned(ticket);
  } else settle(body, ticket, outcome);
}

async function write(
  body: Body,
  key: number,
  value: number,
  versions: Map<number, bigint>,
): Promise<void> {
  const expected = body.random.oneIn(2) ? versions.get(key) : undefined;
  const ticket = historyOf(body).put(0, key, value);
  const bytes = new Uint8Array(Float64Array.of(value).buffer);
  const outcome = (await body.store?.put(`k/${key}`, bytes, expected)) ?? nobody;
  if (outcome.kind !== 'done') return settle(body, ticket, outcome);
  body.count('values-kept');
  versions.set(key, outcome.value);
  historyOf(body).returned(ticket);
}

const nobody = { kind: 'unavailable' } as const;

function settle(body: Body, ticket: number, outcome: StoreOutcome<unknown>): void {
  if (outcome.kind === 'unknown') return body.count('values-in-doubt');
  historyOf(body).refused(ticket);
  if (outcome.kind === 'conflict') return body.count('values-overtaken');
  if (outcome.kind === 'unavailable') return;
  body.witness.fail(`${body.name}: its store`, JSON.stringify(outcome));
}

const historyOf = (body: Body): History => body.witness.laws.stores.of(body.name);
