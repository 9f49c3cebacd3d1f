/** What frameworks keep for themselves, as the log decides it. */
import type { FrameworkId } from '#internal/model/ids.ts';

export type StoreCommand =
  | {
      readonly kind: 'put-value';
      readonly frameworkId: FrameworkId;
      readonly key: string;
      readonly value: Uint8Array;
      /** The version that is there, 0 for nothing; undefined for whatever is there. */
      readonly expected: number | undefined;
      /** What the leader that proposed it grants to a framework. */
      readonly keysMax: number;
      readonly bytesMax: number;
    }
  | {
      readonly kind: 'delete-value';
      readonly frameworkId: FrameworkId;
      readonly key: string;
      readonly expected: number | undefined;
    };

/** Each command leads to one of these: whoever waits for it is answered. */
export type StoreEffect =
  | {
      readonly kind: 'value-put';
      readonly frameworkId: FrameworkId;
      readonly key: string;
      readonly version: number;
    }
  | { readonly kind: 'value-deleted'; readonly frameworkId: FrameworkId; readonly key: string }
  /** Nothing was changed. */
  | {
      readonly kind: 'store-refused';
      readonly frameworkId: FrameworkId;
      readonly key: string;
      readonly refusal: StoreRefusal;
    };

export type StoreRefusal =
  | { readonly kind: 'framework-unknown' }
  /** Not all masters know what a store is. */
  | { readonly kind: 'too-early' }
  | { readonly kind: 'key-unknown' }
  /** `actual` is 0 when nothing is there. */
  | { readonly kind: 'other-version'; readonly expected: number; readonly actual: number }
  | { readonly kind: 'too-many-keys'; readonly keysMax: number }
  | { readonly kind: 'too-many-bytes'; readonly bytesMax: number };

const effectKinds: ReadonlySet<string> = new Set<StoreEffect['kind']>([
  'value-put',
  'value-deleted',
  'store-refused',
]);

export const isStoreEffect = <Effect extends { readonly kind: string }>(
  effect: Effect,
): effect is Extract<Effect, StoreEffect> => effectKinds.has(effect.kind);

const storeKinds: ReadonlySet<string> = new Set<StoreCommand['kind']>([
  'put-value',
  'delete-value',
]);

export const isOfStore = <Command extends { readonly kind: string }>(
  command: Command,
): command is Extract<Command, StoreCommand> => storeKinds.has(command.kind);
