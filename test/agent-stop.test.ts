/** A real agent that is asked to stop while it watches containers and serves a session. */
import test from 'ava';
import { type Program, startProgram } from '#internal/runtime/real/program.ts';
import { isAlive, killLeftovers, statusOf, temporaryFolder, until } from './cluster.ts';

const port = 7351;
const url = `http://127.0.0.1:${port}/api/v1`;

/** No master ever answers: it would not be of any use here. */
async function startAgent(workDir: string): Promise<Program> {
  const agent = startProgram({
    command: process.execPath,
    args: [
      'cmd/altiplano.js',
      'agent',
      `--work-dir=${workDir}`,
      '--ip=127.0.0.1',
      `--port=${port}`,
      '--masters=127.0.0.1:1',
    ],
    onLine: () => {},
  });
  await until(
    async () => (await statusOf(`http://127.0.0.1:${port}/state`)) === 200,
    60_000,
    () => 'the agent serves',
  );
  return agent;
}

const call = async (body: object, accept: Accept = {}): Promise<Response> =>
  await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...accept },
    body: JSON.stringify(body),
  });

type Accept = Readonly<Record<string, string>>;

const streamed: Accept = { accept: 'application/recordio', 'message-accept': 'application/json' };

test('an agent that is asked to stop ends, and its containers go on', async (t) => {
  const workDir = await temporaryFolder(t);
  const pids: number[] = [];
  t.teardown(() => killLeftovers(pids));
  const agent = await startAgent(workDir);
  pids.push(agent.pid ?? 0);
  const launched = await call({
    type: 'LAUNCH_CONTAINER',
    launch_container: { container_id: { value: 'on' }, command: { value: 'exec sleep 500' } },
  });
  t.is(launched.status, 200);
  const shown = await call({ type: 'GET_CONTAINERS', get_containers: { show_standalone: true } });
  const { get_containers: found } = JSON.parse(await shown.text());
  const pid: unknown = found?.containers?.[0]?.container_status?.executor_pid;
  t.is(typeof pid, 'number');
  if (typeof pid === 'number') pids.push(pid);
  const session = await call(
    {
      type: 'LAUNCH_NESTED_CONTAINER_SESSION',
      launch_nested_container_session: {
        container_id: { value: 's', parent: { value: 'on' } },
        command: { value: 'echo here; exec sleep 500' },
      },
    },
    streamed,
  );
  t.is(session.status, 200);
  const first = await session.body?.getReader().read();
  t.false(first?.done);

  agent.signal('SIGTERM');
  t.deepEqual(await agent.ended, { status: 0, signal: null });
  t.true(isAlive(Number(pid)));
});
