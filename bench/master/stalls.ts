/**
 * How long a large state holds up the loop of the one who has it, in this process: a reader of GET_STATE
 * (next to `JSON.stringify` of the same object), a snapshot written and restored, what the state comes to,
 * the mirror's first batch. Each next to a rest of the same loop, since others run on this machine too.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import { runPaced, runToEnd } from '#internal/base/steps.ts';
import type { Agent, Framework, Task } from '#internal/model/cluster.ts';
import { encoded } from '#internal/model/encoded.ts';
import { agentId, frameworkId, masterId, role, taskId } from '#internal/model/ids.ts';
import type { MasterView } from '#internal/master/door.ts';
import { stateSteps } from '#internal/master/api/operator-replies.ts';
import { reads } from '#internal/master/api/operator-reads.ts';
import { newReadingDesk } from '#internal/master/api/reading-desk.ts';
import { parseResources } from '#internal/resources/parse.ts';
import { settled } from '#internal/wire/streamed.ts';
import type { Response_GetState } from '#proto/gen/mesos/v1/master.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { allocatedTo } from '#internal/resources/resources.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import type { HttpResponse } from '#internal/runtime/http.ts';
import { Slicer } from '#internal/runtime/slicer.ts';
import { apply } from '#internal/state/apply.ts';
import { newState, type State } from '#internal/state/state.ts';
import { memorySink } from '#internal/testing/memory-sink.ts';
import { encode } from '#internal/wire/protobuf.ts';
import { jsonPieces } from '#internal/wire/json-stream.ts';
import { newDigester } from '#internal/wire/state-digest.ts';
import { chunksOfState, stateFromChunks } from '#internal/wire/state-stream.ts';
import type { Tell } from '../figure.ts';

export async function stallFigures(
  { scale }: { readonly scale: number },
  tell: Tell,
): Promise<void> {
  const clock = systemClock();
  const slicer = new Slicer({ clock });
  const view = viewOf(stateOf(Math.ceil(10_000 * scale), 10));
  const { state } = view;
  const measure = async (name: string, work: () => Promise<number>): Promise<number> => {
    const watch = watchLoop();
    const beganMs = clock.monotonic();
    const bytes = await work();
    const seconds = (clock.monotonic() - beganMs) / 1000;
    // What was collected is told a turn later.
    await clock.sleep(10);
    tell(
      { name: `${name}-longest-turn`, value: watch(), unit: 'ms' },
      { name: `${name}-longest-collection`, value: collections(beganMs), unit: 'ms' },
      { name: `${name}-rate`, value: bytes / 1e6 / seconds, unit: 'MB/s' },
    );
    return bytes / seconds;
  };

  await measure('rest', async () => {
    await clock.sleep(2000);
    return 0;
  });
  const desk = newReadingDesk({ clock });
  const read = await measure('get-state-json', async () => {
    const reply = reads.get('GET_STATE');
    if (reply === undefined) throw new Error('GET_STATE is not read');
    const profile = { build, cluster: 'bench', flags: {} };
    const pieces = (function* () {
      const message = yield* reply.reply({ view, metrics: noMetrics, profile });
      yield* jsonPieces('mesos.v1.master.Response', message);
    })();
    return await lengthOf(await desk.answer('application/json', pieces));
  });
  const chunks: Uint8Array[] = [];
  await measure('snapshot-write', async () => {
    for await (const chunk of chunksOfState(state, slicer)) chunks.push(chunk);
    return bytesOf(chunks);
  });
  await measure('snapshot-restore', async () => {
    await stateFromChunks(inTurn(chunks), slicer);
    return bytesOf(chunks);
  });
  await measure('digest', async () => {
    await runPaced(newDigester().of(state), slicer);
    return bytesOf(chunks);
  });
  const whole = settled<Response_GetState>(runToEnd(stateSteps(view)));
  const beganMs = clock.monotonic();
  const text = JSON.stringify(whole, (_, value: unknown) =>
    typeof value === 'bigint' ? Number(value) : value,
  );
  const stringify = text.length / ((clock.monotonic() - beganMs) / 1000);
  tell(
    { name: 'stringify-rate', value: stringify / 1e6, unit: 'MB/s' },
    { name: 'get-state-json-of-stringify', value: read / stringify, unit: 'times' },
  );
}

function noMetrics(): never {
  throw new Error('no metrics are asked for');
}

/** Reads it all. */
async function lengthOf(response: HttpResponse): Promise<number> {
  if (response.kind === 'whole') return response.body.length;
  const sink = memorySink({ isSlow: false });
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  sink.closed.addEventListener('abort', () => resolve());
  response.open(sink);
  await ended;
  return bytesOf(sink.chunks);
}

