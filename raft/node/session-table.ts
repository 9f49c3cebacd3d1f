/**
 * Who asked for what already: the part of the replicated state that makes a proposal which is tried
 * again apply once (dissertation §6.3). Every node has the same table at the same index, whatever it
 * was told and when: the only time it knows is the one that the log carries.
 *
 * A session remembers where each of its proposals was applied until the client says that it has the
 * answer. Sessions that were not used for long, or that are too many, are forgotten, oldest use
 * first; a proposal of a forgotten one is refused, since nobody knows any more whether it was applied.
 */
import { assert } from '#internal/base/assert.ts';
import type { Index, Term } from '#raft/core/types.ts';
import type { SessionStamp } from './session-entry.ts';

export type SessionLimits = {
  readonly sessionsMax: number;
  /** Proposals of one session whose answers its client has not confirmed. */
  readonly openProposalsMax: number;
  readonly idleMsMax: number;
};

export const defaultSessionLimits: SessionLimits = {
  sessionsMax: 4096,
  openProposalsMax: 1024,
  idleMsMax: 3_600_000,
};

export type Admission =
  /** Never seen: apply it. */
  | { readonly kind: 'new' }
  /** It was applied there; what it led to has happened. */
  | { readonly kind: 'repeated'; readonly index: Index; readonly term: Term }
  /** The session is not known (any more), or the number is one that the client had done with. */
  | { readonly kind: 'expired' }
  | { readonly kind: 'busy' };

type Place = { readonly index: Index; readonly term: Term };
type Session = {
  answeredTo: number;
  usedMs: number;
  /** By sequence, of those beyond `answeredTo`. */
  readonly places: Map<number, Place>;
};

export class SessionTable {
  readonly #limits: SessionLimits;
  /** In the order of their last use, which is what is forgotten by. */
  readonly #sessions: Map<number, Session>;
  /** The latest time that the log has named. */
  #nowMs: number;

  constructor(
    { sessions, nowMs }: { sessions: Map<number, Session>; nowMs: number } = empty(),
    limits: SessionLimits = defaultSessionLimits,
  ) {
    this.#limits = limits;
    this.#sessions = sessions;
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Opening twice is the retry of an opening: it changes nothing. */
  open(client: number, atMs: number): void {
    this.#advance(atMs);
    const session = this.#sessions.get(client) ?? { answeredTo: 0, usedMs: 0, places: new Map() };
    this.#use(client, session);
    this.#forgetIdle();
    while (this.#sessions.size > this.#limits.sessionsMax) this.#forgetOldest();
  }

  /** Asked once for each entry of a client, in the order of the log; `new` must then be applied. */
  admit({ client, sequence, answeredTo, atMs }: SessionStamp, place: Place): Admission {
    this.#advance(atMs);
    this.#forgetIdle();
    const session = this.#sessions.get(client);
    if (session === undefined) return { kind: 'expired' };
    this.#use(client, session);
    settle(session, Math.min(answeredTo, sequence - 1));
    const known = session.places.get(sequence);
    if (known !== undefined) return { kind: 'repeated', ...known };
    if (sequence <= session.answeredTo) return { kind: 'expired' };
    if (session.places.size >= this.#limits.openProposalsMax) return { kind: 'busy' };
    session.places.set(sequence, place);
    return { kind: 'new' };
  }

  /** Equal bytes for equal tables: they are part of what nodes compare. */
  encode(): Uint8Array {
    const numbers: number[] = [1, this.#nowMs, this.#sessions.size];
    for (const [client, { answeredTo, usedMs, places }] of this.#sessions) {
      numbers.push(client, answeredTo, usedMs, places.size);
      for (const [sequence, { index, term }] of places) numbers.push(sequence, index, term);
    }
    const bytes = new Uint8Array(8 * numbers.length);
    const view = new DataView(bytes.buffer);
    for (const [place, number] of numbers.entries()) view.setFloat64(8 * place, number, true);
    return bytes;
  }

  #advance(atMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, atMs);
  }

  #use(client: number, session: Session): void {
    session.usedMs = this.#nowMs;
    this.#sessions.delete(client);
    this.#sessions.set(client, session);
  }

  #forgetIdle(): void {
    for (const [client, { usedMs }] of this.#sessions) {
      if (this.#nowMs - usedMs <= this.#limits.idleMsMax) return;
      this.#sessions.delete(client);
    }
  }

  #forgetOldest(): void {
    const oldest = this.#sessions.keys().next();
    assert(!oldest.done, 'no session to forget');
    this.#sessions.delete(oldest.value);
  }
}

/** The client has the answers up to `done`: nobody asks for those again. */
function settle(session: Session, done: number): void {
  const { answeredTo, places } = session;
  if (done <= answeredTo) return;
  session.answeredTo = done;
  // A number may leap, the places are few: walk over whichever is less.
  if (done - answeredTo <= places.size) {
    for (let number = answeredTo + 1; number <= done; number++) places.delete(number);
    return;
  }
  for (const number of places.keys()) if (number <= done) places.delete(number);
}

/** The inverse of `encode`. The bytes come from a snapshot, whose checksums were verified. */
export function sessionTableFromBytes(
  bytes: Uint8Array,
  limits: SessionLimits = defaultSessionLimits,
): SessionTable {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  const next = (): number => {
    const number = view.getFloat64(offset, true);
    offset += 8;
    assert(Number.isSafeInteger(number), `a session table with the number ${number}`);
    return number;
  };
  const [version, nowMs] = [next(), next()];
  assert(version === 1, `a session table of version ${version}`);
  const sessions = new Map<number, Session>();
  for (let left = next(); left > 0; left--) {
    const [client, answeredTo, usedMs] = [next(), next(), next()];
    const places = new Map<number, Place>();
    for (let more = next(); more > 0; more--) {
      places.set(next(), { index: next(), term: next() });
    }
    sessions.set(client, { answeredTo, usedMs, places });
  }
  assert(offset === bytes.length, 'a session table with more behind it');
  return new SessionTable({ sessions, nowMs }, limits);
}

const empty = (): { sessions: Map<number, Session>; nowMs: number } => ({
  sessions: new Map(),
  nowMs: 0,
});
