/** `altiplano run` against real processes: what a newcomer tries first, and what an outage must not break. */
import test from 'ava';
import { isAlive, startCluster, type TestCluster } from './cluster.ts';

test.serial('a command runs, its output comes home and its exit status is ours', async (t) => {
  const cluster = await startCluster(t, { firstPort: 7050 });

  const hello = await cluster.run(['--command', 'echo hello from $MESOS_TASK_ID; exit 3']);
  t.regex(hello.stdout, /^hello from \S+\n$/);
  t.is(hello.status, 3, hello.stderr);

  const both = await cluster.run(['--command', 'echo out; echo err >&2', '--env', 'A=b c']);
  t.is(both.stdout, 'out\n');
  t.is(both.stderr, 'err\n');
  t.is(both.status, 0);

  const environment = await cluster.run(['--command', 'echo "$A"', '--env', 'A=b c=d']);
  t.is(environment.stdout, 'b c=d\n');

  const late = await cluster.run(['--command', 'sleep 60', '--timeout', '2']);
  t.is(late.status, 124);
  t.regex(late.stderr, /timed out after 2 s: the task was killed/);

  const large = await cluster.run(['--command', 'seq 1 50000']);
  t.is(large.stdout, Array.from({ length: 50_000 }, (_, n) => `${n + 1}\n`).join(''));
});

test.serial('the fall of the leading master is not noticed by what runs', async (t) => {
  const cluster = await startCluster(t, { firstPort: 7070 });
  let second: Promise<{ status: number | null; stdout: string }> | undefined;
  let fallen: string | undefined;
  const counting = await cluster.run(
    ['--command', 'for i in $(seq 12); do echo $i; sleep 1; done'],
    (line) => {
      if (line !== '3') return;
      second = (async () => {
        fallen = await cluster.killLeader();
        const start = performance.now();
        const outcome = await cluster.run(['--command', 'echo still here']);
        t.log(`a second run took ${Math.round(performance.now() - start)} ms after the kill`);
        return outcome;
      })();
    },
  );
  t.is(counting.stdout, Array.from({ length: 12 }, (_, n) => `${n + 1}\n`).join(''));
  t.is(counting.status, 0, counting.stderr);
  t.like(await second, { status: 0, stdout: 'still here\n' });
  t.not((await cluster.leader()).name, fallen);
});

test.serial(
  'a cluster ends without a trace, and its next start knows its agents again',
  async (t) => {
    const cluster = await startCluster(t, { firstPort: 7090 });
    const before = await agentIds(cluster);
    const begun = Promise.withResolvers<void>();
    const endless = cluster.run(['--command', 'echo begun; exec sleep 1000'], (line) => {
      if (line === 'begun') begun.resolve();
    });
    await begun.promise;
    const pids = cluster.pids();
    t.is(await cluster.stop(), 0);
    t.deepEqual(pids.filter(isAlive), []);

    await cluster.start();
    t.deepEqual(await agentIds(cluster), before);
    // The next start reports how the task ended: by TERM, when its agent was told to stop.
    t.is((await endless).status, 143);
  },
);

async function agentIds(cluster: TestCluster): Promise<readonly string[]> {
  const { address } = await cluster.leader();
  const reply = await fetch(`http://${address}/slaves`);
  const text = await reply.text();
  return [...text.matchAll(/"id":"([^"]+)"/g)].map(([, id = '']) => id).toSorted();
}
