/**
 * One agent, a real one in a process of its own with its checkpoint on disk, and masters that only speak
 * the protocol (`ModelMasters`): how many `true` a second it runs next to what two shells of this machine
 * start of them in the same minute, how soon a task runs, what idle tasks cost in memory, and how soon an
 * agent that was killed is back. Each with control groups and without.
 *
 * `npm run bench -- agent [--tasks 500] [--only posix,cgroups] [--short]`; `--short` leaves out memory and
 * recovery. `AGENT_PROFILE=FOLDER` leaves a profile there of the agent, which is then asked to end.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ModelMasters } from '#internal/agent/testing/model-masters.ts';
import { openGrpcServer } from '#internal/rpc/grpc-server.ts';
import { acceptGrpcLinks, agentLinkOptions } from '#internal/rpc/link-grpc.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { type Program, startProgram } from '#internal/runtime/real/program.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { findFreePort } from '#internal/testing/free-port.ts';
import { masterSideCodec } from '#internal/wire/agent-link-codec.ts';
import { type Figure, reportFigures } from './figure.ts';
import { cpuSeconds, residentBytes } from './master/process-use.ts';

const altiplano = join(import.meta.dirname, '../cmd/altiplano.js');
const withinMs = 300_000;
const rounds = 3;
const latencyTasks = 50;

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '500' },
    only: { type: 'string', default: 'posix,cgroups' },
    short: { type: 'boolean', default: false },
  },
});
const tasks = Number(values.tasks);
const profile = process.env['AGENT_PROFILE'];
const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
/** A program that is killed leaves no profile. */
const end = profile === undefined ? 'SIGKILL' : 'SIGTERM';

type Ground = { readonly masters: ModelMasters; readonly startAgent: () => Program };

