/**
 * One siege: so many hostile calls against one master, checked and counted.
 *
 * The engine compiles code and collects garbage when it suits it, also in a turn that was weighed. What
 * is too long is therefore suffered a second time, call for call: only a turn that is too long both
 * times is the master's own.
 */
import { inspect } from 'node:util';
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import { hostileCalls } from '#internal/testing/hostile/hostile-calls.ts';
import { textOf } from '#internal/testing/master-under-test.ts';
import { BesiegedMaster, stallMsMax } from './testing/besieged-master.ts';

/** What the contract lets a master answer (1.7, 3.1, 3.5, 10.2); never a fault of its own. */
const foreseen: ReadonlySet<number> = new Set([
  200, 202, 400, 403, 404, 405, 406, 409, 413, 415, 501, 503,
]);

/** So often it is looked whether it still works. */
const proofEvery = 250;

type Siege = { readonly callsMax: number; readonly seed: number };

export async function besiege(t: ExecutionContext, siege: Siege): Promise<void> {
  const { seed } = siege;
  const { answers, turns } = await suffered(t, siege);
  const statuses = [...answers].toSorted(([one], [other]) => one - other);
  t.log(`seed ${seed}: ${statuses.map(([status, count]) => `${status}: ${count}`).join(', ')}`);
  const longest = turns.reduce((one, other) => (one.ms < other.ms ? other : one));
  t.log(`longest turn: ${longest.ms.toFixed(1)} ms of thread time, by ${longest.name}`);
  t.true(statuses.length >= 5, 'hardly any way to answer was seen');
  const long = turns.filter(({ ms }) => ms > stallMsMax);
  if (long.length === 0) return;
  const again = (await suffered(t, siege)).turns;
  for (const { turn, name, ms } of long) {
    const second = again[turn];
    t.is(second?.name, name, `SEED=${seed}: the same calls led to something else`);
    const both = `${ms.toFixed(1)} and ${second?.ms.toFixed(1)} ms`;
    t.true((second?.ms ?? 0) <= stallMsMax, `SEED=${seed}: ${name}: ${both}`);
  }
}

async function suffered(
  t: ExecutionContext,
  { callsMax, seed }: Siege,
): Promise<Pick<BesiegedMaster, 'answers' | 'turns'>> {
  const master = await BesiegedMaster.start(seed);
  for (let from = 0; from < callsMax; from += proofEvery) {
    const calls = fc.sample(hostileCalls, { seed: seed * 1_000_003 + from, numRuns: proofEvery });
    for (const [at, call] of calls.entries()) {
      const where = `SEED=${seed} call ${from + at}: ${call.name}`;
      try {
        const response = await master.suffer(call);
        if (!foreseen.has(response.status)) t.fail(`${where}: ${response.status}`);
        if (response.status === 503) t.is(textOf(response), 'Master is overloaded', where);
      } catch (error) {
        throw new Error(`${where}: ${inspect(error)}`, { cause: error });
      }
    }
    try {
      await master.prove();
    } catch (error) {
      throw new Error(`SEED=${seed} after call ${from + proofEvery}: ${inspect(error)}`, {
        cause: error,
      });
    }
  }
  return master;
}
