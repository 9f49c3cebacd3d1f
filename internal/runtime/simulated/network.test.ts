import test from 'ava';
import { SimulatedDatagrams } from './datagrams.ts';
import { SimulatedNetwork } from './network.ts';
import { SimulatedWorld } from './world.ts';

type Heard = { readonly message: number; readonly atMs: number };

function pair() {
  const world = new SimulatedWorld({ seed: 1 });
  const network = new SimulatedNetwork({ world });
  const datagrams = new SimulatedDatagrams<number>({ network }, { name: 'test' });
  const heard: Heard[] = [];
  const [a, b] = [world.boot('a'), world.boot('b')];
  datagrams.bind(b, (message) => heard.push({ message, atMs: world.nowMs }));
  return { world, network, heard, send: (message: number) => datagrams.send(a, 'b', message) };
}

test('a clogged link holds everything back, and then lets it go at once', async (t) => {
  const { world, network, heard, send } = pair();
  network.clog('a', 'b', 500);
  send(1);
  await world.runFor(400);
  send(2);
  t.deepEqual(heard, []);
  await world.runFor(200);
  t.deepEqual(
    heard.map(({ message }) => message).toSorted((one, other) => one - other),
    [1, 2],
  );
  t.true(heard.every(({ atMs }) => atMs >= 500 && atMs < 502));
  send(3);
  await world.runFor(2);
  t.is(heard.length, 3);
  t.is(network.counts.clogged, 2);
});

test('a slow link stays slow until it is told otherwise, the other direction is not', async (t) => {
  const { world, network, heard, send } = pair();
  network.drag('a', 'b', 100);
  network.drag('b', 'a', 900);
  send(1);
  await world.runFor(99);
  t.deepEqual(heard, []);
  await world.runFor(10);
  t.is(heard.length, 1);
  network.drag('a', 'b', 0);
  send(2);
  await world.runFor(2);
  t.is(heard.length, 2);
  t.is(network.counts.dragged, 1);
});

test('what was cut is joined again, while clogs and slow links stay', async (t) => {
  const { world, network, heard, send } = pair();
  network.cut('a', 'b');
  network.drag('a', 'b', 50);
  send(1);
  network.joinAll();
  send(2);
  await world.runFor(49);
  t.deepEqual(heard, []);
  await world.runFor(5);
  t.deepEqual(
    heard.map(({ message }) => message),
    [2],
  );
  network.heal();
  send(3);
  await world.runFor(2);
  t.is(heard.length, 2);
});
