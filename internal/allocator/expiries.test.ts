/** The heap of refusals, against a list that is searched. */
import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import { agentId, frameworkId, role } from '#internal/model/ids.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { type AgentBook, type Client, newBooks } from './books.ts';
import { clientOf, frameworkBook } from './clients.ts';
import { allocatorDefaults } from './event.ts';
import { takeEvent } from './events.ts';
import { cancel, expect, expired, newExpiries, type Refusal } from './expiries.ts';
import { agentAdded } from './testing/small-cluster.ts';

function anybody(): { readonly client: Client; readonly agent: AgentBook } {
  const books = newBooks(allocatorDefaults);
  takeEvent(books, agentAdded('S', 'cpus:1'), undefined);
  const client = clientOf(books, frameworkBook(books, frameworkId('F')), role('a'));
  return { client, agent: books.agents.get(agentId('S'))! };
}

test('each refusal ends once, when its time is over and not before, unless it was cancelled', (t) => {
  for (const seed of seedsOf(20)) {
    const random = randomFromSeed(seed);
    const expiries = newExpiries();
    const pending = new Set<Refusal>();
    const somebody = anybody();
    for (let nowMs = 0; nowMs < 400; nowMs++) {
      for (let n = random.below(20); n > 0; n--) {
        const untilMs = nowMs + random.below(100);
        const one: Refusal = { ...somebody, refused: [], untilMs, isOver: false };
        pending.add(one);
        expect(expiries, one);
      }
      for (const one of pending) {
        if (!random.oneIn(20)) continue;
        cancel(expiries, one);
        cancel(expiries, one);
        pending.delete(one);
      }
      const due = [...pending].filter(({ untilMs }) => untilMs <= nowMs);
      const ended = expired(expiries, nowMs);
      t.deepEqual(new Set(ended).size, ended.length);
      t.true(new Set(ended).symmetricDifference(new Set(due)).size === 0, `SEED=${seed}`);
      for (const one of due) pending.delete(one);
    }
  }
});

test('those that were cancelled are swept, however far away their time is', (t) => {
  const expiries = newExpiries();
  const somebody = anybody();
  for (let i = 0; i < 100_000; i++) {
    const one: Refusal = { ...somebody, refused: [], untilMs: 1e9 + i, isOver: false };
    expect(expiries, one);
    if (i % 100 !== 0) cancel(expiries, one);
  }
  t.true(expiries.heap.length < 4000, `${expiries.heap.length} are kept`);
  t.is(expired(expiries, 2e9).length, 1000);
});
