/** The checker itself: on histories known to be good and bad, against brute force, and on real ones. */
import test from 'ava';
import fc from 'fast-check';
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { History, type Operation } from './history.ts';
import { wordsOf, judgeRegisters } from './linearizable-registers.ts';

const statesMax = 1_000_000;
const judged = (operations: readonly Operation[]): string =>
  judgeRegisters(operations, { statesMax }).kind;

/** A line an operation: `client kind key=value from-to`; no value is an absent key, no `to` unknown. */
function historyOf(text: string): readonly Operation[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [, client, kind, key, value, from, to] =
        /^\s*(\d+) (put|get) (\d+)=(\d*) (\d+)-(\d*)$/.exec(line) ?? [];
      if (kind !== 'put' && kind !== 'get') throw new Error(`no operation: ${line}`);
      return {
        client: Number(client),
        key: Number(key),
        kind,
        value: value === '' ? undefined : Number(value),
        invokedAt: Number(from),
        returnedAt: to === '' ? undefined : Number(to),
      };
    });
}

const good: Record<string, string> = {
  'one after the other': `
    1 put 1=7 1-2
    2 get 1=7 3-4
    1 put 1=8 5-6
    2 get 1=8 7-8`,
  'a get at the same time as a put sees it': `
    1 put 1=7 1-4
    2 get 1=7 2-3`,
  'a get at the same time as a put does not see it': `
    1 put 1=7 1-4
    2 get 1= 2-3`,
  'two puts at the same time, in the order opposite to their calls': `
    1 put 1=7 1-4
    2 put 1=8 2-3
    3 get 1=7 5-6`,
  'an unknown put that happened late': `
    1 put 1=7 1-
    2 put 1=8 2-3
    2 get 1=8 4-5
    2 get 1=7 6-7`,
  'an unknown put that never happened': `
    1 put 1=7 1-
    2 get 1= 2-3`,
  'unknown puts of which some happened': `
    1 put 1=7 1-
    2 put 1=8 2-
    3 put 1=9 3-
    4 get 1=9 4-5
    4 get 1=7 6-7`,
  'an unknown get says nothing': `
    1 put 1=7 1-2
    2 get 1= 3-`,
  'keys that know nothing of each other': `
    1 put 1=7 1-2
    2 put 2=8 3-4
    1 get 2=8 5-6
    1 get 1=7 7-8
    1 get 3= 9-10`,
  'nothing at all happened to a key': `
    1 get 1= 1-2`,
};

const bad: Record<string, string> = {
  'a stale read': `
    1 put 1=7 1-2
    1 put 1=8 3-4
    2 get 1=7 5-6`,
  'a read of nothing after a put': `
    1 put 1=7 1-2
    2 get 1= 3-4`,
  'a lost update': `
    1 put 1=7 1-4
    2 put 1=8 5-6
    1 get 1=8 7-8
    2 get 1=7 9-10`,
  'a split brain: two see different values last': `
    1 put 1=7 1-4
    2 put 1=8 2-3
    1 get 1=7 5-6
    2 get 1=8 7-8
    1 get 1=7 9-10`,
  'a read of what nobody put': `
    1 put 1=7 1-2
    2 get 1=9 3-4`,
  'a read before the put was called': `
    2 get 1=7 1-2
    1 put 1=7 3-4`,
  'a read that went back in time while a put was on its way': `
    1 put 1=7 1-8
    2 get 1=7 2-3
    3 get 1= 4-5`,
  'an unknown put that was seen, gone, and seen again': `
    1 put 1=7 1-
    2 get 1=7 2-3
    2 put 1=8 4-5
    2 get 1=7 6-7`,
  'an unknown put that happened before its call': `
    2 get 1=7 1-2
    1 put 1=7 3-`,
  'one bad key among good ones': `
    1 put 1=7 1-2
    1 get 1=7 3-4
    1 put 2=7 5-6
    1 get 2= 7-8
    1 put 3=7 9-10`,
};

