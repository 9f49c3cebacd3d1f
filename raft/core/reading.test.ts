/** What makes a read without a log entry true (§6.4), and a lease (§6.4.1), one law a test. */
import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import { MemoryLog } from './memory-log.ts';
import { defaultLimits, leaseMs, type RawNodeOptions } from './options.ts';
import { RawNode } from './raw-node.ts';
import { carryOut, confOf, messagesOf, nodeId, TestCluster, text } from './test-cluster.ts';
import type { Message, NodeId } from './types.ts';

const [one, two, three] = [nodeId(1), nodeId(2), nodeId(3)] as const;

function threeLed(size = 3): TestCluster {
  const cluster = new TestCluster({}, { size });
  cluster.elect(1);
  cluster.tick(1);
  return cluster;
}

test('a read is answered with what was decided when it was asked for, by whomever it is asked', (t) => {
  const cluster = threeLed();
  cluster.propose(1, 'a');
  cluster.run();
  const { commit } = cluster.node(1).status();
  for (const id of [1, 2, 3]) {
    t.true(cluster.node(id).readIndex(70 + id).ok);
    cluster.run();
    t.deepEqual(cluster.reads(id), [{ context: 70 + id, index: commit }]);
  }
});

test('a single voter answers at once', (t) => {
  const cluster = new TestCluster({}, { size: 1 });
  cluster.elect(1);
  cluster.node(1).readIndex(5);
  cluster.run();
  t.deepEqual(cluster.reads(1), [{ context: 5, index: 1 }]);
});

test('a leader that has decided nothing of its own term answers no reads yet (catalogue 44)', (t) => {
  const cluster = threeLed();
  cluster.propose(1, 'decided by 1, known to be so to nobody else');
  cluster.filter(({ kind, to }) => kind !== 'MsgApp' || to === 2);
  cluster.run();
  cluster.filter(({ kind, from, to }) => kind !== 'MsgApp' && from !== 1 && to !== 1);
  cluster.tick(9);
  cluster.tick(12);
  cluster.node(2).campaign();
  cluster.run();
  t.is(cluster.node(2).status().role, 'leader');
  const old = cluster.node(2).status().commit;
  cluster.node(2).readIndex(1);
  cluster.tick(3);
  t.deepEqual(cluster.reads(2), []);
  cluster.filter(({ from, to }) => from !== 1 && to !== 1);
  cluster.tick(3);
  t.is(cluster.reads(2).length, 1);
  t.true((cluster.reads(2)[0]?.index ?? 0) > old);
});

test('a leader that a quorum does not follow any more answers none, and says that they are lost', (t) => {
  const cluster = threeLed(5);
  cluster.isolate(1, 2);
  cluster.node(1).readIndex(1);
  cluster.tick(5);
  t.deepEqual(cluster.reads(1), []);
  const node = cluster.node(1);
  const lost: number[] = [];
  for (let i = 0; i < 30; i++) {
    node.tick();
    lost.push(...carryOut(node, cluster.log(1)).flatMap(({ lostReads }) => lostReads));
  }
  t.deepEqual(lost, [1]);
});

type Led = {
  readonly node: RawNode;
  readonly log: MemoryLog;
  readonly say: (message: Message) => readonly Message[];
  /** The contexts of reads that are answered by now. */
  readonly reads: () => readonly number[];
};

/** Node 1 leads three, and has decided its first entry. What it sends stays here. */
function leader(more: Partial<RawNodeOptions> = {}, clock = { ms: 0 }): Led {
  const log = new MemoryLog({}, { conf: confOf(1, 2, 3) });
  const node = new RawNode(
    { log, random: randomFromSeed(1), clock: { monotonic: () => clock.ms } },
    { ...defaultLimits, id: one, initial: log.initial, appliedIndex: 0, ...more },
  );
  const say = (message: Message): readonly Message[] => {
    node.step(message);
    return messagesOf(carryOut(node, log));
  };
  for (let i = 0; i < defaultLimits.electionTicks; i++) node.tick();
  node.campaign();
  carryOut(node, log);
  const granted = { from: two, to: one, term: 1, reject: false, commit: 0, commitTerm: 0 } as const;
  say({ kind: 'MsgPreVoteResp', ...granted });
  say({ kind: 'MsgVoteResp', ...granted });
  say({ kind: 'MsgAppResp', ...granted, index: 1, hintIndex: 0, hintTerm: 0 });
  const reads = (): readonly number[] =>
    carryOut(node, log).flatMap(({ readStates }) => readStates.map(({ context }) => context));
  return { node, log, say, reads };
}

const beatsOf = (messages: readonly Message[]): readonly number[] =>
  messages.flatMap((message) =>
    message.kind === 'MsgHeartbeat' && message.to === two ? [message.context] : [],
  );

