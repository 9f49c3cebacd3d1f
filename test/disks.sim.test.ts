/**
 * Volumes on real disks: a MOUNT disk and a PATH disk are loop devices of their own, each small enough to
 * be filled. One master, one agent, tasks that write until they are told that there is no more, and a
 * neighbour that must not notice.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, statfs, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { protobufFormat } from '#internal/client/wire-format.ts';
import type { FrameworkInfo, Offer, Resource, TaskInfo, TaskStatus } from '#proto/gen/mesos/v1.ts';
import { LoopDisk } from '#chaos/nemesis/loop-disk.ts';
import { compilerObstacle } from '#chaos/nemesis/native.ts';
import { until } from './cluster.ts';
import { type OneAgent, openOneAgent } from './one-agent.ts';
import { type SubscribedScheduler, subscribe } from './subscribed-scheduler.ts';

const patienceMs = 60_000;
const mebibyte = 1024 * 1024;
const mountMib = 16;
const pathMib = 48;

const obstacle = compilerObstacle() ?? LoopDisk.obstacle();
const withDisks = obstacle === undefined ? test.serial : test.serial.skip;
/** Why a test is skipped, for its title. */
const because = obstacle === undefined ? '' : ` (${obstacle})`;

const formats = { calls: protobufFormat, events: protobufFormat };
const framework: FrameworkInfo = {
  user: 'root',
  name: 'fillers',
  principal: 'p',
  // Its tasks outlive their agent.
  checkpoint: true,
  roles: ['db'],
  capabilities: [
    { type: 'MULTI_ROLE' },
    { type: 'RESERVATION_REFINEMENT' },
    { type: 'SHARED_RESOURCES' },
  ],
};

type Source = NonNullable<NonNullable<Resource['disk']>['source']>;
type Place = 'root' | 'path' | 'mount';
type Asked = {
  readonly id: string;
  readonly at: Place;
  readonly sizeMib: number;
  readonly isShared?: boolean;
};

/** An agent with a disk of each kind. */
class Machine {
  readonly rig: OneAgent;
  readonly mount: LoopDisk;
  readonly path: LoopDisk;
  agentId = '';

  constructor(rig: OneAgent, disks: { readonly mount: LoopDisk; readonly path: LoopDisk }) {
    this.rig = rig;
    this.mount = disks.mount;
    this.path = disks.path;
  }

  startAgent(): void {
    const amounts = { cpus: 4, mem: 512, disk: 256 };
    const plain = Object.entries(amounts).map(([name, value]) => scalar(name, value));
    const resources = [...plain, this.disk('mount', mountMib), this.disk('path', pathMib)];
    this.rig.startAgent(
      `--resources=${JSON.stringify(resources)}`,
      '--enforce-container-disk-quota',
      '--container-disk-watch-interval=200ms',
    );
  }

  disk(at: Place, sizeMib: number): Resource {
    const sources: Readonly<Record<Place, Source | undefined>> = {
      root: undefined,
      path: { type: 'PATH', path: { root: this.path.path } },
      mount: { type: 'MOUNT', mount: { root: this.mount.path } },
    };
    const source = sources[at];
    return { ...scalar('disk', sizeMib), ...(source !== undefined && { disk: { source } }) };
  }

  volume({ id, at, sizeMib, isShared = false }: Asked): Resource {
    const disk = this.disk(at, sizeMib);
    return {
      ...disk,
      reservations: [{ type: 'DYNAMIC', role: 'db', principal: 'p' }],
      disk: {
        ...disk.disk,
        persistence: { id, principal: 'p' },
        volume: { mode: 'RW', container_path: 'data' },
      },
      ...(isShared && { shared: {} }),
    };
  }

  /** Where its bytes are. */
  folder({ id, at }: Asked): string {
    if (at === 'mount') return this.mount.path;
    return `${at === 'path' ? this.path.path : `${this.rig.folder}/agent`}/volumes/roles/db/${id}`;
  }

  manifest({ id, at }: Asked): string {
    const work = `${this.rig.folder}/agent`;
    if (at === 'mount') return `${work}/volumes/mounts/${encodeURIComponent(this.mount.path)}.json`;
    return `${at === 'path' ? this.path.path : work}/volumes/manifests/db/${id}.json`;
  }

  async reserve(t: ExecutionContext, asked: Asked): Promise<void> {
    const { disk, shared: _shared, ...volume } = this.volume(asked);
    const { source } = disk ?? {};
    const reserved = { ...volume, ...(source !== undefined && { disk: { source } }) };
    const agent_id = { value: this.agentId };
    const reserve_resources = { agent_id, resources: [reserved] };
    t.is(await this.rig.call({ type: 'RESERVE_RESOURCES', reserve_resources }), 202);
  }

