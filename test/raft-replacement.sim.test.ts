/**
 * Three real processes become five, then all of them are replaced, one by one, and five become three:
 * under load, with members that are killed in the middle of it, and with snapshots that newcomers are
 * brought up by. What somebody was told to be written is there in the end, once, on every node, also
 * after all of them were killed.
 *
 * `SEED=n npx ava --config ava.soak.config.js test/raft-replacement.sim.test.ts` draws the same lots.
 */
import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { findFreePort } from '#internal/testing/free-port.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { askLeader } from '#cmd/operator/ask-leader.ts';
import { nodeId } from '#raft/core/types.ts';
import type { OperatorReply, OperatorRequest } from '#raft/node/operator-desk.ts';
import { askOperators } from '#raft/transport/grpc-operators.ts';
import { Cluster, kvNodeCommand } from '../bench/raft/clusters.ts';
import type { KvPeer } from '../bench/raft/kv-node-options.ts';
import { paths } from '../bench/raft/kv-messages.ts';
import { Writers } from './raft/writers.ts';

const seed = Number(process.env['SEED'] ?? 1);
const host = '127.0.0.1';
/** Faster than in production, and with little in the log: whoever comes needs a snapshot. */
const quick = {
  tickMs: 30,
  electionTicks: 10,
  segmentBytes: 1 << 18,
  threaded: true,
  snapshots: { everyBytes: 1 << 16, tailBytes: 1 << 13 },
};
const timing = { writers: 8, pauseMs: 5, tryMs: 1000 };
const changeWithinMs = 120_000;

/** From members to members, by ids; the first three are there already. */
const steps: readonly { readonly comes: readonly number[]; readonly goes: readonly number[] }[] = [
  { comes: [4, 5], goes: [] },
  { comes: [6], goes: [1] },
  { comes: [7], goes: [2] },
  { comes: [8], goes: [3] },
  { comes: [], goes: [4, 6] },
];

test.serial('every node is replaced under load: nothing is lost or doubled', async (t) => {
  const random = randomFromSeed(`replacement ${seed}`);
  await using folder = await openTempFolder();
  await using members = await Members.open(folder.path, random);
  await members.settled();
  using load = new Writers({
    addresses: members.cluster.addresses,
    random: random.fork('load'),
    ...timing,
  });
  // Enough for the log to forget its beginning before anybody comes.
  await load.answers(1500);
  for (const step of steps) {
    await members.change(step);
    await load.answers(random.below(500));
  }

  const wiped = members.any();
  await members.wipe(wiped);
  await load.answers(200);
  await members.change({ comes: [9], goes: [wiped] });
  await load.answers(500);

  await members.killAll();
  members.startAll();
  await members.settled();
  const verdict = await load.stop(members.indexes());
  t.log(`SEED=${seed}: ${verdict.acknowledged} answers, ${verdict.doubts} doubts`);
  t.log(`${verdict.unknown} unknown, at most ${Math.round(verdict.longestGapMs)} ms without one`);
  t.log(`${members.kills} members were killed in the middle of changes`);
  t.deepEqual(verdict.lost, [], 'answers were given and forgotten');
  t.deepEqual(verdict.doubled, [], 'writes happened twice');
  t.deepEqual(verdict.disputed, [], 'the nodes do not agree');
  t.true(verdict.acknowledged > 3000, 'there was no load');
});

class Members implements AsyncDisposable {
  readonly cluster: Cluster;
  kills = 0;
  readonly #folder: string;
  readonly #random: Random;
  readonly #peers: readonly KvPeer[];
  #ids: readonly number[] = [1, 2, 3];

  static async open(folder: string, random: Random): Promise<Members> {
    const peers: KvPeer[] = [];
    for (let id = 1; id <= 9; id++) {
      const port = await findFreePort(host, systemRandom());
      peers.push({ id, host, port, kvPort: await findFreePort(host, systemRandom()) });
    }
    return new Members(folder, random, peers);
  }

