/** What frameworks of chance keep: few keys and tight bounds, so that much of it is refused. */
import type { Random } from '#internal/base/random.ts';
import type { FrameworkId } from '#internal/model/ids.ts';
import type { State } from '#internal/state/state.ts';
import type { StoreCommand } from '#internal/state/store-command.ts';

export function randomStore(random: Random, state: State, frameworkId: FrameworkId): StoreCommand {
  const values = state.frameworks.get(frameworkId)?.store.values;
  const kept = [...(values?.keys() ?? [])];
  // As it may be written: with what separates keys of records, and with what is not ASCII.
  const drawn = `k${random.oneIn(2) ? '/' : 'é'}${random.below(5)}`;
  const key = (random.oneIn(2) ? kept[random.below(Math.max(1, kept.length))] : undefined) ?? drawn;
  const known = values?.get(key)?.version ?? 0;
  const said = random.oneIn(4) ? random.below(20) : known;
  const expected = random.oneIn(2) ? undefined : said;
  if (random.oneIn(3)) return { kind: 'delete-value', frameworkId, key, expected };
  const limits = { keysMax: 2 + random.below(5), bytesMax: 20 + random.below(80) };
  const value = random.bytes(random.below(40));
  return { kind: 'put-value', frameworkId, key, value, expected, ...limits };
}
