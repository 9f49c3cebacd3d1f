/** The book of peers on a disk that forgets what is not synced. */
import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import { SimulatedMachine } from '#internal/testing/simulated-machine.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { confChangeToBytes } from '#raft/core/confchange-codec.ts';
import { MemoryLog } from '#raft/core/memory-log.ts';
import { type ConfChange, nodeId } from '#raft/core/types.ts';
import { openPeerBook, type PeerBook } from './peer-book.ts';
import { retireRemoved } from './retire-removed.ts';

const logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => logger };

/** Begins to open the book, with luck that is another one in each life. */
function open(machine: SimulatedMachine, isLogNew: boolean): Promise<PeerBook> {
  const { files } = machine.boot();
  const random = randomFromSeed(machine.world.events);
  const options = { path: '/book', id: nodeId(1), isLogNew };
  return openPeerBook({ files, random, logger }, options);
}

test('a birth that was told to others is the same for ever, whatever the crashed process had not synced', async (t) => {
  for (const seed of seedsOf(10)) {
    for (let events = 0; events < 12; events++) {
      const machine = new SimulatedMachine(100 * seed + events);
      void open(machine, true);
      for (let event = 0; event < events; event++) await machine.world.step();
      machine.crash('process');
      const { birth } = await machine.run(open(machine, true));
      machine.crash('power');
      const again = await machine.run(open(machine, false));
      t.is(again.birth, birth, `SEED=${seed}: after ${events} events`);
    }
  }
});

test('what is learnt is there after a power cut, once it was flushed', async (t) => {
  const machine = new SimulatedMachine(1);
  const book = await machine.run(open(machine, true));
  t.is(book.acquaint(nodeId(2), 'two'), undefined);
  book.retire(nodeId(3));
  book.markUsed();
  await machine.run(book.flush());
  machine.crash('power');
  const again = await machine.run(open(machine, false));
  t.regex(again.acquaint(nodeId(2), 'another') ?? '', /another disk/);
  t.deepEqual(again.retired(), [nodeId(3)]);
  machine.crash('power');
  await t.throwsAsync(machine.run(open(machine, true)), { code: 'WIPED' });
});

test('a book that knows more than the log does not shut members out', async (t) => {
  const machine = new SimulatedMachine(2);
  const book = await machine.run(open(machine, true));
  const [two, three, four] = [nodeId(2), nodeId(3), nodeId(4)] as const;
  const conf = {
    voters: [nodeId(1), two],
    outgoing: [],
    learners: [],
    learnersNext: [],
    autoLeave: false,
  };
  const log = new MemoryLog({}, { conf });
  const remove: ConfChange = { transition: 'auto', changes: [{ kind: 'remove', node: four }] };
  log.write({ entries: [{ index: 1, term: 1, kind: 'conf', data: confChangeToBytes(remove) }] });
  // Three was removed long ago. That two is removed was decided, and forgotten by the log in a crash.
  for (const peer of [two, three]) book.retire(peer);
  retireRemoved(book, { log, appliedIndex: 1, members: conf.voters });
  t.deepEqual(book.retired(), [three, four]);
  t.is(book.acquaint(two, 'two'), undefined);
  await machine.run(book.flush());
  machine.crash('power');
  t.deepEqual((await machine.run(open(machine, false))).retired(), [three, four]);
});
