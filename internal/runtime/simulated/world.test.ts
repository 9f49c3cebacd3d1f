import test from 'ava';
import { seedsOf } from '#internal/testing/seeds.ts';
import { simulatedClock } from './clock.ts';
import { SimulatedDatagrams } from './datagrams.ts';
import { SimulatedDisk } from './disk.ts';
import { simulatedFiles } from './files.ts';
import { SimulatedNetwork } from './network.ts';
import { SimulatedStreams, type StreamEnd } from './streams.ts';
import { SimulatedWorld } from './world.ts';

const STORM = {
  delayMsMin: 1,
  delayMsMax: 50,
  slow: 0.1,
  slowMs: 500,
  loss: 0.1,
  repeat: 0.1,
} as const;

/** Three machines that write, sync and gossip by datagrams, under crashes, pauses and partitions. */
async function busyRun(
  seed: number,
): Promise<{ hash: number; events: number; history: string[]; struck: number[] }> {
  const history: string[] = [];
  const world = new SimulatedWorld({ seed });
  const network = new SimulatedNetwork({ world }, STORM);
  const datagrams = new SimulatedDatagrams<number>({ network }, { name: 'gossip' });
  const names = ['a', 'b', 'c'];
  const disks = new Map(names.map((name) => [name, new SimulatedDisk({ world }, { name })]));
  const boot = (name: string): void => {
    const life = world.boot(name);
    const files = simulatedFiles({ disk: disks.get(name)!, life });
    const clock = simulatedClock({ world, life });
    datagrams.bind(life, (message, from) => history.push(`${name} got ${message} from ${from}`));
    const program = async (): Promise<void> => {
      const file = await files.open('/log', { create: true });
      for (let turn = 0; ; turn++) {
        await file.write(await file.size(), [new Uint8Array([turn])]);
        if (turn % 3 === 0) await file.sync();
        for (const peer of names) if (peer !== name) datagrams.send(life, peer, turn);
        await clock.sleep(20);
      }
    };
    void program();
  };
  for (const name of names) boot(name);
  world.schedule(300, 'crash', () => world.crash('a', 'power'));
  world.schedule(500, 'boot', () => boot('a'));
  world.schedule(600, 'pause', () => world.pause('b', 200));
  world.schedule(700, 'partition', () => network.partition([['a'], ['b', 'c']]));
  world.schedule(1200, 'heal', () => network.heal());
  await world.runFor(2000);
  const { delivered, lost, repeated, slow, reordered, blocked } = network.counts;
  const struck = [delivered, lost, repeated, slow, reordered, blocked];
  return { hash: world.hash, events: world.events, history, struck };
}

test('the same seed gives the same events and the same history; another one another', async (t) => {
  const hashes = new Set<number>();
  for (const seed of seedsOf(10)) {
    const first = await busyRun(seed);
    const second = await busyRun(seed);
    t.deepEqual(first, second, `SEED=${seed}`);
    t.true(first.events > 500, `SEED=${seed}: nothing happened`);
    t.true(
      first.struck.every((count) => count > 0),
      `SEED=${seed}: a fault never struck: ${first.struck.join()}`,
    );
    hashes.add(first.hash);
  }
  t.true(hashes.size > 1 || process.env['SEED'] !== undefined);
});

test('a crash silences everything that a program waited for, and nothing else', async (t) => {
  const world = new SimulatedWorld({ seed: 1 });
  const heard: string[] = [];
  for (const name of ['a', 'b']) {
    const life = world.boot(name);
    const clock = simulatedClock({ world, life });
    clock.after(10, () => heard.push(`${name} timer`));
    void clock.sleep(10).then(() => heard.push(`${name} slept`));
  }
  world.schedule(5, 'crash', () => world.crash('a'));
  await world.runFor(100);
  t.deepEqual(heard, ['b timer', 'b slept']);
  t.notThrows(() => world.boot('a'));
  t.throws(() => world.boot('b'), { message: /runs already/ });
});

test('a paused program does nothing, then everything late and in order', async (t) => {
  const world = new SimulatedWorld({ seed: 1 });
  const clock = simulatedClock({ world, life: world.boot('a') });
  const heard: string[] = [];
  for (const ms of [10, 20, 60]) {
    clock.after(ms, () => heard.push(`${ms} at ${clock.monotonic()}`));
  }
  clock.after(30, () => t.fail('cancelled while it waited')).cancel();
  world.pause('a', 50);
  await world.runFor(45);
  t.deepEqual(heard, []);
  await world.runFor(45);
  t.deepEqual(heard, ['10 at 50', '20 at 50', '60 at 60']);
});

