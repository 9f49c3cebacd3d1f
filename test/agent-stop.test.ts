/** A real agent that is asked to stop while it watches containers and serves a session. */
import test, { type ExecutionContext } from 'ava';
import { type Program, startProgram } from '#internal/runtime/real/program.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { findFreePort } from '#internal/testing/free-port.ts';
import { isAlive, killLeftovers, statusOf, temporaryFolder, until } from './cluster.ts';

const host = '127.0.0.1';
const patienceMs = 60_000;

type AgentProgram = { readonly program: Program; readonly url: string };

/** No master ever answers: it would not be of any use here. */
async function startAgent(workDir: string, ...flags: readonly string[]): Promise<AgentProgram> {
  const port = await findFreePort(host, systemRandom());
  const words = ['agent', `--work-dir=${workDir}`, `--ip=${host}`, `--port=${port}`];
  const args = ['cmd/altiplano.js', ...words, '--masters=127.0.0.1:1', ...flags];
  const program = startProgram({ command: process.execPath, args });
  return { program, url: `http://${host}:${port}` };
}

async function endsWith(program: Program, what: string): Promise<unknown> {
  let end: unknown;
  void program.ended.then((ended) => (end = ended));
  await until(
    () => end !== undefined,
    patienceMs,
    () => `${what} ends`,
  );
  return end;
}

/**
 * Whatever became of the test: nothing that its agent has begun runs on, and nobody writes into its
 * folder any more. What stands in its checkpoint is known only to another agent.
 */
async function endAll(workDir: string, { program }: AgentProgram): Promise<void> {
  program.signal('SIGKILL');
  await program.ended;
  const cleaner = await startAgent(workDir, '--recover=cleanup');
  try {
    await endsWith(cleaner.program, 'the agent that cleans up');
  } finally {
    cleaner.program.signal('SIGKILL');
    await cleaner.program.ended;
  }
}

const call = async (url: string, body: object, accept: Accept = {}): Promise<Response> =>
  await fetch(`${url}/api/v1`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...accept },
    body: JSON.stringify(body),
  });

type Accept = Readonly<Record<string, string>>;

const streamed: Accept = { accept: 'application/recordio', 'message-accept': 'application/json' };

/** Its process; it is ended with the test when nothing else has ended it. */
async function launchContainer(t: ExecutionContext, url: string, id: string): Promise<number> {
  const launched = await call(url, {
    type: 'LAUNCH_CONTAINER',
    launch_container: { container_id: { value: id }, command: { value: 'exec sleep 500' } },
  });
  t.is(launched.status, 200);
  const asked = { type: 'GET_CONTAINERS', get_containers: { show_standalone: true } };
  const { get_containers: found } = JSON.parse(await (await call(url, asked)).text());
  const pid: unknown = found?.containers?.[0]?.container_status?.executor_pid;
  t.is(typeof pid, 'number');
  t.teardown(() => killLeftovers([Number(pid)]));
  return Number(pid);
}

test('an agent that is asked to stop ends, and its containers go on', async (t) => {
  const workDir = await temporaryFolder(t);
  const agent = await startAgent(workDir);
  const { program, url } = agent;
  t.teardown(async () => await endAll(workDir, agent));
  await until(
    async () => (await statusOf(`${url}/state`)) === 200,
    patienceMs,
    () => 'the agent serves',
  );
  const pid = await launchContainer(t, url, 'on');
  const session = await call(
    url,
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

  program.signal('SIGTERM');
  t.deepEqual(await endsWith(program, 'the agent'), { status: 0, signal: null });
  t.true(isAlive(pid));

  await endAll(workDir, agent);
  t.false(isAlive(pid), 'it was watched by nobody, and found again');
});