  /** Of a disk that is reserved. */
  async create(asked: Asked): Promise<void> {
    const agent_id = { value: this.agentId };
    const create_volumes = { agent_id, volumes: [this.volume(asked)] };
    // Volumes are refused until the cluster has a name, which it gets soon.
    await until(
      async () => (await this.rig.call({ type: 'CREATE_VOLUMES', create_volumes })) === 202,
      patienceMs,
      () => `${asked.id} is created`,
    );
    await until(
      () => existsSync(this.manifest(asked)),
      patienceMs,
      () => `the agent makes ${asked.id}`,
    );
  }

  async destroy(asked: Asked): Promise<number> {
    const agent_id = { value: this.agentId };
    const destroy_volumes = { agent_id, volumes: [this.volume(asked)] };
    return await this.rig.call({ type: 'DESTROY_VOLUMES', destroy_volumes });
  }
}

const scalar = (name: string, value: number): Resource => ({
  name,
  type: 'SCALAR',
  scalar: { value },
});

/** What a test that failed has left: the tasks outlive their agent. */
async function killTasks({ folder }: OneAgent): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.pid')) continue;
    try {
      process.kill(-Number(await readFile(`${folder}/${name}`, 'utf8')), 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}

async function openMachine(t: ExecutionContext, disks: AsyncDisposableStack): Promise<Machine> {
  t.timeout(5 * 60_000);
  const rig = await openOneAgent(t);
  const open = async (name: string, sizeMib: number): Promise<LoopDisk> => {
    await mkdir(`${rig.folder}/${name}`);
    return disks.use(await LoopDisk.open(`${rig.folder}/${name}`, { sizeMib }));
  };
  const both = { mount: await open('mount', mountMib), path: await open('path', pathMib) };
  disks.defer(async () => {
    await rig.killAgent();
    await killTasks(rig);
  });
  const machine = new Machine(rig, both);
  rig.startMaster();
  machine.startAgent();
  await until(
    async () => (machine.agentId = (await rig.agentId()) ?? '') !== '',
    patienceMs,
    () => 'the agent registers',
  );
  return machine;
}

/** A framework whose tasks are shells, which tell of themselves in files beside the agent. */
class Fillers {
  readonly #scheduler: SubscribedScheduler;
  readonly #machine: Machine;

  static async subscribe(t: ExecutionContext, machine: Machine): Promise<Fillers> {
    return new Fillers(machine, await subscribe(t, machine.rig.master, formats, framework));
  }

  private constructor(machine: Machine, scheduler: SubscribedScheduler) {
    this.#machine = machine;
    this.#scheduler = scheduler;
  }

  /** Each line in a task of its own, with its volume at `data`; they start at once. */
  async launch(tasks: readonly (readonly [string, Asked, string])[]): Promise<void> {
    const ids = tasks.map(([, { id }]) => id);
    const offer = await within(this.#offerOf(ids), () => `an offer of ${ids.join()}`);
    const infos = tasks.map(([name, { id }, line]) => this.#task(offer, { name, id, line }));
    await this.#scheduler.launch(offer, ...infos);
    for (const [name] of tasks) await this.reach(name, 'TASK_RUNNING');
  }

  async reach(name: string, state: TaskStatus['state']): Promise<TaskStatus> {
    for (const seen: string[] = []; ;) {
      const status = await this.#scheduler.update({ task_id: { value: name } });
      await this.#scheduler.acknowledge(status);
      if (status.state === state) return status;
      seen.push(`${status.state} ${status.reason} ${status.message}`);
      if (!['TASK_STARTING', 'TASK_RUNNING'].includes(status.state)) throw new Error(seen.join());
    }
  }

  async kill(name: string): Promise<void> {
    await this.#scheduler.tell({ type: 'KILL', kill: { task_id: { value: name } } });
    await this.reach(name, 'TASK_KILLED');
  }

  async #offerOf(ids: readonly string[]): Promise<Offer> {
    for (;;) {
      // What was rescinded meanwhile is heard of before the answer.
      await this.#scheduler.reconcile([]);
      const offer = await this.#scheduler.offer();
      if (ids.every((id) => volumeIn(offer, id) !== undefined)) return offer;
      const decline = { offer_ids: [offer.id], filters: { refuse_seconds: 0 } };
      await this.#scheduler.tell({ type: 'DECLINE', decline });
    }
  }

  #task(
    offer: Offer,
    { name, id, line }: { readonly name: string; readonly id: string; readonly line: string },
  ): TaskInfo {
    const allocation_info = { role: 'db' };
    const plain = Object.entries({ cpus: 0.1, mem: 32 });
    const own = plain.map(([what, value]) => ({ ...scalar(what, value), allocation_info }));
    return {
      name,
      task_id: { value: name },
      agent_id: offer.agent_id,
      resources: [...own, volumeIn(offer, id)!],
      command: { value: `echo $$ >${this.#machine.rig.folder}/${name}.pid; ${line}` },
    };
  }
}

/** Heartbeats come for ever, so a stream that says nothing else does not end by itself. */
async function within<Value>(work: Promise<Value>, what: () => string): Promise<Value> {
  const late = new AbortController();
  const limit = pause(patienceMs, undefined, { signal: late.signal }).then(() => {
    throw new Error(`never: ${what()}`);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    limit.catch(() => {});
    late.abort();
  }
}

const volumeIn = ({ resources = [] }: Offer, id: string): Resource | undefined =>
  resources.find(({ disk }) => disk?.persistence?.id === id);

const linesOf = async (path: string): Promise<number> =>
  (await readFile(path, 'utf8').catch(() => '')).split('\n').length;

/** It writes into its volume all the while. */
const neighbour = 'while :; do echo on >>data/ticks || exit 1; sleep 0.05; done';

/** The neighbour of this volume goes on, and so does the agent. */
async function unharmed(t: ExecutionContext, machine: Machine, its: Asked): Promise<void> {
  const ticks = `${machine.folder(its)}/ticks`;
  const before = await linesOf(ticks);
  await until(
    async () => (await linesOf(ticks)) > before + 3,
    patienceMs,
    () => 'the neighbour goes on',
  );
  t.is(await machine.rig.agentId(), machine.agentId);
}

withDisks(`a full MOUNT disk is told to its task, and to nobody else${because}`, async (t) => {
  await using disks = new AsyncDisposableStack();
  const machine = await openMachine(t, disks);
  const [full, beside] = [
    { id: 'full', at: 'mount', sizeMib: mountMib },
    { id: 'beside', at: 'root', sizeMib: 16 },
  ] as const;
  await machine.reserve(t, full);
  await machine.create(full);
  await machine.reserve(t, beside);
  await machine.create(beside);
  const fillers = await Fillers.subscribe(t, machine);
  const fill = 'cat /dev/zero >data/big';
  await fillers.launch([
    ['filler', full, `${fill} 2>${machine.rig.folder}/why; rm data/big; ${fill}; exit 28`],
    ['neighbour', beside, neighbour],
  ]);
  const end = await fillers.reach('filler', 'TASK_FAILED');
  t.is(end.message, 'Command exited with status 28');
  t.regex(await readFile(`${machine.rig.folder}/why`, 'utf8'), /No space left on device/u);
  await unharmed(t, machine, beside);
  await machine.rig.killAgent();
  machine.startAgent();
  await until(
    async () => await machine.rig.isBack(),
    patienceMs,
    () => 'the agent is back',
  );
  await fillers.launch([['reader', full, 'test -s data/big && exit 0']]);
  await fillers.reach('reader', 'TASK_FINISHED');
  await unharmed(t, machine, beside);
  await fillers.kill('neighbour');
});

withDisks(
  `a volume that outgrows its size costs its task, and nobody else${because}`,
  async (t) => {
    await using disks = new AsyncDisposableStack();
    const machine = await openMachine(t, disks);
    const beside = { id: 'beside', at: 'path', sizeMib: 8 } as const;
    await machine.reserve(t, beside);
    await machine.create(beside);
    const fillers = await Fillers.subscribe(t, machine);
    for (const at of ['path', 'root'] as const) {
      const greedy = { id: `greedy-${at}`, at, sizeMib: 4 };
      await machine.reserve(t, greedy);
      await machine.create(greedy);
      const grow = 'while :; do head -c 1048576 /dev/zero >>data/big; sleep 0.1; done';
      const both = [
        [`neighbour-${at}`, beside, neighbour],
        [greedy.id, greedy, grow],
      ] as const;
      await fillers.launch(both);
      const end = await fillers.reach(greedy.id, 'TASK_FAILED');
      t.is(end.reason, 'REASON_CONTAINER_LIMITATION_DISK');
      t.regex(end.message ?? '', /^Disk usage \(\d+[KM]B\) exceeds quota \(4MB\)$/u);
      t.is(end.limitation?.resources?.[0]?.disk?.persistence?.id, greedy.id);
      await unharmed(t, machine, beside);
      await fillers.kill(`neighbour-${at}`);
    }
  },
);

withDisks(`a PATH disk that is full to the last block can be cleared${because}`, async (t) => {
  await using disks = new AsyncDisposableStack();
  const machine = await openMachine(t, disks);
  const [glutton, beside] = [
    { id: 'glutton', at: 'path', sizeMib: pathMib },
    { id: 'beside', at: 'root', sizeMib: 16 },
  ] as const;
  await machine.reserve(t, glutton);
  await machine.create(glutton);
  await machine.reserve(t, beside);
  await machine.create(beside);
  const fillers = await Fillers.subscribe(t, machine);
  await fillers.launch([
    [
      'glutton',
      glutton,
      'cat /dev/zero >data/big; touch data/sated; n=0; while echo x >data/$n; do n=$((n+1)); done; exit 28',
    ],
    ['neighbour', beside, neighbour],
  ]);
  await fillers.reach('glutton', 'TASK_FAILED');
  t.true((await statfs(machine.path.path)).bavail === 0, 'the disk is full');
  await unharmed(t, machine, beside);
  t.is(await machine.destroy(glutton), 202);
  await until(
    async () => {
      const { bavail, bsize } = await statfs(machine.path.path);
      return bavail * bsize > 0.7 * pathMib * mebibyte && !existsSync(machine.manifest(glutton));
    },
    patienceMs,
    () => 'what was full is empty',
  );
  await fillers.kill('neighbour');
});

withDisks(`two tasks share a volume at once, and it stays for both${because}`, async (t) => {
  await using disks = new AsyncDisposableStack();
  const machine = await openMachine(t, disks);
  const shared = { id: 'shared', at: 'path', sizeMib: 8, isShared: true } as const;
  await machine.reserve(t, shared);
  await machine.create(shared);
  const fillers = await Fillers.subscribe(t, machine);
  const echo = 'until [ -e data/word ]; do sleep 0.05; done; cp data/word data/answer; sleep 500';
  await fillers.launch([
    [
      'asks',
      shared,
      'until [ -e data/answer ]; do echo hello >data/word; sleep 0.05; done; sleep 500',
    ],
    ['answers', shared, echo],
  ]);
  await until(
    async () => (await readFile(`${machine.folder(shared)}/answer`, 'utf8').catch(() => '')) !== '',
    patienceMs,
    () => 'one task reads what the other writes',
  );
  t.is(await machine.destroy(shared), 400, 'two use it');
  await fillers.kill('asks');
  t.is(await machine.destroy(shared), 400, 'one uses it');
  t.true(existsSync(`${machine.folder(shared)}/answer`));
  await fillers.kill('answers');
  await until(
    async () => (await machine.destroy(shared)) === 202,
    patienceMs,
    () => 'nobody uses it',
  );
  await until(
    () => !existsSync(machine.folder(shared)),
    patienceMs,
    () => 'its bytes go',
  );
});

withDisks(`a DESTROY that dies half-way is ended by the next start${because}`, async (t) => {
  await using disks = new AsyncDisposableStack();
  const machine = await openMachine(t, disks);
  const [whole, folder] = [
    { id: 'whole', at: 'mount', sizeMib: mountMib },
    { id: 'folder', at: 'path', sizeMib: 8 },
  ] as const;
  for (const asked of [whole, folder]) {
    await machine.reserve(t, asked);
    await machine.create(asked);
    await mkdir(`${machine.folder(asked)}/stuck`);
    await writeFile(`${machine.folder(asked)}/bytes`, 'precious');
  }
  // A mount in the middle keeps a folder from being removed.
  const stuck = [whole, folder].map((asked) => `${machine.folder(asked)}/stuck`);
  for (const path of stuck) mount(disks, path);
  for (const asked of [whole, folder]) t.is(await machine.destroy(asked), 202);
  const left = async (): Promise<readonly string[]> => [
    ...(await readdir(machine.mount.path)),
    ...(await readdir(`${machine.path.path}/volumes/trash`)),
  ];
  await until(
    async () => !existsSync(machine.manifest(whole)) && !existsSync(machine.manifest(folder)),
    patienceMs,
    () => 'they are out of sight',
  );
  t.true((await left()).includes('stuck'), 'it is not ended');
  await machine.rig.killAgent();
  for (const path of [stuck[0]!, `${machine.path.path}/volumes/trash/1/stuck`]) unmount(path);
  machine.startAgent();
  await until(
    async () => (await left()).length === 0,
    patienceMs,
    () => 'the next start removes what is left',
  );
  t.is(spawnSync('mountpoint', ['-q', machine.mount.path]).status, 0, 'the disk stays mounted');
  // And serves again.
  await machine.create({ ...whole, id: 'next' });
});

function mount(disks: AsyncDisposableStack, path: string): void {
  const { status, stderr } = spawnSync('mount', ['--bind', path, path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount: ${stderr}`);
  disks.defer(async () => void spawnSync('umount', ['--lazy', path]));
}

function unmount(path: string): void {
  const { status, stderr } = spawnSync('umount', [path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`umount: ${stderr}`);
}