for (const [name, text] of Object.entries(good)) {
  test(`is linearizable: ${name}`, (t) => t.is(judged(historyOf(text)), 'linearizable'));
}

for (const [name, text] of Object.entries(bad)) {
  test(`is not linearizable: ${name}`, (t) => t.is(judged(historyOf(text)), 'not-linearizable'));
}

test('a bad history is told with the operation that has no place', (t) => {
  const operations = historyOf(bad['a stale read'] ?? '');
  const verdict = judgeRegisters(operations, { statesMax });
  t.like(verdict, { placed: 2, stuck: operations[2] });
  t.is(wordsOf(operations[2]!), 'client 2: get of key 1, 7, 5 to 6');
});

test('a search that would take too long says that it does not know', (t) => {
  const puts = Array.from({ length: 12 }, (_, i) => `${i} put 1=${i} ${i + 1}-${i + 20}`);
  const text = [...puts, '20 get 1=99 50-51'].join('\n');
  t.is(judgeRegisters(historyOf(text), { statesMax: 100 }).kind, 'unknown');
  t.is(judgeRegisters(historyOf(text), { statesMax }).kind, 'not-linearizable');
});

test('a part that is wrong makes up for one that is not known', (t) => {
  const puts = Array.from({ length: 12 }, (_, i) => `${i} put 1=${i} ${i + 1}-${i + 20}`);
  const text = [...puts, '20 get 1=99 50-51', '20 get 2=7 60-61'].join('\n');
  t.is(judgeRegisters(historyOf(text), { statesMax: 100 }).kind, 'not-linearizable');
});

/** Every order of every choice of operations that contains those that returned. */
function isLinearizableByForce(operations: readonly Operation[]): boolean {
  const mayFollow = (order: readonly Operation[], next: Operation): boolean =>
    order.every(({ invokedAt }) => next.returnedAt === undefined || next.returnedAt > invokedAt);
  const tryAll = (order: readonly Operation[], left: readonly Operation[]): boolean => {
    if (left.every(({ returnedAt }) => returnedAt === undefined) && isSerial(order)) return true;
    return left.some(
      (next) =>
        mayFollow(order, next) &&
        tryAll(
          [...order, next],
          left.filter((each) => each !== next),
        ),
    );
  };
  return tryAll([], operations);
}

function isSerial(order: readonly Operation[]): boolean {
  const values = new Map<number, number | undefined>();
  for (const { kind, key, value, returnedAt } of order) {
    if (kind === 'put') values.set(key, value);
    else if (returnedAt !== undefined && values.get(key) !== value) return false;
  }
  return true;
}