  private constructor(folder: string, random: Random, peers: readonly KvPeer[]) {
    this.#folder = folder;
    this.#random = random.fork('members');
    this.#peers = peers;
    const commands = peers.map(({ id }) => {
      const joins = id > 3;
      const known = peers.slice(0, joins ? id : 3);
      const own = { id, clusterId: 'kv', folder: this.#folderOf(id), peers: known, joins };
      return kvNodeCommand({ ...quick, ...own });
    });
    const addresses = peers.map(({ kvPort }) => `${host}:${kvPort}`);
    this.cluster = new Cluster('own', addresses, commands);
    this.startAll();
  }

  any(): number {
    return this.#ids[this.#random.below(this.#ids.length)] ?? 0;
  }

  indexes(): readonly number[] {
    return this.#ids.map(indexOf);
  }

  startAll(): void {
    for (const id of this.#ids) this.cluster.start(indexOf(id));
  }

  async killAll(): Promise<void> {
    await Promise.all(this.#ids.map((id) => this.cluster.end(indexOf(id), 'SIGKILL')));
  }

  /** The members and nobody else vote, and one of them leads. */
  async settled(): Promise<void> {
    await this.#until('settle', async () => this.#isMade(await this.#ask({ kind: 'list' })));
  }

  /**
   * Starts those that come, and ends those that go when they are no members any more. Resolves when
   * all that have come were brought up by a snapshot, for the log has forgotten its beginning.
   */
  async change({ comes, goes }: (typeof steps)[number]): Promise<void> {
    for (const id of comes) this.cluster.start(indexOf(id));
    const [before, request] = [this.#ids, changeOf(comes, goes)];
    this.#ids = [...before.filter((id) => !goes.includes(id)), ...comes];
    const trouble = this.#trouble(before.filter((id) => this.#ids.includes(id)));
    let reply: OperatorReply | undefined;
    await this.#until(`${before.join()} -${goes.join()} +${comes.join()}`, async () => {
      if (this.#isMade(await this.#ask({ kind: 'list' }))) return true;
      reply = await this.#ask(request);
      return false;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify(reply)}`);
    });
    await trouble;
    await Promise.all(goes.map((id) => this.cluster.end(indexOf(id), 'SIGKILL')));
    // What a node counts is told a little later.
    const wereBrought = async (): Promise<boolean> =>
      !(await Promise.all(comes.map((id) => this.#snapshotsRestored(id)))).includes(0);
    await this.#until(`snapshots of ${comes.join()}`, wereBrought);
  }

  /** Takes a member's disk away: it is refused when it comes back, and says why. */
  async wipe(id: number): Promise<void> {
    await this.cluster.end(indexOf(id), 'SIGKILL');
    await rm(this.#folderOf(id), { recursive: true });
    this.cluster.start(indexOf(id));
    const refused = new RegExp(
      `^${indexOf(id)}: .*Node ${id} was here with another disk.*an id that was never used`,
    );
    await this.#until(`refuse ${id}`, async () =>
      this.cluster.said().some((line) => refused.test(line)),
    );
    await this.cluster.end(indexOf(id), 'SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
  }

  /** Kills one of those that stay, now and then, and starts it again. */
  async #trouble(stay: readonly number[]): Promise<void> {
    if (this.#random.oneIn(3)) return;
    await pause(this.#random.below(600));
    const victim = stay[this.#random.below(stay.length)] ?? 0;
    this.kills++;
    await this.cluster.end(indexOf(victim), 'SIGKILL');
    await pause(this.#random.below(500));
    this.cluster.start(indexOf(victim));
  }

  /** Since its process began. */
  async #snapshotsRestored(id: number): Promise<number> {
    const bytes = await this.cluster.client(indexOf(id)).call(paths.counters, new Uint8Array(0));
    return Number(/"snapshotsRestored":(\d+)/.exec(Buffer.from(bytes).toString())?.[1]);
  }

  async #ask(request: OperatorRequest): Promise<OperatorReply | undefined> {
    const masters = this.#ids.map((id) => `${host}:${this.#peers[indexOf(id)]?.port}`);
    const { signal } = new AbortController();
    const ask = (address: string, question: OperatorRequest): Promise<OperatorReply> =>
      askOperators(address, question);
    const answer = await askLeader({ clock: systemClock(), ask }, { masters, signal }, request);
    return answer.kind === 'reply' ? answer.reply : undefined;
  }

  #isMade(reply: OperatorReply | undefined): boolean {
    if (reply?.kind !== 'members' || reply.leader !== reply.self) return false;
    const ids = reply.members.map(({ id }) => Number(id));
    const allVote = reply.members.every(({ role }) => role === 'voter');
    return allVote && ids.join() === this.#ids.toSorted((one, other) => one - other).join();
  }

  async #until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + changeWithinMs;
    while (!(await isSo())) {
      if (performance.now() > deadline) {
        throw new Error(`SEED=${seed}: ${what} never came:\n${this.cluster.said().join('\n')}`);
      }
      await pause(50);
    }
  }

  #folderOf(id: number): string {
    return `${this.#folder}/${id}`;
  }
}

const indexOf = (id: number): number => id - 1;

const changeOf = (comes: readonly number[], goes: readonly number[]): OperatorRequest => ({
  kind: 'change',
  add: comes.map(nodeId),
  remove: goes.map(nodeId),
  acceptNoSpare: false,
});