const pulse = (from: NodeId, context: number): Message => ({
  kind: 'MsgHeartbeatResp',
  from,
  to: one,
  term: 1,
  context,
});

/** The contexts that are answered when `message` arrives. */
function answered({ node, log }: Led, message: Message): readonly number[] {
  node.step(message);
  return carryOut(node, log).flatMap(({ readStates }) => readStates.map(({ context }) => context));
}

test('an answer to an earlier round of heartbeats confirms no later read (catalogue 45)', (t) => {
  const led = leader();
  led.node.tick();
  const [before = 0] = beatsOf(messagesOf(carryOut(led.node, led.log)));
  led.node.readIndex(7);
  const [round = 0] = beatsOf(messagesOf(carryOut(led.node, led.log)));
  t.true(round > before);
  t.deepEqual(answered(led, pulse(two, before)), []);
  t.deepEqual(answered(led, pulse(three, before)), []);
  t.deepEqual(answered(led, pulse(two, round)), [7]);
});

test('a read that is asked for again gets a round of its own, whatever its context (etcd #20418)', (t) => {
  const led = leader();
  led.node.readIndex(7);
  const [first = 0] = beatsOf(messagesOf(carryOut(led.node, led.log)));
  t.deepEqual(answered(led, pulse(two, first)), [7]);
  led.node.readIndex(7);
  const [second = 0] = beatsOf(messagesOf(carryOut(led.node, led.log)));
  t.true(second > first);
  t.deepEqual(answered(led, pulse(three, first)), []);
  t.deepEqual(answered(led, pulse(three, second)), [7]);
});

test('reads that come together share a round, and those that come meanwhile share the next', (t) => {
  const led = leader();
  for (const context of [1, 2, 3]) led.node.readIndex(context);
  const rounds = beatsOf(messagesOf(carryOut(led.node, led.log)));
  t.is(rounds.length, 1);
  for (const context of [4, 5]) led.node.readIndex(context);
  t.deepEqual(beatsOf(messagesOf(carryOut(led.node, led.log))), []);
  led.node.step(pulse(two, rounds[0] ?? 0));
  const done = carryOut(led.node, led.log);
  t.deepEqual(
    done.flatMap(({ readStates }) => readStates.map(({ context }) => context)),
    [1, 2, 3],
  );
  const [next = 0] = beatsOf(messagesOf(done));
  t.deepEqual(answered(led, pulse(two, next)), [4, 5]);
});

test('a round that nobody was there to hear is repeated by the next heartbeat', (t) => {
  const led = leader();
  led.node.readIndex(1);
  carryOut(led.node, led.log);
  led.node.tick();
  const [again = 0] = beatsOf(messagesOf(carryOut(led.node, led.log)));
  t.deepEqual(answered(led, pulse(three, again)), [1]);
});

test('an answer to a round that never was is refused', (t) => {
  const { node } = leader();
  t.like(node.step(pulse(two, 99)), { ok: false, refusal: { kind: 'impossible' } });
});

test('more reads than may wait are refused as busy', (t) => {
  const { node } = leader({ readsMax: 2 });
  t.true(node.readIndex(1).ok && node.readIndex(2).ok);
  t.deepEqual(node.readIndex(3), { ok: false, refusal: { kind: 'busy' } });
});

test('a follower’s read that gets no answer is lost within a time-out, and late answers are nothing', (t) => {
  const cluster = threeLed();
  const asked: Message[] = [];
  cluster.filter((message) => {
    if (message.kind === 'MsgReadIndexResp') asked.push(message);
    return message.kind !== 'MsgReadIndexResp';
  });
  const node = cluster.node(2);
  node.readIndex(9);
  cluster.run();
  const lost: number[] = [];
  for (let i = 0; i < 12; i++) {
    cluster.node(1).tick();
    cluster.run();
    node.tick();
    const done = carryOut(node, cluster.log(2));
    lost.push(...done.flatMap(({ lostReads }) => lostReads));
  }
  t.deepEqual(lost, [9]);
  for (const message of asked) t.true(node.step(message).ok);
  cluster.run();
  t.deepEqual(cluster.reads(2), []);
});

test('an answer to a question of an earlier life answers none of this one', (t) => {
  const cluster = threeLed();
  const late: Message[] = [];
  cluster.filter((message) => {
    if (message.kind === 'MsgReadIndexResp') late.push(message);
    return message.kind !== 'MsgReadIndexResp';
  });
  cluster.node(2).readIndex(1);
  cluster.run();
  cluster.crash(2);
  cluster.tick(2);
  cluster.node(2).readIndex(1);
  cluster.run();
  t.is(late.length, 2);
  // The first was sent before the crash.
  for (const [i, message] of late.entries()) {
    cluster.node(2).step(message);
    cluster.run();
    t.is(cluster.reads(2).length, i);
  }
});