const pauses: { readonly atMs: number; readonly ms: number }[] = [];
const collector = new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) {
    pauses.push({ atMs: startTime, ms: duration });
  }
});
collector.observe({ entryTypes: ['gc'] });

/** The longest that memory was collected since then: a part of the turn that it fell into. */
const collections = (sinceMs: number): number =>
  Math.max(0, ...pauses.filter(({ atMs }) => atMs >= sinceMs).map(({ ms }) => ms));

/** Ends the watch and tells the longest that the loop did not turn, in milliseconds. */
function watchLoop(): () => number {
  let longest = 0;
  let last = performance.now();
  let isOver = false;
  const look = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  return () => {
    isOver = true;
    return longest;
  };
}

const bytesOf = (chunks: readonly Uint8Array[]): number =>
  chunks.reduce((sum, { length }) => sum + length, 0);

async function* inTurn(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void> {
  yield* chunks;
}

const build = {
  version: '1',
  date: '',
  timeSeconds: 0,
  user: '',
  gitSha: undefined,
} as const;

function viewOf(state: State): MasterView {
  return {
    state,
    self: { id: masterId('m'), hostname: 'm', ip: '127.0.0.1', httpPort: 5050, grpcPort: 5060 },
    startedMs: 0,
    electedMs: 0,
    offers: [],
    inverseAnswers: [],
    connectedAgents: new Set(state.agents.keys()),
    recoveredAgents: new Set(),
    connectedFrameworks: new Set(state.frameworks.keys()),
    recoveredFrameworks: new Set(),
  };
}

const frameworks = 100;

function stateOf(agents: number, tasksEach: number): State {
  let state = newState();
  for (let n = 0; n < frameworks; n++) {
    const framework = frameworkOf(n);
    state = apply(state, { kind: 'subscribe-framework', atMs: 1, framework }).state;
  }
  for (let n = 0; n < agents; n++) {
    state = apply(state, { kind: 'admit-agent', atMs: 1, agent: agentOf(n) }).state;
    const owner = frameworkId(`framework-${n % frameworks}`);
    const tasks = Array.from({ length: tasksEach }, (_, one) =>
      taskOf(n * tasksEach + one, n, owner),
    );
    state = apply(state, { kind: 'launch-tasks', atMs: 1, tasks }).state;
  }
  return state;
}

function frameworkOf(n: number): Framework {
  const id = frameworkId(`framework-${n}`);
  const info = encode('mesos.v1.FrameworkInfo', { user: 'root', name: id, id: { value: id } });
  return {
    id,
    info: encoded<'mesos.v1.FrameworkInfo'>(info),
    name: id,
    user: 'root',
    principal: undefined,
    roles: [role('*')],
    capabilities: new Set(),
    checkpoint: true,
    failoverTimeoutMs: 0,
    registeredMs: 1,
    reregisteredMs: 1,
    connection: { kind: 'connected' },
  };
}

function agentOf(n: number): Agent {
  const id = agentId(`agent-${n}`);
  const info = encode('mesos.v1.AgentInfo', { hostname: `host-${n}`, id: { value: id } });
  return {
    id,
    registration: `registration-${n}`,
    info: encoded<'mesos.v1.AgentInfo'>(info),
    hostname: `host-${n}`,
    ip: '10.0.0.1',
    port: 5051,
    version: '1',
    capabilities: ['MULTI_ROLE'],
    total: amount('cpus:32;mem:131072;disk:1000000;ports:[31000-32000]'),
    registeredMs: 1,
    reregisteredMs: undefined,
    reach: { kind: 'admitted' },
    deactivation: undefined,
    orphans: [],
  };
}

const used = allocatedTo('*', amount('cpus:0.1;mem:64'));

function taskOf(n: number, agent: number, owner: Task['frameworkId']): Task {
  const id = taskId(`task-${n}`);
  const info = encode('mesos.v1.TaskInfo', {
    name: `task ${n}`,
    task_id: { value: id },
    agent_id: { value: `agent-${agent}` },
    command: { value: 'sleep 1000' },
  });
  return {
    id,
    frameworkId: owner,
    agentId: agentId(`agent-${agent}`),
    executorId: undefined,
    groupId: undefined,
    name: `task ${n}`,
    info: encoded<'mesos.v1.TaskInfo'>(info),
    resources: used,
    launchedMs: 1,
    state: 'staging',
    update: undefined,
    acknowledgedUuid: undefined,
    statuses: [],
    kill: undefined,
  };
}

function amount(words: string): Resources {
  const parsed = parseResources(words);
  if (!parsed.ok) throw new Error(parsed.refusal);
  return parsed.value;
}
