/**
 * A framework's own store in the masters' log, as its scheduler uses it (`docs/store.md`). Nothing is
 * asked twice: whoever hears `unknown` reads before it writes again.
 */
import { unreachable } from '#internal/base/assert.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import type { Call, Entry, List, Page, Reply } from '#proto/gen/altiplano/store/v1.ts';
import type { SchedulerClient } from './scheduler-client.ts';

/** What became of a question: what was asked for, or why not. */
export type StoreOutcome<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  /** No such key. */
  | { readonly kind: 'absent' }
  /** Another version is there than was expected. */
  | { readonly kind: 'conflict' }
  /** For good: it is too large, the store is full, or it is not ours. */
  | { readonly kind: 'refused'; readonly status: number; readonly text: string }
  /** Nothing was done: there is no leader that counts us as subscribed. Later, perhaps. */
  | { readonly kind: 'unavailable' }
  /** Nobody can tell whether a write was done, or will be. */
  | { readonly kind: 'unknown' };

export type FrameworkStore = {
  get(key: string): Promise<StoreOutcome<Entry>>;
  /** Gives the new version. `expected`: the version that has to be there, 0n for nothing. */
  put(key: string, value: Uint8Array, expected?: bigint): Promise<StoreOutcome<bigint>>;
  delete(key: string, expected?: bigint): Promise<StoreOutcome<void>>;
  /** One page; for the next ask `after` its last key. */
  list(asked?: List): Promise<StoreOutcome<Page>>;
};

const path = '/api/altiplano/v1/store';
const replyBytesMax = 2 * 1024 * 1024;

export function frameworkStore(client: Pick<SchedulerClient, 'ask'>): FrameworkStore {
  const ask = async (call: Omit<Call, 'framework_id'>): Promise<StoreOutcome<Reply>> => {
    const answer = await client.ask(path, {
      mediaType: 'application/x-protobuf',
      body: (id) => encode('altiplano.store.v1.Call', { framework_id: id, ...call }),
      replyBytesMax,
    });
    switch (answer.kind) {
      case 'answered':
        return outcomeOf(answer.status, answer.body);
      case 'not-subscribed':
        return { kind: 'unavailable' };
      case 'broken':
        return { kind: 'unknown' };
      default:
        return unreachable(answer);
    }
  };
  return {
    get: async (key) => part(await ask({ get: { key } }), ({ entry }) => entry),
    put: async (key, value, expected) =>
      part(await ask({ put: { key, value, ...expecting(expected) } }), ({ version }) => version),
    delete: async (key, expected) => {
      const outcome = await ask({ delete: { key, ...expecting(expected) } });
      return outcome.kind === 'done' ? { kind: 'done', value: undefined } : outcome;
    },
    list: async (asked = {}) => part(await ask({ list: asked }), ({ page }) => page),
  };
}

const expecting = (expected: bigint | undefined): { readonly expected_version?: bigint } =>
  expected === undefined ? {} : { expected_version: expected };

function outcomeOf(status: number, body: Uint8Array): StoreOutcome<Reply> {
  if (status === 200) return { kind: 'done', value: decode('altiplano.store.v1.Reply', body) };
  const text = new TextDecoder().decode(body);
  if (status === 412) return { kind: 'conflict' };
  if (status === 504) return { kind: 'unknown' };
  // 403: our stream is none to this master; a new one is on its way.
  if (status === 307 || status === 403 || status === 503) return { kind: 'unavailable' };
  return status === 404 && text.startsWith('There is no key')
    ? { kind: 'absent' }
    : { kind: 'refused', status, text };
}

function part<Value>(
  outcome: StoreOutcome<Reply>,
  of: (reply: Reply) => Value | undefined,
): StoreOutcome<Value> {
  if (outcome.kind !== 'done') return outcome;
  const value = of(outcome.value);
  return value === undefined ? { kind: 'unknown' } : { kind: 'done', value };
}
