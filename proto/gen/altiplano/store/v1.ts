// Made by `npm run generate` from the .proto files of this folder; not to be edited.

/** One of get, put, delete and list. */
export type Call = {
  readonly framework_id: string;
  readonly get?: Get;
  readonly put?: Put;
  readonly delete?: Delete;
  readonly list?: List;
};

export type Get = {
  readonly key: string;
};

export type Put = {
  readonly key: string;
  readonly value: Uint8Array;
  /** What is there must have this version; 0: nothing may be there. Unset: whatever is there. */
  readonly expected_version?: bigint;
};

export type Delete = {
  readonly key: string;
  /** As in Put; 0 has no sense. */
  readonly expected_version?: bigint;
};

export type List = {
  /** Of the keys; unset: all. */
  readonly prefix?: string;
  /** Only keys behind this one: the last of the page before. */
  readonly after?: string;
  /** At most so many; the master may give fewer. */
  readonly limit?: number;
  /** Versions alone, without values. */
  readonly keys_only?: boolean;
};

export type Reply = {
  /** Of a get. */
  readonly entry?: Entry;
  /** Of a put: the version of what was put. */
  readonly version?: bigint;
  /** Of a list. */
  readonly page?: Page;
};

export type Entry = {
  readonly key: string;
  /** Unset where keys alone were asked for. */
  readonly value?: Uint8Array;
  /** It rises with every put of the framework, under whatever key, and is never given twice. */
  readonly version: bigint;
};

export type Page = {
  /** In the order of the keys. */
  readonly entries?: readonly Entry[];
  /** There are more: ask for those after the last. */
  readonly more: boolean;
};
