import test from 'ava';
import { checkGauges, checkRoutes } from '#internal/master/api/check-face.ts';
import type { CheckReport } from '#internal/master/check/check-report.ts';
import { agentId } from '#internal/model/ids.ts';
import { oracleView } from '#internal/testing/oracle-cluster.ts';
import { scriptedDoor } from '#internal/testing/scripted-door.ts';
import { toldOf } from './lines.ts';

const well: CheckReport = {
  atMs: 60_000,
  agents: 2,
  silent: [],
  old: [],
  disagreements: [],
  isCut: false,
};

/** What an operator reads of a report, by way of the master's answer. */
async function told(report: CheckReport) {
  const door = {
    ...scriptedDoor({ view: oracleView('O1') }),
    check: () => Promise.resolve(report),
  };
  const { signal } = new AbortController();
  const request = { method: 'GET', target: '/check', headers: {}, body: new Uint8Array(), signal };
  const reply = await checkRoutes(door)[0]!.handler(request);
  return toldOf(JSON.parse(reply.kind === 'whole' ? new TextDecoder().decode(reply.body) : ''));
}

test('where all agree there is one line, and the status is 0', async (t) => {
  t.deepEqual(await told(well), { lines: ['2 agents compared: no disagreement'], status: 0 });
});

test('a disagreement is told by both facts and its age, and the status is 1', async (t) => {
  const id = agentId('a1');
  const facts = ['masters: it lives', 'agent a1: it does not'] as const;
  const one = { law: 'task-on-agent', agentId: id, subject: 't', facts, sinceMs: 48_000 } as const;
  const { lines, status } = await told({ ...well, silent: [id], disagreements: [one] });
  t.is(status, 1);
  t.deepEqual(lines, [
    'task-on-agent, for 12 s at least',
    '  masters: it lives',
    '  agent a1: it does not',
    'agent a1 did not answer',
    '2 agents compared: 1 disagreement',
  ]);
});

test('the metrics are those of the last check, and none before there was one', (t) => {
  const door = scriptedDoor({ view: oracleView('O1') });
  t.deepEqual(checkGauges(door), []);
  const last = { ...well, silent: [agentId('a1')] };
  t.deepEqual(checkGauges({ ...door, checks: () => ({ checks: 3, last }) }), [
    ['check/made', 3],
    ['check/disagreements', 0],
    ['check/agents_compared', 2],
    ['check/agents_not_heard', 1],
  ]);
});

test('an agent that was not heard leaves it open whether all agree: the status is 2', async (t) => {
  t.is((await told({ ...well, silent: [agentId('a1')] })).status, 2);
  t.is((await told({ ...well, old: [agentId('a1')] })).status, 2);
});