const figures: Figure[] = [{ name: 'load-before', value: loadavg()[0] ?? NaN, unit: 'processes' }];
for (const [name, isolation] of [
  ['posix', 'posix/cpu,posix/mem'],
  ['cgroups', 'auto'],
] as const) {
  if (!values.only.split(',').includes(name)) continue;
  // Not in the system's folder for temporary files, which is often memory.
  const folder = mkdtempSync('/var/tmp/altiplano-bench-');
  try {
    const measured = await figuresOf(folder, isolation);
    figures.push(...measured.map((figure) => ({ ...figure, name: `${name}-${figure.name}` })));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
reportFigures('agent', figures);

async function figuresOf(folder: string, isolation: string): Promise<readonly Figure[]> {
  await using stack = new AsyncDisposableStack();
  const ground = await openGround(stack, folder, isolation);
  let agent = ground.startAgent();
  stack.defer(async () => {
    agent.signal(end);
    await agent.ended;
  });
  const { masters } = ground;
  await until(() => masters.counts.registrations > 0);
  const ratios = await launchRatios(masters, agent.pid ?? 0);
  const latency = await latencies(masters);
  if (values.short) return [...ratios, ...latency];
  const before = availableBytes();
  for (let at = 0; at < tasks; at++) masters.launch(`idle-${at}`, 'exec sleep 100000');
  const idle = (): readonly string[] => heardOf(masters, 'idle-');
  await until(() => idle().every((states) => states.includes('TASK_RUNNING')));
  await pause(1000);
  const perTask = (before - availableBytes()) / tasks;
  const agentBytes = residentBytes(agent.pid ?? 0);
  const { registrations } = masters.counts;
  agent.signal(end);
  await agent.ended;
  const startMs = performance.now();
  agent = ground.startAgent();
  await until(() => masters.counts.registrations > registrations);
  const recoveryMs = performance.now() - startMs;
  for (let at = 0; at < tasks; at++) masters.kill(`idle-${at}`, 0);
  await until(() => idle().every((states) => states.endsWith('TASK_KILLED')));
  return [
    ...ratios,
    ...latency,
    { name: `memory-per-idle-task`, value: perTask / 1024, unit: 'KB' },
    { name: `agent-resident`, value: agentBytes / 1024 / 1024, unit: 'MB' },
    { name: `recovered-registered`, value: recoveryMs, unit: 'ms' },
  ];
}

async function openGround(
  stack: AsyncDisposableStack,
  folder: string,
  isolation: string,
): Promise<Ground> {
  const clock = systemClock();
  const random = systemRandom();
  const { server, port } = stack.use(await openGrpcServer({ host: '127.0.0.1', port: 0 }));
  const address = `127.0.0.1:${port}`;
  const masters = new ModelMasters({ random }, { addresses: [address], attention: 1 });
  acceptGrpcLinks({ server, clock, codec: masterSideCodec }, agentLinkOptions, masters.acceptor(0));
  const httpPort = await findFreePort('127.0.0.1', random);
  const flags = [`--masters=${address}`, `--work-dir=${folder}`, `--port=${httpPort}`];
  const own = ['--ip=127.0.0.1', '--hostname=bench', '--log-level=warn', '--end-with-input'];
  const args = [...profiling, altiplano, 'agent', ...flags, ...own, `--isolation=${isolation}`];
  return {
    masters,
    startAgent: () => startProgram({ command: process.execPath, args, onLine }),
  };
}

function onLine(_: string, line: string): void {
  console.error(`agent: ${line}`);
}

/** In turns: the machine's own rate, then ours. */
async function launchRatios(masters: ModelMasters, pid: number): Promise<readonly Figure[]> {
  const own: number[] = [];
  const ours: number[] = [];
  // Once for nothing: what is timed is the program, not its being compiled.
  await runTrue(masters, 'warm');
  const before = cpuSeconds(pid);
  for (let round = 0; round < rounds; round++) {
    own.push(await shellRate());
    ours.push(await runTrue(masters, `round-${round}`));
  }
  const cpu = (cpuSeconds(pid) - before) / tasks / rounds;
  const ratios = ours.map((rate, round) => rate / (own[round] ?? NaN));
  return [
    { name: 'true-by-shells', value: median(own), unit: '1/s' },
    { name: 'true-by-agent', value: median(ours), unit: '1/s' },
    { name: 'true-agent-over-shells', value: median(ratios), unit: 'times' },
    // Of the agent's own process: others on the machine do not count.
    { name: 'agent-cpu-per-task', value: 1e6 * cpu, unit: 'us' },
  ];
}

/** Tasks a second, from the first that is launched to the last that is told to have finished. */
async function runTrue(masters: ModelMasters, prefix: string): Promise<number> {
  const startMs = performance.now();
  for (let at = 0; at < tasks; at++) masters.launch(`${prefix}-${at}`, 'exec true');
  await until(() => heardOf(masters, prefix).every((states) => states.endsWith('TASK_FINISHED')));
  return (1000 * tasks) / (performance.now() - startMs);
}

/** Two shells that start `/bin/true` one after the other: as fast as this machine starts anything. */
async function shellRate(): Promise<number> {
  const line = `i=0; while [ $i -lt ${tasks} ]; do /bin/true; i=$((i+1)); done`;
  const startMs = performance.now();
  await Promise.all(
    [1, 2].map(
      async () =>
        await new Promise((resolve) => {
          spawn('/bin/sh', ['-c', line], { stdio: 'ignore' }).on('exit', resolve);
        }),
    ),
  );
  return (2000 * tasks) / (performance.now() - startMs);
}

/** One at a time, from the order to the first word that it runs. */
async function latencies(masters: ModelMasters): Promise<readonly Figure[]> {
  const times: number[] = [];
  for (let at = 0; at < latencyTasks; at++) {
    const startMs = performance.now();
    masters.launch(`single-${at}`, 'exec true');
    const states = (): string => heardOf(masters, `single-${at}`)[0] ?? '';
    await until(() => states().includes('TASK_RUNNING'), 1);
    times.push(performance.now() - startMs);
    await until(() => states().endsWith('TASK_FINISHED'), 1);
  }
  const sorted = times.toSorted((a, b) => a - b);
  return [
    { name: 'launch-to-running-p50', value: sorted[latencyTasks / 2] ?? NaN, unit: 'ms' },
    { name: 'launch-to-running-p99', value: sorted[latencyTasks - 1] ?? NaN, unit: 'ms' },
  ];
}

function heardOf(masters: ModelMasters, prefix: string): readonly string[] {
  const found = [...masters.tasks].filter(([id]) => id === prefix || id.startsWith(prefix));
  return found.map(([, { heard }]) => heard.map(({ state }) => state).join(' '));
}

async function until(condition: () => boolean, pollMs = 10): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error('it never came');
    await pause(pollMs);
  }
}

function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? NaN;
}

/** Of the whole machine. */
function availableBytes(): number {
  spawnSync('/bin/sync');
  return (
    1024 * Number(/^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1])
  );
}
