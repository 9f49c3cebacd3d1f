/** One siege: so many hostile calls against the faces of one agent, checked and counted. */
import { inspect } from 'node:util';
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import { aware, taskOf } from './testing/executor-bench.ts';
import { ExecutorStage } from './testing/executor-stage.ts';
import { FaceStage } from './testing/face-stage.ts';
import {
  type AgentFace,
  type HostileAgentCall,
  hostileAgentCalls,
} from './testing/hostile-calls.ts';

/** What the contract lets an agent answer (1.7, 9.1, 12); of a fault of its own only what 12 names. */
const foreseen: ReadonlySet<number> = new Set([
  200, 202, 400, 403, 404, 405, 406, 409, 413, 415, 500, 501, 503,
]);

/** These wait: for the end of a container, or of their own input. */
const waiting: ReadonlySet<string> = new Set([
  'WAIT_CONTAINER',
  'WAIT_NESTED_CONTAINER',
  'ATTACH_CONTAINER_INPUT',
  'LAUNCH_NESTED_CONTAINER_SESSION',
]);

/** Thread time of a call with all that comes of it: some, and more for whoever says more. */
const stallMsMax = 200;
const stallMsPerKibibyte = 1;
/** So often it is looked whether it still works. */
const proofEvery = 250;

type Siege = { readonly callsMax: number; readonly seed: number };

/** Suffers a call; gives the status, or undefined when there is none yet. */
type Suffer = (call: HostileAgentCall) => Promise<number | undefined>;

export async function besiegeOperatorFace(t: ExecutionContext, siege: Siege): Promise<void> {
  const stage = await FaceStage.open(siege.seed);
  const suffer: Suffer = async ({ headers, pieces }) => {
    const body = Buffer.concat(pieces);
    const request = { method: 'POST', target: '/api/v1', headers, body };
    return await stage.suffer(request, streamOf(pieces));
  };
  await besiege(t, 'mesos.v1.agent.Call', siege, suffer, async (at) => {
    const container_id = { value: `proof-${at}` };
    const command = { shell: true, value: 'exit 3' };
    const type = 'LAUNCH_CONTAINER';
    const launched = await stage.post({ type, launch_container: { container_id, command } });
    t.is(launched.status, 200, launched.text);
    const ended = await stage.post({ type: 'WAIT_CONTAINER', wait_container: { container_id } });
    t.regex(ended.text, /"exit_status":768/u);
  });
}

export async function besiegeExecutorFace(t: ExecutionContext, siege: Siege): Promise<void> {
  const stage = new ExecutorStage();
  const launch = (id: string): void =>
    stage.note(stage.core.hear({ run_task: { framework_info: aware, task_info: taskOf(id) } }));
  launch('t1');
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const text = { framework_id: { value: 'f' }, executor_id: { value: 'e' }, type: 'SUBSCRIBE' };
  const body = Buffer.from(JSON.stringify({ ...text, subscribe: {} }));
  const suffer: Suffer = async (call) => {
    const request = { headers: call.headers, body: Buffer.concat(call.pieces) };
    return stage.request(request).status;
  };
  await besiege(t, 'mesos.v1.executor.Call', siege, suffer, async (at) => {
    const { status, stream } = stage.request({ headers, body });
    t.is(status, 200);
    launch(`proof-${at}`);
    const told = (stream?.events ?? []).flatMap(({ launch: one }) => one?.task.task_id.value ?? []);
    t.true(told.includes(`proof-${at}`), told.join());
  });
}

async function* streamOf(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

// oxlint-disable-next-line max-params -- a loop over what differs.
async function besiege(
  t: ExecutionContext,
  face: AgentFace,
  { callsMax, seed }: Siege,
  suffer: Suffer,
  prove: (at: number) => Promise<void>,
): Promise<void> {
  const answers = new Map<number | undefined, number>();
  let longest = { ms: 0, name: '' };
  for (let from = 0; from < callsMax; from += proofEvery) {
    const options = { seed: seed * 1_000_003 + from, numRuns: proofEvery };
    for (const call of fc.sample(hostileAgentCalls(face), options)) {
      const where = `SEED=${seed}: ${call.name}`;
      const since = process.threadCpuUsage();
      try {
        const status = await suffer(call);
        answers.set(status, (answers.get(status) ?? 0) + 1);
        const isFine = status === undefined ? waiting.has(call.type) : foreseen.has(status);
        if (!isFine) t.fail(`${where}: ${status}`);
      } catch (error) {
        throw new Error(`${where}: ${inspect(error)}`, { cause: error });
      }
      const { user, system } = process.threadCpuUsage(since);
      const kibibytes = call.pieces.reduce((sum, { length }) => sum + length, 0) / 1024;
      const ms = (user + system) / 1000 - kibibytes * stallMsPerKibibyte;
      if (ms > longest.ms) longest = { ms, name: call.name };
    }
    await prove(from);
  }
  t.log(`seed ${seed}: ${[...answers].map(([status, count]) => `${status}: ${count}`).join(', ')}`);
  t.log(
    `longest: ${longest.ms.toFixed(1)} ms of thread time beyond its length, by ${longest.name}`,
  );
  t.true(longest.ms <= stallMsMax, `SEED=${seed}: ${inspect(longest)}`);
  t.true(answers.size >= 4, 'hardly any way to answer was seen');
}
