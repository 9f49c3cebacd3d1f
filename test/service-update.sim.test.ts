/**
 * A rolling update of real processes under load, whose framework dies in the middle. Away is what refuses
 * a connection: four ports, one an instance, are asked all the time.
 */
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import test from 'ava';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { until } from './cluster.ts';
import { free, onHost, ServiceCluster, withinMs } from './service-cluster.ts';

const instances = 4;

test('an update of four never takes two away, and goes on when its framework is killed', async (t) => {
  t.timeout(6 * withinMs);
  await using folder = await openTempFolder();
  await using cluster = await ServiceCluster.open(folder.path, [
    [...onHost('127.0.0.1'), '--resources=cpus:8;mem:2048'],
  ]);
  const ports = await Promise.all(Array.from({ length: instances }, free));
  const fileOf = async (greeting: string): Promise<string> => {
    const path = `${folder.path}/${greeting}.yaml`;
    const pick = `set -- ${ports.join(' ')}; shift $ALTIPLANO_INSTANCE`;
    const serve = `exec python3 -m http.server --bind 127.0.0.1 $1`;
    const web = {
      instances,
      command: `${pick}; echo ${greeting} > greeting; ${serve}`,
      cpus: 0.1,
      mem: 32,
      health: {
        command: `${pick}; python3 -c "import socket; socket.create_connection(('127.0.0.1', $1), 5)"`,
        intervalSeconds: 0.5,
        timeoutSeconds: 10,
        graceSeconds: 60,
      },
      update: { maxUnavailable: 1, readySeconds: 1 },
    };
    await writeFile(path, JSON.stringify({ services: { web } }));
    return path;
  };
  await cluster.addFramework('framework-1');
  await cluster.says(/"message":"leading"/);
  await cluster.addFramework('framework-2');
  await cluster.service('run', await fileOf('first'), '--yes');
  for (const port of ports) t.is(await greetingAt(port), 'first\n');

  const load = new Load(ports);
  await cluster.service('update', await fileOf('second'), '--yes', '--no-wait');
  await until(
    async () => await anyIs(ports, 'second\n'),
    withinMs,
    () => cluster.tail(),
  );
  const leading = cluster.leadingFramework();
  await cluster.kill(leading);
  t.false(await allAre(ports, 'second\n'), 'the update was over before its framework was killed');
  const after = await cluster.sees('web', ({ isSettled, revision }) => isSettled && revision === 2);
  t.not(cluster.leadingFramework(), leading);
  t.is(after.updated, instances);
  for (const port of ports) t.is(await greetingAt(port), 'second\n');

  const { rounds, awayMost, awayRounds } = await load.end();
  t.log(`asked ${rounds} times: one was away ${awayRounds} times, never more than ${awayMost}`);
  t.is(awayMost, 1);
  t.true(awayRounds > 0, 'nobody ever saw an instance away: the load is too slow to see anything');
});

/** Asks all ports at once, over and over. */
class Load {
  readonly #over: Promise<void>;
  #isEnding = false;
  #rounds = 0;
  #awayMost = 0;
  #awayRounds = 0;

  constructor(ports: readonly number[]) {
    this.#over = this.#ask(ports);
  }

  async end(): Promise<{ rounds: number; awayMost: number; awayRounds: number }> {
    this.#isEnding = true;
    await this.#over;
    const [rounds, awayMost, awayRounds] = [this.#rounds, this.#awayMost, this.#awayRounds];
    return { rounds, awayMost, awayRounds };
  }

  async #ask(ports: readonly number[]): Promise<void> {
    while (!this.#isEnding) {
      const refused = await Promise.all(ports.map(isRefused));
      const away = refused.filter(Boolean).length;
      this.#rounds++;
      this.#awayMost = Math.max(this.#awayMost, away);
      if (away > 0) this.#awayRounds++;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** Nobody listens; whoever is slow is there. */
async function isRefused(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error) => resolve('code' in error && error.code === 'ECONNREFUSED'));
  });
}

async function greetingAt(port: number): Promise<string | undefined> {
  const reply = await fetch(`http://127.0.0.1:${port}/greeting`).catch(() => undefined);
  return await reply?.text().catch(() => undefined);
}

const anyIs = async (ports: readonly number[], greeting: string): Promise<boolean> =>
  (await Promise.all(ports.map(greetingAt))).includes(greeting);

const allAre = async (ports: readonly number[], greeting: string): Promise<boolean> =>
  (await Promise.all(ports.map(greetingAt))).every((one) => one === greeting);
