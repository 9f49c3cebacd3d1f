/**
 * A cluster of real programs for a run: masters and agents, each at a place of its own in a network of
 * the run's, with a folder (or a small disk) of its own. Nobody but the run looks after them: what is
 * killed is started again by whoever killed it.
 *
 * What they log is read as it comes: who leads, in which term, and whom agents registered with. So the
 * run knows it also while the network is broken.
 */
import { mkdirSync } from 'node:fs';
import type { Program } from '#internal/runtime/real/program.ts';
import type { Network } from './network.ts';
import type { UndoJournal } from './undo-journal.ts';
import { groupPrefix } from './control-group.ts';
import { LoopDisk } from './loop-disk.ts';

export type MemberKind = 'master' | 'agent';

export type Member = {
  /** `master-1`, `agent-2`. */
  readonly name: string;
  readonly kind: MemberKind;
  readonly place: number;
  /** `host:port` of its HTTP. */
  readonly address: string;
  readonly workDir: string;
  readonly disk: LoopDisk | undefined;
};

export type ClusterShape = {
  readonly masters: number;
  readonly agents: number;
  /** What each agent has, as `--resources`. */
  readonly resources: string;
  readonly masterFlags: readonly string[];
  readonly agentFlags: readonly string[];
  /** Of members that get a disk of their own. */
  readonly disks: readonly MemberKind[];
};

export type ClusterDependencies = {
  readonly journal: UndoJournal;
  readonly network: Network;
  /** Where `altiplano` is. */
  readonly launcher: string;
  /** Of the member's process, besides ours. */
  readonly environmentOf: (name: string) => Readonly<Record<string, string>>;
  readonly onLine: (member: Member, line: string) => void;
  /** A process ended; `isExpected`: the run has ended it, or done what ends it. */
  readonly onEnd: (member: Member, how: string, isExpected: boolean) => void;
};

type Seat = { readonly member: Member; program: Program | undefined; isWanted: boolean };

export const ports = { http: 5050, agentHttp: 5051, grpc: 5060, peer: 5061 };
/** Two segments of a log and room for more; the file has holes. */
const diskMib = 320;
const stopMs = 8000;

export class RealCluster implements AsyncDisposable {
  readonly members: readonly Member[];
  readonly #with: ClusterDependencies;
  readonly #shape: ClusterShape;
  readonly #folder: string;
  readonly #seats = new Map<string, Seat>();

  static async open(
    dependencies: ClusterDependencies,
    shape: ClusterShape,
    folder: string,
  ): Promise<RealCluster> {
    const members: Member[] = [];
    const { journal, network } = dependencies;
    journal.willUndo({ kind: 'groups', prefix: groupPrefix(journal) });
    for (const kind of ['master', 'agent'] as const) {
      const count = kind === 'master' ? shape.masters : shape.agents;
      for (let n = 1; n <= count; n++) {
        const name = `${kind}-${n}`;
        const home = `${folder}/${name}`;
        mkdirSync(home, { recursive: true });
        const hasDisk = shape.disks.includes(kind);
        if (hasDisk) journal.willUndo({ kind: 'mount', path: `${home}/mounted` });
        const disk = hasDisk ? await LoopDisk.open(home, { sizeMib: diskMib }) : undefined;
        const place = network.join(name);
        const port = kind === 'master' ? ports.http : ports.agentHttp;
        const address = `${network.ip(place)}:${port}`;
        const workDir = `${disk?.path ?? home}/work`;
        members.push({ name, kind, place, address, workDir, disk });
      }
    }
    return new RealCluster(dependencies, { shape, folder, members });
  }

  private constructor(
    dependencies: ClusterDependencies,
    options: {
      readonly shape: ClusterShape;
      readonly folder: string;
      readonly members: readonly Member[];
    },
  ) {
    this.#with = dependencies;
    this.#shape = options.shape;
    this.#folder = options.folder;
    this.members = options.members;
    for (const member of this.members) {
      this.#seats.set(member.name, { member, program: undefined, isWanted: false });
    }
  }

  get masters(): readonly Member[] {
    return this.members.filter(({ kind }) => kind === 'master');
  }

  get agents(): readonly Member[] {
    return this.members.filter(({ kind }) => kind === 'agent');
  }

  /** The process of the member; undefined when it does not run. */
  pidOf(member: Member): number | undefined {
    return this.#seat(member).program?.pid;
  }

  /** Does nothing when it runs. */
  start(member: Member): void {
    const seat = this.#seat(member);
    seat.isWanted = true;
    if (seat.program !== undefined) return;
    const { network, launcher, environmentOf, onLine } = this.#with;
    const program = network.start(member.place, {
      command: process.execPath,
      args: [launcher, ...this.#argv(member)],
      env: environmentOf(member.name),
      logFile: `${this.#folder}/${member.name}.log`,
      onLine: (_, line) => onLine(member, line),
    });
    seat.program = program;
    void this.#awaitEnd(seat, program);
  }

  async #awaitEnd(seat: Seat, program: Program): Promise<void> {
    const { status, signal } = await program.ended;
    if (seat.program !== program) return;
    seat.program = undefined;
    this.#with.onEnd(seat.member, signal ?? `status ${status}`, !seat.isWanted);
  }

  /** Resolves when it is over. It stays so until it is started. */
  async kill(member: Member): Promise<void> {
    const seat = this.#seat(member);
    seat.isWanted = false;
    const { program } = seat;
    program?.signal('SIGKILL');
    await program?.ended;
  }

  /** From now on nobody is told when it ends, until it is started again. */
  expectEnd(member: Member): void {
    this.#seat(member).isWanted = false;
  }

  signal(member: Member, name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#seat(member).program?.signal(name);
  }

  /** Agents and their tasks first, as an operator would; whoever takes too long is killed. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const members of [this.agents, this.masters]) {
      const seats = members.map((member) => this.#seat(member));
      const programs = seats.flatMap(({ program }) => program ?? []);
      for (const seat of seats) seat.isWanted = false;
      for (const program of programs) {
        program.signal('SIGCONT');
        program.signal('SIGTERM');
      }
      const patience = setTimeout(() => {
        for (const program of programs) program.signal('SIGKILL');
      }, stopMs);
      await Promise.all(programs.map(({ ended }) => ended));
      clearTimeout(patience);
    }
    for (const { disk } of this.members) await disk?.[Symbol.asyncDispose]();
  }

  #argv({ kind, name, place, workDir }: Member): readonly string[] {
    const ip = this.#with.network.ip(place);
    const own = [`--work-dir=${workDir}`, `--ip=${ip}`, `--hostname=${ip}`, '--end-with-input'];
    const at = (port: number): readonly string[] =>
      this.masters.map((master) => `${this.#with.network.ip(master.place)}:${port}`);
    if (kind === 'master') {
      const peers = at(ports.peer).map((peer, n) => `${n + 1}=${peer}`);
      const id = name.replace('master-', '');
      return [
        'master',
        ...own,
        `--node-id=${id}`,
        `--peers=${peers.join(',')}`,
        ...this.#shape.masterFlags,
      ];
    }
    const groups = `--cgroups-root=${groupPrefix(this.#with.journal)}${name}`;
    return [
      'agent',
      ...own,
      `--masters=${at(ports.grpc).join(',')}`,
      `--resources=${this.#shape.resources}`,
      groups,
      '--kill-tasks-on-stop',
      ...this.#shape.agentFlags,
    ];
  }

  #seat({ name }: Member): Seat {
    const seat = this.#seats.get(name);
    if (seat === undefined) throw new Error(`the cluster has no ${name}`);
    return seat;
  }
}
