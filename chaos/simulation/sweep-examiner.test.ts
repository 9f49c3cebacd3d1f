import test from 'ava';
import type { Operation } from '#chaos/checkers/history.ts';
import { Violation } from '#chaos/checkers/violation.ts';
import { examined } from './sweep-examiner.ts';
import type { Run } from './worlds.ts';

const options = { twiceEvery: 10, judgedEvery: 5, statesMax: 1000 };

const fine = (seed: number): Run => ({
  seed,
  events: 100,
  hash: 7,
  violation: undefined,
  figures: { splits: 3 },
});

const operation = {
  client: 1,
  key: 1,
  kind: 'get',
  value: 9,
  invokedAt: 1,
  returnedAt: 2,
} as const;
const wrong: readonly Operation[] = [operation];

test('a seed whose runs differ in any way breaks determinism', async (t) => {
  const others: readonly Partial<Run>[] = [
    { hash: 8 },
    { events: 101 },
    { figures: { splits: 4 } },
    { figures: {} },
    { violation: new Violation('quorum', 'once only') },
  ];
  for (const other of others) {
    const runs = [fine(20), { ...fine(20), ...other }];
    const { violation, figures } = await examined(async () => runs.shift()!, 20, options);
    t.is(violation?.rule, 'determinism');
    t.is(figures['runTwice'], 1);
  }
  t.is((await examined(async (seed) => fine(seed), 20, options)).violation, undefined);
});

test('one seed of so many is run twice, the others once', async (t) => {
  for (const [seed, times] of [
    [20, 2],
    [21, 1],
    [25, 1],
  ] as const) {
    let runs = 0;
    const run = async (each: number): Promise<Run> => {
      runs += 1;
      return fine(each);
    };
    const { figures } = await examined(run, seed, options);
    t.is(runs, times);
    t.is(figures['runTwice'], times - 1);
  }
});

test('a history that is not linearizable is a violation, where histories are judged', async (t) => {
  const run = async (seed: number): Promise<Run> => ({ ...fine(seed), history: wrong });
  const judged = await examined(run, 25, options);
  t.deepEqual(judged.violation, {
    rule: 'linearizability',
    message:
      'linearizability: 0 operations have an order, but not client 1: get of key 1, 9, 1 to 2',
  });
  t.like(judged.figures, { splits: 3, historiesJudged: 1, operationsJudged: 1 });
  const passed = await examined(run, 26, options);
  t.is(passed.violation, undefined);
  t.like(passed.figures, { historiesJudged: 0, operationsJudged: 0 });
});

test('a search that gives up is counted, and is no violation', async (t) => {
  const puts = Array.from({ length: 12 }, (_, i) => ({
    ...operation,
    kind: 'put' as const,
    value: i,
    invokedAt: i,
    returnedAt: i + 20,
  }));
  const history = [...puts, { ...operation, value: 99, invokedAt: 50, returnedAt: 51 }];
  const run = async (seed: number): Promise<Run> => ({ ...fine(seed), history });
  const { violation, figures } = await examined(run, 5, { ...options, statesMax: 10 });
  t.is(violation, undefined);
  t.is(figures['historiesUnknown'], 1);
});

test('what the run itself has found comes first, as plain words', async (t) => {
  const found = new Violation('quorum', 'two of five');
  const run = async (seed: number): Promise<Run> => ({
    ...fine(seed),
    history: wrong,
    violation: found,
  });
  const { violation } = await examined(run, 20, options);
  t.deepEqual(violation, { rule: 'quorum', message: 'quorum: two of five' });
});