test('a clock that runs fast fires early, and a jump moves wall time only', async (t) => {
  const world = new SimulatedWorld({ seed: 1 });
  const fast = simulatedClock({ world, life: world.boot('a') }, { rate: 2 });
  let firedMs = 0;
  fast.after(100, () => (firedMs = world.nowMs));
  await world.runFor(60);
  t.is(firedMs, 50);
  const wall = fast.now();
  const monotonic = fast.monotonic();
  fast.jump(-3_600_000);
  t.is(fast.now(), wall - 3_600_000);
  t.is(fast.monotonic(), monotonic);
});

test('a stream is whole and in order whatever the weather, or it ends', async (t) => {
  for (const seed of seedsOf(30)) {
    const world = new SimulatedWorld({ seed });
    const network = new SimulatedNetwork({ world }, STORM);
    const streams = new SimulatedStreams<number>({ network }, { name: 'stream' });
    const [a, b] = [world.boot('a'), world.boot('b')];
    const got: number[] = [];
    const ends: StreamEnd[] = [];
    streams.listen(b, 1, (connection) => {
      connection.send(-1);
      return { onFrame: (frame) => got.push(frame), onEnd: (end) => ends.push(end) };
    });
    const back: number[] = [];
    const connection = streams.connect(
      a,
      { host: 'b', port: 1 },
      {
        onFrame(frame) {
          back.push(frame);
          connection.close();
        },
        onEnd: (end) => ends.push(end),
      },
    );
    const all = Array.from({ length: 50 }, (_, i) => i);
    for (const i of all) connection.send(i, 1);
    t.is(connection.backlogBytes, 50);
    world.schedule(20, 'cut', () => network.partition([['a'], ['b']]));
    world.schedule(1500, 'heal', () => network.heal());
    await world.runFor(20_000);
    t.deepEqual(got, all, `SEED=${seed}`);
    t.deepEqual(ends, ['closed'], `SEED=${seed}`);
    t.deepEqual(back, [-1], `SEED=${seed}`);
  }
});

const ENDS: readonly (readonly [title: string, end: StreamEnd, strike: Strike])[] = [
  ['nobody listens', 'refused', ({ world }) => void world.boot('c')],
  [
    'its program was killed before',
    'refused',
    ({ world }) => {
      world.boot('c');
      world.crash('c', 'process');
    },
  ],
  ['the other machine is off', 'timed-out', () => {}],
  [
    'a one-way cut lets no acknowledgement back',
    'timed-out',
    ({ network }) => network.cut('b', 'a'),
  ],
  ['the other program is killed', 'reset', ({ world }) => world.crash('b', 'process')],
  ['the other machine loses power', 'timed-out', ({ world }) => world.crash('b', 'power')],
  [
    'the other machine was booted anew',
    'reset',
    ({ world }) => {
      world.crash('b', 'power');
      world.boot('b');
    },
  ],
];

type Strike = (scene: {
  readonly world: SimulatedWorld;
  readonly network: SimulatedNetwork;
}) => void;

for (const [title, expected, strike] of ENDS) {
  test(`a stream ends as ${expected} when ${title}`, async (t) => {
    const world = new SimulatedWorld({ seed: 1 });
    const network = new SimulatedNetwork({ world });
    const streams = new SimulatedStreams<string>({ network }, { name: 'stream' });
    const [a, b] = [world.boot('a'), world.boot('b')];
    streams.listen(b, 1, () => ({ onFrame: () => {}, onEnd: () => {} }));
    const ends: StreamEnd[] = [];
    const host = expected === 'refused' || title.includes('is off') ? 'c' : 'b';
    const handlers = { onFrame: () => {}, onEnd: (end: StreamEnd) => ends.push(end) };
    if (host === 'c') strike({ world, network });
    const connection = streams.connect(a, { host, port: 1 }, handlers);
    await world.runFor(100);
    if (host === 'b') strike({ world, network });
    connection.send('hello');
    await world.runFor(30_000);
    t.deepEqual(ends, [expected]);
  });
}

test('an idle stream survives a partition that heals, and its frames come late', async (t) => {
  const world = new SimulatedWorld({ seed: 1 });
  const network = new SimulatedNetwork({ world });
  const streams = new SimulatedStreams<string>({ network }, { name: 'stream' });
  const [a, b] = [world.boot('a'), world.boot('b')];
  const got: string[] = [];
  const listening = { onFrame: (frame: string) => got.push(frame), onEnd: () => t.fail('ended') };
  streams.listen(b, 1, () => listening);
  const connection = streams.connect(a, { host: 'b', port: 1 }, listening);
  await world.runFor(100);
  network.partition([['a'], ['b']]);
  connection.send('late');
  await world.runFor(3000);
  t.deepEqual(got, []);
  t.true(network.counts.blocked > 0);
  network.heal();
  await world.runFor(3000);
  t.deepEqual(got, ['late']);
});
