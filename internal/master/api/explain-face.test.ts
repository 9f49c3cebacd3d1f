import test from 'ava';
import { smallCluster } from '../testing/test-cluster.ts';
import { explainRoutes } from './explain-face.ts';
import { newRouter } from './router.ts';

type Reply = { readonly status: number; readonly text: string };

/** Asks the leader's routes as a browser would. */
async function ask(
  door: Parameters<typeof explainRoutes>[0],
  target: string,
  method = 'GET',
): Promise<Reply> {
  const handler = newRouter(explainRoutes(door))(target);
  const response = await handler?.({
    method,
    target,
    headers: {},
    body: new Uint8Array(0),
    signal: new AbortController().signal,
  });
  if (response?.kind !== 'whole') return { status: 0, text: 'no whole response' };
  return { status: response.status, text: new TextDecoder().decode(response.body) };
}

test('who sits on an offer is told so, and who asks in vain hears why and what would help', async (t) => {
  const { cluster, leader, scheduler } = await smallCluster();
  const late = await cluster.scheduler(leader, { name: 'late' });
  await cluster.settle();

  const why = await ask(leader.master, `/explain?framework_id=${late.id}`);
  t.is(why.status, 200);
  t.regex(why.text, /^Framework late \(\S+\), role \S+: none of 1 agent will be offered/);
  t.regex(why.text, /is on offer to framework/);

  const waits = await ask(leader.master, '/starvation');
  t.like(JSON.parse(waits.text), { hoarders: [{ framework_id: scheduler.id, offers: 1 }] });
});

test('a wrong question is answered by what is wrong with it', async (t) => {
  const { leader, scheduler } = await smallCluster();
  const answers = await Promise.all(
    [
      '/explain',
      `/explain?framework_id=${scheduler.id}&role=a//b`,
      `/explain?framework_id=${scheduler.id}&need=ports:[1-2]`,
      '/explain?framework_id=nobody',
    ].map((target) => ask(leader.master, target)),
  );
  t.deepEqual(
    answers.map(({ status }) => status),
    [400, 400, 400, 404],
  );
  t.is(answers[0]?.text, "Missing 'framework_id' query parameter");
  t.regex(answers[2]?.text ?? '', /only scalars/);
  t.is(answers[3]?.text, 'There is no framework nobody.\n');
  t.is((await ask(leader.master, '/starvation', 'POST')).status, 405);
});
