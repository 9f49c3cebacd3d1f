/** What operators ask of a running node, and in which words they are refused. */
import test from 'ava';
import { TestCluster, idOf, type Program } from '#internal/testing/raft-cluster.ts';
import {
  type Member,
  type OperatorDesk,
  operatorDesk,
  type OperatorReply,
  type OperatorRequest,
} from './operator-desk.ts';

const change = (add: readonly number[], remove: readonly number[] = []): OperatorRequest => ({
  kind: 'change',
  add: add.map(idOf),
  remove: remove.map(idOf),
  acceptNoSpare: false,
});

/** Of a node that has been called by these. */
const deskOf = ({ node, membership }: Program, callers = [1, 2, 3, 4, 5]): OperatorDesk =>
  operatorDesk({
    node,
    membership,
    addressOf: (peer) => (callers.includes(peer) ? addressOf(peer) : undefined),
  });

const addressOf = (peer: number): { readonly host: string; readonly port: number } => ({
  host: `m${peer}`,
  port: 5060,
});

const membersOf = (reply: OperatorReply): readonly Member[] =>
  reply.kind === 'members' ? reply.members : [];

const because = (reply: OperatorReply): string =>
  reply.kind === 'refused' ? `${reply.reason}: ${reply.why}` : reply.kind;

test('the leader lists its members with what they have; a follower lists whom it knows', async (t) => {
  const cluster = await TestCluster.start(1, [1, 2, 3]);
  await cluster.write('a');
  await cluster.untilAll('a', [1, 2, 3]);
  const leader = await cluster.leader();
  const id = leader.node.status().id;
  const told = await deskOf(leader)({ kind: 'list' });
  t.like(told, { kind: 'members', self: id, leader: id });
  t.deepEqual(
    membersOf(told).map((member) => [member.id, member.role, member.address]),
    [1, 2, 3].map((peer) => [idOf(peer), 'voter', addressOf(peer)]),
  );
  t.true(membersOf(told).every(({ progress }) => progress?.isActive === true));
  t.true(membersOf(told).every(({ progress }) => (progress?.match ?? 0) > 0));
  const other = cluster.program([1, 2, 3].find((each) => idOf(each) !== id)!);
  const heard = await deskOf(other)({ kind: 'list' });
  t.like(heard, { kind: 'members', self: other.node.status().id, leader: id });
  t.deepEqual(
    membersOf(heard).map(({ id: peer, progress }) => [peer, progress]),
    [1, 2, 3].map((peer) => [idOf(peer), undefined]),
  );
});

test('a follower changes nothing, and names the leader', async (t) => {
  const cluster = await TestCluster.start(2, [1, 2, 3]);
  const leader = (await cluster.leader()).node.status().id;
  const other = [1, 2, 3].find((each) => idOf(each) !== leader)!;
  await cluster.until(() => cluster.program(other).node.standing().leader === leader);
  for (const request of [change([4]), { kind: 'transfer', to: undefined } as const]) {
    const reply = await deskOf(cluster.program(other))(request);
    const expected = { self: idOf(other), leader, address: addressOf(leader) };
    t.deepEqual(reply, { kind: 'not-leader', ...expected });
  }
});

test('members are added, replaced in one change, and removed, the leader too', async (t) => {
  const cluster = await TestCluster.start(3, [1, 2, 3]);
  await cluster.write('a');
  for (const id of [4, 5]) await cluster.boot(id);
  const ask = async (request: OperatorRequest): Promise<OperatorReply> =>
    await cluster.settle(deskOf(await cluster.leader())(request));
  t.deepEqual(await ask(change([4])), { kind: 'changed', voters: [1, 2, 3, 4].map(idOf) });
  t.deepEqual(await ask(change([5], [1])), { kind: 'changed', voters: [2, 3, 4, 5].map(idOf) });
  // A leader that was removed leads on until that is decided behind it, too.
  const leader = (await cluster.leader({ not: idOf(1) })).node.status().id;
  // One that was just elected has to hear the others before it spares any of them.
  await cluster.write('b');
  const rest = [2, 3, 4, 5].map(idOf).filter((id) => id !== leader);
  t.deepEqual(await ask(change([], [leader])), { kind: 'changed', voters: rest });
  await cluster.leader({ not: leader });
  await cluster.write('c');
  await cluster.untilAll('abc', rest.map(Number));
});

test('what cannot or should not be is refused, and says why', async (t) => {
  const cluster = await TestCluster.start(4, [1, 2, 3]);
  const leader = await cluster.leader();
  const desk = deskOf(leader, [1, 2, 3]);
  const why = async (request: OperatorRequest): Promise<string> =>
    because(await cluster.settle(desk(request)));
  t.regex(await why(change([4])), /^impossible: Node 4 has not called: start it with --join/);
  t.is(await why(change([], [9])), 'impossible: Node 9 is not a member');
  t.is(await why(change([3], [3])), 'impossible: Node 3 is to be added and removed');
  t.regex(await why(change([], [3])), /^no-spare: Of 2 voters 2 decide/);
  t.is(await why(change([], [1, 2, 3])), 'impossible: no voter would be left');
  t.regex(await why({ kind: 'transfer', to: idOf(9) }), /^impossible: Node 9 is not a voter/);
  await cluster.boot(4);
  const known = deskOf(leader);
  t.is((await cluster.settle(known(change([4])))).kind, 'changed');
  const gone = [1, 2, 3].find((id) => idOf(id) !== leader.node.status().id)!;
  t.is((await cluster.settle(known(change([], [gone])))).kind, 'changed');
  const again = because(await cluster.settle(known(change([gone]))));
  t.regex(again, new RegExp(`^id-used: Node ${gone} was a member before`));
});

test('one change at a time', async (t) => {
  const cluster = await TestCluster.start(5, [1, 2, 3]);
  await cluster.boot(4);
  const desk = deskOf(await cluster.leader());
  const first = desk(change([4]));
  t.regex(because(await desk(change([4]))), /^in-progress: Another change/);
  t.is((await cluster.settle(first)).kind, 'changed');
});

test('leadership goes where it is sent, or to the voter that has most of the log', async (t) => {
  const cluster = await TestCluster.start(6, [1, 2, 3]);
  const first = await cluster.leader();
  const heir = [1, 2, 3].map(idOf).find((id) => id !== first.node.status().id);
  const sent = await cluster.settle(deskOf(first)({ kind: 'transfer', to: heir }));
  t.deepEqual(sent, { kind: 'transferred', leader: heir });
  const second = await cluster.leader();
  const away = await cluster.settle(deskOf(second)({ kind: 'transfer', to: undefined }));
  t.is(away.kind, 'transferred');
  t.not(away.kind === 'transferred' ? away.leader : undefined, heir);
});
