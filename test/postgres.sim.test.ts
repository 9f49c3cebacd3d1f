/**
 * The PostgreSQL of `examples/`, while a writer inserts numbered rows: its task is killed, its agent, the
 * leading master, all masters; then its agent forgets who it is, and the masters all that they knew.
 * Whatever was confirmed to the writer is there afterwards, and never were two servers on its data.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import test from 'ava';
import { parse } from 'yaml';
import { type Program, startProgram } from '#internal/runtime/real/program.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { until } from './cluster.ts';
import { free, onHost, type Service, ServiceCluster, withinMs } from './service-cluster.ts';

const why = reasonToSkip();

function reasonToSkip(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root runs tasks as another user';
  if (!existsSync('/usr/lib/postgresql'))
    return 'there is no PostgreSQL: apt-get install postgresql';
  return undefined;
}

(why === undefined ? test : test.skip)(
  `rows that PostgreSQL confirmed outlive its task, its agent, all masters, and all that these knew${why === undefined ? '' : ` (skipped: ${why})`}`,
  async (t) => {
    t.timeout(20 * withinMs);
    await using folder = await openTempFolder();
    await chmod(folder.path, 0o755);
    const agent = [
      ...onHost('127.0.0.1'),
      '--resources=cpus:4;mem:2048;disk:4096;ports:[10000-32000]',
    ];
    await using cluster = await ServiceCluster.open(folder.path, [agent]);
    await cluster.addFramework('framework-1');
    const port = await free();
    const file = parse(await readFile('examples/postgres/postgres.yaml', 'utf8'));
    const { postgres } = file.services;
    postgres.ports[0].number = port;
    postgres.update = { readySeconds: 1 };
    await writeFile(`${folder.path}/postgres.yaml`, JSON.stringify(file));
    await cluster.service('run', `${folder.path}/postgres.yaml`, '--yes');

    using watch = new ServerWatch(folder.path);
    await using writer = new Writer(port);
    await writer.writes(() => cluster.tail());
    const masters = ['master-1', 'master-2', 'master-3'];
    const taskOf = async (): Promise<string | undefined> =>
      (await cluster.status('postgres')).instances[0]?.task;
    const settled = async (before: string | undefined): Promise<void> => {
      const isSo = ({ isSettled, instances }: Service): boolean =>
        isSettled && instances[0]?.task !== before;
      await cluster.sees('postgres', isSo);
    };
    const outages: readonly (readonly [string, () => Promise<void>])[] = [
      ['the task', async () => await killServer(folder.path)],
      [
        'the agent',
        async () => {
          await cluster.kill('agent-1');
          cluster.start('agent-1');
        },
      ],
      [
        'the leading master',
        async () => {
          const name = await cluster.leadingMaster();
          await cluster.kill(name);
          cluster.start(name);
        },
      ],
      [
        'all masters',
        async () => {
          await Promise.all(masters.map(async (name) => await cluster.kill(name)));
          for (const name of masters) cluster.start(name);
        },
      ],
      [
        'the agent, and all that it knew,',
        async () => {
          const before = await taskOf();
          await cluster.kill('agent-1');
          await cluster.forgetAgent('agent-1');
          cluster.start('agent-1');
          await cluster.adoptOrphan();
          await settled(before);
        },
      ],
      [
        'everything, and all that it knew,',
        async () => {
          const before = await taskOf();
          await Promise.all([...masters, 'agent-1'].map(async (name) => await cluster.kill(name)));
          await Promise.all(masters.map(async (name) => await cluster.forgetMaster(name)));
          await cluster.forgetAgent('agent-1');
          for (const name of [...masters, 'agent-1']) cluster.start(name);
          await cluster.adoptOrphan();
          await cluster.insistOn('run', `${folder.path}/postgres.yaml`, '--yes');
          await settled(before);
        },
      ],
    ];
    for (const [what, strike] of outages) {
      const startMs = performance.now();
      await strike();
      const told = (): string => `${what}\n${cluster.tail()}`;
      const missing = await writer.missing(told);
      t.log(`${what} killed: answered ${Math.round(performance.now() - startMs)} ms later`);
      t.deepEqual(missing, [], `after ${what} was killed`);
      await writer.writes(told);
      t.log(`no row was confirmed for ${Math.round(writer.takeLongestPauseMs())} ms`);
      await cluster.leadingMaster();
      const { instances } = await cluster.sees('postgres', ({ isSettled }) => isSettled);
      t.is(instances.length, 1);
      t.deepEqual(watch.rivals, [], `servers on one data directory when ${what} was killed`);
      t.deepEqual(watch.servers(), [await lockHolder(folder.path)]);
    }
    t.true(watch.looks > 100);
    t.log(`${writer.confirmed} rows were confirmed`);
    await cluster.service('destroy', 'postgres', '--yes');
  },
);

/** As a crash does: the postmaster has no time to say good-bye. */
async function killServer(folder: string): Promise<void> {
  process.kill(await lockHolder(folder), 'SIGKILL');
}