test('who knows no leader cannot ask', (t) => {
  const cluster = new TestCluster({}, { size: 3 });
  t.deepEqual(cluster.node(1).readIndex(1), { ok: false, refusal: { kind: 'no-leader' } });
});

const lease = { tickMs: 100, driftMax: 0.2 };

test('with a lease a read is answered alone, until a quorum’s promise may have ended', (t) => {
  const clock = { ms: 0 };
  const led = leader({ lease }, clock);
  led.node.tick();
  const [round = 0] = beatsOf(messagesOf(carryOut(led.node, led.log)));
  clock.ms += 50;
  led.say(pulse(two, round));
  // From when the round left, not from when it was answered.
  const until = leaseMs(defaultLimits.electionTicks, lease);
  clock.ms = until - 1;
  led.node.readIndex(1);
  t.deepEqual(led.reads(), [1]);
  clock.ms = until;
  led.node.readIndex(2);
  t.deepEqual(
    led.reads(),
    [],
    'a leader that slept does not know that its time is over, its clock does',
  );
});

test('a lease is over before the fastest clock’s time-out by the slowest clock (catalogue 46)', (t) => {
  for (const driftMax of [0, 0.05, 0.2, 0.5]) {
    for (const electionTicks of [2, 10, 50]) {
      const trueMs = leaseMs(electionTicks, { tickMs: 100, driftMax }) / (1 - driftMax);
      const loyalMs = ((electionTicks - 1) * 100) / (1 + driftMax);
      t.true(trueMs <= loyalMs + 1e-9);
    }
  }
});

test('a lease ends with the wish to hand over: the other’s campaign may come at any time', (t) => {
  const led = leader({ lease });
  led.node.tick();
  const [round = 0] = beatsOf(messagesOf(carryOut(led.node, led.log)));
  led.say(pulse(two, round));
  t.true(led.node.transferLeader(two, 1).ok);
  led.node.tick();
  t.is(led.node.status().transferee, undefined, 'given up');
  led.node.readIndex(1);
  t.deepEqual(led.reads(), []);
});

test('a lease of one configuration is none in the next', (t) => {
  const led = leader({ lease });
  led.node.tick();
  const [round = 0] = beatsOf(messagesOf(carryOut(led.node, led.log)));
  led.say(pulse(two, round));
  const changes = [{ kind: 'add-voter', node: nodeId(4) }] as const;
  t.true(led.node.proposeConf({ transition: 'auto', changes }).ok);
  carryOut(led.node, led.log);
  const accepted = { kind: 'MsgAppResp', reject: false, hintIndex: 0, hintTerm: 0 } as const;
  led.say({ ...accepted, from: two, to: one, term: 1, index: 2 });
  t.is(led.node.status().conf.voters.length, 4);
  led.node.readIndex(1);
  t.deepEqual(led.reads(), []);
});

test('who gave a leader its promise keeps it: after a crash, a term heard of elsewhere, or when told to forget', (t) => {
  const log = new MemoryLog({}, { conf: confOf(1, 2, 3) });
  const boot = (): RawNode =>
    new RawNode(
      { log, random: randomFromSeed(1), clock: { monotonic: () => 0 } },
      { ...defaultLimits, id: one, initial: log.initial, appliedIndex: 0, lease },
    );
  const beat: Message = {
    kind: 'MsgHeartbeat',
    from: two,
    to: one,
    term: 1,
    commit: 0,
    context: 1,
  };
  const plea: Message = {
    kind: 'MsgVote',
    from: three,
    to: one,
    term: 5,
    lastTerm: 9,
    lastIndex: 9,
    transfer: false,
    commit: 0,
    commitTerm: 0,
  };
  const refuses = (node: RawNode): boolean => {
    node.step(plea);
    return messagesOf(carryOut(node, log)).every(
      (message) => message.kind !== 'MsgVoteResp' || message.reject,
    );
  };
  let node = boot();
  node.step(beat);
  carryOut(node, log);
  t.like(node.campaign(), { ok: false });
  node.forgetLeader();
  t.true(refuses(node));
  const answer = { kind: 'MsgPreVoteResp', reject: true, commit: 0, commitTerm: 0 } as const;
  node.step({ ...answer, from: three, to: one, term: 5 });
  carryOut(node, log);
  t.true(refuses(node));
  node = boot();
  t.true(refuses(node));
  for (let i = 0; i < defaultLimits.electionTicks; i++) node.tick();
  t.false(refuses(node));
});

test('without a lease every read asks, however fresh the last answer is', (t) => {
  const led = leader();
  led.node.tick();
  const [round = 0] = beatsOf(messagesOf(carryOut(led.node, led.log)));
  led.say(pulse(two, round));
  led.node.propose(text('a'));
  led.node.readIndex(1);
  t.deepEqual(led.reads(), []);
});