const smallHistory: fc.Arbitrary<readonly Operation[]> = fc
  .array(
    fc.record({
      kind: fc.constantFrom('put' as const, 'get' as const),
      key: fc.constantFrom(1, 1, 2),
      value: fc.constantFrom(1, 2, 3),
      isAbsent: fc.boolean(),
      isUnknown: fc.nat(3),
      from: fc.nat(1000),
      lasts: fc.nat(600),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((drafts) => {
    const moments = drafts
      .flatMap(({ from, lasts }, i) => [
        { i, at: from, isEnd: false },
        { i, at: from + lasts + 1, isEnd: true },
      ])
      .toSorted((a, b) => a.at - b.at);
    return drafts.map(({ kind, key, value, isAbsent, isUnknown }, i): Operation => {
      const [invokedAt, returnedAt] = moments.flatMap((each, at) => (each.i === i ? [at] : []));
      return {
        client: i,
        key,
        kind,
        value: kind === 'get' && isAbsent ? undefined : value,
        invokedAt: invokedAt ?? 0,
        returnedAt: isUnknown === 0 ? undefined : returnedAt,
      };
    });
  });

test('the search agrees with brute force on small histories', (t) => {
  const verdicts = { yes: 0, no: 0 };
  fc.assert(
    fc.property(smallHistory, (operations) => {
      const isGood = isLinearizableByForce(operations);
      verdicts[isGood ? 'yes' : 'no'] += 1;
      return judged(operations) === (isGood ? 'linearizable' : 'not-linearizable');
    }),
    { numRuns: 3000 },
  );
  t.true(verdicts.yes > 300 && verdicts.no > 300, JSON.stringify(verdicts));
});

/** Clients of one true register a key, whose answers come late, or never. */
function played(random: Random, { clients, steps }: Record<'clients' | 'steps', number>): History {
  const history = new History();
  const values = new Map<number, number>();
  type Step = () => Step | undefined;
  const begin = (client: number): Step => {
    const key = random.below(3);
    if (random.oneIn(2)) {
      const value = random.below(1000);
      const ticket = history.put(client, key, value);
      if (random.oneIn(20)) return () => begin(client);
      return () => {
        values.set(key, value);
        // The answer is lost on its way.
        if (random.oneIn(20)) return begin(client);
        return () => {
          history.returned(ticket);
          return begin(client);
        };
      };
    }
    const ticket = history.get(client, key);
    return () => {
      const value = values.get(key);
      return () => {
        history.returned(ticket, value);
        return begin(client);
      };
    };
  };
  const next = Array.from(
    { length: clients },
    (_, client): Step =>
      () =>
        begin(client),
  );
  for (let step = 0; step < steps; step++) {
    const client = random.below(clients);
    const went = next[client]?.();
    if (went !== undefined) next[client] = went;
  }
  return history;
}

test('what clients of a true register saw is accepted, and one wrong answer in it is not', (t) => {
  for (const seed of seedsOf(60)) {
    const random = randomFromSeed(seed);
    const size = { clients: 1 + random.below(10), steps: 50 + random.below(1500) };
    const { operations } = played(random, size);
    t.true(operations.length > 10);
    t.is(judged(operations), 'linearizable', `SEED=${seed}`);
    const reads = operations.filter((each) => each.kind === 'get' && each.returnedAt !== undefined);
    const wrong = reads[random.below(reads.length)];
    const spoiled = operations.map((each) => (each === wrong ? { ...each, value: 5000 } : each));
    t.is(judged(spoiled), 'not-linearizable', `SEED=${seed}`);
  }
});

test('an answer from before a put that was over is not accepted', (t) => {
  for (const seed of seedsOf(60)) {
    const random = randomFromSeed(seed);
    const { operations } = played(random, { clients: 4, steps: 400 });
    const key = random.below(3);
    const last =
      1 + Math.max(...operations.map(({ invokedAt, returnedAt }) => returnedAt ?? invokedAt));
    const both = { client: 9, key };
    const after = (value: number): readonly Operation[] => [
      ...operations,
      { ...both, kind: 'put', value: 2000, invokedAt: last, returnedAt: last + 1 },
      { ...both, kind: 'put', value: 2001, invokedAt: last + 2, returnedAt: last + 3 },
      { ...both, kind: 'get', value, invokedAt: last + 4, returnedAt: last + 5 },
    ];
    t.is(judged(after(2001)), 'linearizable', `SEED=${seed}`);
    t.is(judged(after(2000)), 'not-linearizable', `SEED=${seed}`);
  }
});

test('a history is written as it was called and answered', (t) => {
  const history = new History();
  const put = history.put(1, 5, 7);
  const get = history.get(2, 5);
  const refused = history.put(3, 5, 8);
  history.refused(refused);
  history.returned(get, 7);
  history.returned(put);
  history.get(2, 6);
  t.is(history.length, 3);
  t.deepEqual(history.operations, [
    { client: 1, key: 5, kind: 'put', value: 7, invokedAt: 1, returnedAt: 5 },
    { client: 2, key: 5, kind: 'get', value: 7, invokedAt: 2, returnedAt: 4 },
    { client: 2, key: 6, kind: 'get', value: undefined, invokedAt: 6, returnedAt: undefined },
  ]);
  t.throws(() => history.returned(put), { message: /no call waits/ });
});