/** By the lock that PostgreSQL keeps in its data directory. */
async function lockHolder(folder: string): Promise<number> {
  const found = execFileSync('find', [folder, '-name', 'postmaster.pid'], { encoding: 'utf8' });
  const [path = ''] = found.trim().split('\n');
  const [pid] = (await readFile(path, 'utf8')).split('\n');
  return Number(pid);
}

/** Looks all the while at which servers work in a folder, and whether two share a data directory. */
class ServerWatch implements Disposable {
  readonly rivals: string[] = [];
  looks = 0;
  readonly #folder: string;
  readonly #timer = setInterval(() => this.#look(), 100);

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Process ids of those that run now. */
  servers(): readonly number[] {
    const all = readdirSync('/proc')
      .map(Number)
      .filter((pid) => this.#directoryOf(pid) !== undefined);
    // A child that was just begun still bears its parent's command line.
    return all.filter((pid) => !all.includes(parentOf(pid)));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    this.looks++;
    const places = new Map<string, number>();
    for (const pid of this.servers()) {
      const directory = this.#directoryOf(pid);
      if (directory === undefined) continue;
      const other = places.get(directory) ?? pid;
      places.set(directory, pid);
      // Both at one moment, not one after the other while we looked.
      if (other !== pid && this.#directoryOf(other) === directory)
        this.rivals.push(`${other} ${pid}`);
    }
  }

  /** The data directory of a server, in which it works; undefined for anything else. */
  #directoryOf(pid: number): string | undefined {
    try {
      const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (!/(^|\/)postgres$/u.test(program) || !args.includes('data/main')) return undefined;
      if (!readlinkSync(`/proc/${pid}/cwd`).startsWith(this.#folder)) return undefined;
      const { dev, ino } = statSync(`/proc/${pid}/cwd`);
      return `${dev} ${ino}`;
    } catch {
      // It has ended.
      return undefined;
    }
  }
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)$/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return 0;
  }
}

/** Inserts the next number as soon as the last one was confirmed; a broken session is begun anew. */
class Writer implements AsyncDisposable {
  readonly #port: number;
  readonly #confirmed = new Set<number>();
  readonly #over: Promise<void>;
  #session: Program | undefined;
  #isEnding = false;
  #next = 1;
  #lastMs = performance.now();
  #longestPauseMs = 0;

  constructor(port: number) {
    this.#port = port;
    this.#over = this.#write();
  }

  get confirmed(): number {
    return this.#confirmed.size;
  }

  /** Between two rows that were confirmed, since it was last asked. */
  takeLongestPauseMs(): number {
    const pauseMs = this.#longestPauseMs;
    this.#longestPauseMs = 0;
    return pauseMs;
  }

  /** Resolves when rows that were begun from now on are confirmed. */
  async writes(told: () => string): Promise<void> {
    const from = this.#next + 1;
    const isConfirmed = (): boolean => [...this.#confirmed].some((n) => n > from);
    await until(isConfirmed, 2 * withinMs, told);
  }

  /** What was confirmed and is not there, as soon as the server answers. */
  async missing(told: () => string): Promise<readonly number[]> {
    const args = [...argumentsFor(this.#port), '-Atc', 'select n from t'];
    const confirmed = [...this.#confirmed];
    let text = '';
    const isAnswered = (): boolean => {
      const asked = spawnSync('psql', args, { env: environment, encoding: 'utf8' });
      text = asked.stdout;
      return asked.status === 0;
    };
    await until(isAnswered, 2 * withinMs, told);
    const there = new Set(text.trim().split('\n').map(Number));
    return confirmed.filter((n) => !there.has(n));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    this.#session?.signal('SIGKILL');
    await this.#over;
  }

  async #write(): Promise<void> {
    while (!this.#isEnding) {
      const first = this.#next;
      const loop = `for i in $(seq ${first} ${first + 100_000}); do echo "insert into t values ($i) returning n;"; done`;
      const session = `(echo 'create table if not exists t (n int primary key);'; ${loop}) | exec psql ${argumentsFor(this.#port).join(' ')} -At -v ON_ERROR_STOP=1`;
      this.#session = startProgram({
        command: '/bin/sh',
        args: ['-c', session],
        env: environment,
        onLine: (_, line) => this.#onLine(line),
      });
      await this.#session.ended;
      // What was on its way may have been done: its number is not used again.
      this.#next += 2;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  #onLine(line: string): void {
    if (!/^\d+$/.test(line)) return;
    this.#confirmed.add(Number(line));
    const nowMs = performance.now();
    this.#longestPauseMs = Math.max(this.#longestPauseMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    this.#next = Number(line) + 1;
  }
}

const environment = { ...process.env, PGPASSWORD: 'change-me', PGCONNECT_TIMEOUT: '5' };

const argumentsFor = (port: number): readonly string[] => [
  '-h',
  '127.0.0.1',
  '-p',
  String(port),
  '-U',
  'postgres',
];
