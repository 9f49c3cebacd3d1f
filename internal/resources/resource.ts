/**
 * One resource and a list of them, as the cluster computes with them (contract 6). Scalars are whole
 * thousandths: every master must reach the same sum, and 0.1 + 0.2 must be 0.3.
 */
export type Resource = {
  readonly name: string;
  readonly value: Value;
  /** Outermost first; empty means unreserved. The last one's role is the reservation role. */
  readonly reservations: readonly Reservation[];
  /** The role that a framework got it for; undefined in an agent's total. */
  readonly allocationRole: string | undefined;
  readonly disk: Disk | undefined;
  readonly providerId: string | undefined;
  readonly revocable: boolean;
  readonly shared: boolean;
};

/** Canonical: mergeable resources are merged, nothing is empty. A multiset; order has no meaning. */
export type Resources = readonly Resource[];

export type Value =
  | { readonly kind: 'scalar'; readonly milli: number }
  | { readonly kind: 'ranges'; readonly ranges: readonly Range[] }
  | { readonly kind: 'set'; readonly items: readonly string[] };

/** Both ends included. Ports and the like: safe integers. */
export type Range = { readonly begin: number; readonly end: number };

export type Reservation = {
  readonly kind: 'static' | 'dynamic';
  readonly role: string;
  readonly principal: string | undefined;
  readonly labels: readonly Label[] | undefined;
};

export type Label = { readonly key: string; readonly value: string | undefined };

export type Disk = {
  readonly source: DiskSource | undefined;
  readonly persistence: { readonly id: string; readonly principal: string | undefined } | undefined;
  readonly volume: DiskVolume | undefined;
};

export type DiskSource = {
  readonly kind: 'path' | 'mount' | 'block' | 'raw';
  readonly root: string | undefined;
  readonly id: string | undefined;
  readonly vendor: string | undefined;
  readonly profile: string | undefined;
  readonly metadata: readonly Label[] | undefined;
};

/** Where a task sees the volume; does not count for equality (contract 6.2). */
export type DiskVolume = {
  readonly mode: 'rw' | 'ro';
  readonly containerPath: string;
  readonly hostPath: string | undefined;
};
