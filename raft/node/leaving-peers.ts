/** Removed nodes, to whom the news of it may still be on its way: they are cut off a while later. */
import type { NodeId } from '#raft/core/types.ts';

export class LeavingPeers {
  readonly #ticksLeft = new Map<NodeId, number>();

  add(peer: NodeId, ticks: number): void {
    this.#ticksLeft.set(peer, ticks);
  }

  /** Those whose time is over. */
  tick(): readonly NodeId[] {
    const over: NodeId[] = [];
    for (const [peer, ticks] of this.#ticksLeft) {
      this.#ticksLeft.set(peer, ticks - 1);
      if (ticks > 1) continue;
      this.#ticksLeft.delete(peer);
      over.push(peer);
    }
    return over;
  }
}
