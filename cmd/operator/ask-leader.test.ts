import test from 'ava';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { nodeId } from '#raft/core/types.ts';
import type { Member, OperatorReply, OperatorRequest } from '#raft/node/operator-desk.ts';
import { OperatorCallError } from '#raft/transport/grpc-operators.ts';
import { type Answer, askLeader } from './ask-leader.ts';

const list: OperatorRequest = { kind: 'list' };
const transfer: OperatorRequest = { kind: 'transfer', to: undefined };
const masters = ['m1:5060', 'm2:5060', 'm3:5060'];
const done: OperatorReply = { kind: 'transferred', leader: nodeId(2) };
const addressOf = (id: number): Member['address'] => ({ host: `m${id}`, port: 5060 });

const notLeader = (leader?: number): OperatorReply => ({
  kind: 'not-leader',
  self: nodeId(1),
  leader: leader === undefined ? undefined : nodeId(leader),
  address: leader === undefined ? undefined : addressOf(leader),
});

const membersSeenBy = (self: number, leader: number): OperatorReply => ({
  kind: 'members',
  self: nodeId(self),
  leader: nodeId(leader),
  term: 1,
  last: 1,
  members: [1, 2, 3, 9].map((id) => ({
    id: nodeId(id),
    role: 'voter',
    address: addressOf(id),
    progress: undefined,
  })),
});

/** What each address answers, by how often it was asked before; silence where nothing is written. */
type Script = Readonly<Record<string, readonly (OperatorReply | 'broken' | 'silent')[]>>;

async function ask(
  script: Script,
  request: OperatorRequest,
): Promise<{ readonly answer: Answer; readonly asked: readonly string[] }> {
  const world = new SimulatedWorld({ seed: 1 });
  const clock = simulatedClock({ world, life: world.boot('terminal') });
  const asked: string[] = [];
  const answerOf = async (address: string): Promise<OperatorReply> => {
    const before = asked.filter((each) => each === address).length;
    asked.push(address);
    const answers = script[address] ?? ['silent'];
    const answer = answers[Math.min(before, answers.length - 1)] ?? 'silent';
    if (answer === 'broken') throw new OperatorCallError('BROKEN', `${address}: cut off`);
    if (answer === 'silent') throw new OperatorCallError('UNREACHABLE', `${address}: nobody`);
    return answer;
  };
  const { signal } = new AbortController();
  const asking = askLeader({ clock, ask: answerOf }, { masters, signal }, request);
  return { answer: await world.settle(asking, { withinMs: 60_000 }), asked };
}

test('the leader is asked next, by the word of whoever is asked first', async (t) => {
  const { answer, asked } = await ask({ 'm1:5060': [notLeader(3)], 'm3:5060': [done] }, transfer);
  t.deepEqual(answer, { kind: 'reply', reply: done, address: 'm3:5060' });
  t.deepEqual(asked, ['m1:5060', 'm3:5060']);
});

test('a leader that is none of the named masters is found all the same', async (t) => {
  const script = { 'm1:5060': [membersSeenBy(1, 9)], 'm9:5060': [membersSeenBy(9, 9)] };
  const { answer } = await ask(script, list);
  t.like(answer, { kind: 'reply', address: 'm9:5060' });
});

test('whoever is silent is passed over', async (t) => {
  const { answer, asked } = await ask({ 'm2:5060': [done] }, transfer);
  t.like(answer, { kind: 'reply', reply: done });
  t.deepEqual(asked, ['m1:5060', 'm2:5060']);
});

test('while nobody leads, all are asked again', async (t) => {
  const nobody = notLeader();
  const script = { 'm1:5060': [nobody], 'm2:5060': [nobody, nobody, done], 'm3:5060': [nobody] };
  const { answer } = await ask(script, transfer);
  t.like(answer, { kind: 'reply', reply: done });
});

test('in the end, that nobody leads is an answer', async (t) => {
  const { answer, asked } = await ask({ 'm2:5060': [notLeader()] }, transfer);
  t.like(answer, { kind: 'reply', reply: notLeader() });
  t.is(asked.length, 30);
});

test('a list is shown by whoever is there when the leader does not answer', async (t) => {
  const { answer, asked } = await ask({ 'm1:5060': [membersSeenBy(1, 9)] }, list);
  t.like(answer, { kind: 'reply', address: 'm1:5060' });
  t.deepEqual(asked, ['m1:5060', 'm9:5060', 'm2:5060', 'm3:5060']);
});

test('what was heard and not answered is not asked again', async (t) => {
  const { answer, asked } = await ask({ 'm1:5060': ['broken'], 'm2:5060': [done] }, transfer);
  t.deepEqual(answer, { kind: 'silence', isHeard: true, reasons: ['m1:5060: cut off'] });
  t.deepEqual(asked, ['m1:5060']);
});

test('silence of all names everybody who was asked', async (t) => {
  const { answer } = await ask({}, list);
  const reasons = masters.map((master) => `${master}: nobody`);
  t.deepEqual(answer, { kind: 'silence', isHeard: false, reasons });
});
