/**
 * The ports of a simulated node with the witness standing in them: what the node writes, says, applies
 * and restores is told on its way through.
 */
import type { Life } from '#internal/runtime/simulated/life.ts';
import type { LogOperation } from '#chaos/checkers/durable-logs.ts';
import type { RaftSafety } from '#chaos/checkers/raft-safety.ts';
import type { LogStore } from '#raft/core/log-store.ts';
import type { Message, NodeId } from '#raft/core/types.ts';
import type { Acquaintances } from '#raft/node/peer-book.ts';
import type { PeerTransport } from '#raft/node/peer-transport.ts';
import type { StateMachine, StateSnapshot } from '#raft/node/replicated-log.ts';
import type { SnapshotTransport } from '#raft/node/snapshot-transport.ts';
import type { Register } from './raft-register.ts';

/** Tells the witness, unless the one who acts counts for nothing. */
export type See = (check: (safety: RaftSafety) => void) => void;

export function watchedLog(id: NodeId, store: LogStore, see: See): LogStore {
  const watched = async (operation: LogOperation, begin: () => Promise<void>): Promise<void> => {
    see((safety) => safety.began(id, operation));
    await begin();
    see((safety) => safety.ended(id, operation));
  };
  return {
    initial: store.initial,
    firstIndex: () => store.firstIndex(),
    lastIndex: () => store.lastIndex(),
    term: (index) => store.term(index),
    entries: (from, to, bytesMax) => store.entries(from, to, bytesMax),
    snapshot: () => store.snapshot(),
    hasRoom: () => store.hasRoom(),
    close: () => store.close(),
    append: (batch) => watched({ kind: 'append', batch }, () => store.append(batch)),
    compact: (mark, options) =>
      watched({ kind: 'compact', mark }, () => store.compact(mark, options)),
    installSnapshot: (mark) =>
      watched({ kind: 'install', mark }, () => store.installSnapshot(mark)),
  };
}

export function watchedPeers(
  transport: PeerTransport,
  onSaid: (message: Message) => void,
): PeerTransport {
  return {
    send(messages) {
      for (const message of messages) onSaid(message);
      transport.send(messages);
    },
    retire: (peer) => transport.retire(peer),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

/** `onSent`: a part of a snapshot is on its way to `peer`. */
export function watchedSnapshots(
  transport: SnapshotTransport,
  onSent: (peer: NodeId) => void,
): SnapshotTransport {
  return {
    ask(peer, request, options) {
      onSent(peer);
      return transport.ask(peer, request, options);
    },
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

/** `onRefused`: somebody is not who they say, and is told why. */
export function watchedAcquaintances(
  book: Acquaintances,
  onRefused: (peer: NodeId, why: string) => void,
): Acquaintances {
  return {
    birth: book.birth,
    acquaint(peer, birth) {
      const why = book.acquaint(peer, birth);
      if (why !== undefined) onRefused(peer, why);
      return why;
    },
  };
}

type Owner = { readonly id: NodeId; readonly life: Life; readonly see: See };

/** Compares, with those of others, the verdict and state behind each entry, and whole snapshots. */
export function watchedMachine(
  { id, life, see }: Owner,
  machine: StateMachine & Required<Pick<StateMachine, 'snapshot' | 'restore'>>,
  register: Register,
): StateMachine {
  const stands = async (tell: (safety: RaftSafety, state: string) => void): Promise<void> => {
    const state = await textOf(machine.snapshot());
    if (life.alive) see((safety) => tell(safety, state));
  };
  return {
    apply(entries) {
      return entries.flatMap((entry) => {
        const verdicts = machine.apply([entry]) ?? [];
        const verdict = `${JSON.stringify(verdicts)} ${register.digest}`;
        see((safety) => safety.applied(id, entry, verdict));
        return verdicts;
      });
    },
    appliedIndex: () => machine.appliedIndex(),
    snapshot() {
      const { index, chunks } = machine.snapshot();
      void stands((safety, state) => safety.stands(id, index, state));
      return { index, chunks };
    },
    async restore(snapshot) {
      await machine.restore(snapshot);
      await stands((safety, state) => safety.restored(id, snapshot.index, state));
    },
  };
}

async function textOf({ chunks }: StateSnapshot): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString('latin1');
}
