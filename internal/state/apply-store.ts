/**
 * The stores of frameworks. A put gets the next version of its framework, under whatever key: none is
 * ever given twice, so that one who saw a version knows what it stood for. A store ends with its
 * framework.
 */
import {
  bytesOfValue,
  type FrameworkStore,
  type StoredValue,
  withoutValue,
  withValue,
} from '#internal/model/framework-store.ts';
import { type Draft, recordOf } from './draft.ts';
import type { StoreCommand, StoreRefusal } from './store-command.ts';
import { isFromStoresOn } from './version.ts';

type Put = Extract<StoreCommand, { kind: 'put-value' }>;

export function applyStore(draft: Draft, command: StoreCommand): void {
  const { frameworkId, key } = command;
  const refusal = refusalOf(draft, command);
  if (refusal !== undefined) {
    // mark: a value was refused
    draft.effects.push({ kind: 'store-refused', frameworkId, key, refusal });
    return;
  }
  const { store } = recordOf(draft.state, frameworkId);
  if (command.kind === 'delete-value') {
    keep(draft, command, withoutValue(store, key));
    draft.effects.push({ kind: 'value-deleted', frameworkId, key });
    return;
  }
  const version = store.version + 1;
  keep(draft, command, withValue(store, key, { value: command.value, version }));
  draft.effects.push({ kind: 'value-put', frameworkId, key, version });
}

function keep(draft: Draft, { frameworkId }: StoreCommand, store: FrameworkStore): void {
  const record = recordOf(draft.state, frameworkId);
  const frameworks = draft.state.frameworks.set(frameworkId, { ...record, store });
  draft.state = { ...draft.state, frameworks };
}

function refusalOf({ state }: Draft, command: StoreCommand): StoreRefusal | undefined {
  if (!isFromStoresOn(state)) return { kind: 'too-early' };
  const store = state.frameworks.get(command.frameworkId)?.store;
  if (store === undefined) return { kind: 'framework-unknown' };
  const { expected } = command;
  const before = store.values.get(command.key);
  const actual = before?.version ?? 0;
  if (expected !== undefined && expected !== actual) {
    // mark: a value had another version
    return { kind: 'other-version', expected, actual };
  }
  if (command.kind === 'put-value') return overfull(store, before, command);
  return before === undefined ? { kind: 'key-unknown' } : undefined;
}

/** One that grew beyond what is granted today, because flags changed, may only shrink. */
function overfull(
  store: FrameworkStore,
  before: StoredValue | undefined,
  { key, value, keysMax, bytesMax }: Put,
): StoreRefusal | undefined {
  if (before === undefined && store.values.size >= keysMax) {
    return { kind: 'too-many-keys', keysMax };
  }
  const freed = before === undefined ? 0 : bytesOfValue(key, before);
  const growth = bytesOfValue(key, { value }) - freed;
  const isTooMuch = growth > 0 && store.bytes + growth > bytesMax;
  return isTooMuch ? { kind: 'too-many-bytes', bytesMax } : undefined;
}
