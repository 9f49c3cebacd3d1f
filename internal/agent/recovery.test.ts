import test, { type ExecutionContext } from 'ava';
import type { AgentInfo } from '#proto/gen/mesos/v1.ts';
import { specFor } from './containers/containerizer.suite.ts';
import { RecoveryError, usualRecovery } from './recovery.ts';
import { AgentWorld } from './testing/agent-world.ts';

const minuteMs = 60_000;

function become(w: AgentWorld, info: Partial<AgentInfo>): void {
  const agent_info = { hostname: 'agent', ...info };
  w.given = { ...w.given, description: { agent_info, version: '0', ip: '10.0.0.1' } };
}

const cpus = (value: number) => [{ name: 'cpus', type: 'SCALAR', scalar: { value } }] as const;

async function until(t: ExecutionContext, w: AgentWorld, condition: () => boolean): Promise<void> {
  t.true(await w.world.runUntil(condition, { withinMs: 10 * minuteMs }));
}

const isRegistered = (w: AgentWorld): boolean => w.agent?.view()?.session.kind === 'registered';

/** A new one finds no master here: the model knows of one agent. */
const isLooking = (w: AgentWorld): boolean => w.agent?.view()?.session.kind === 'dialing';

/** An agent with a task that runs for long. */
async function busy(t: ExecutionContext, seed: string): Promise<AgentWorld> {
  const w = new AgentWorld(seed, { attention: 1 });
  become(w, { resources: [...cpus(4)] });
  w.given = { ...w.given, bootId: 'boot-1' };
  w.boot();
  await until(t, w, () => isRegistered(w));
  w.masters.launch('long', 'sleep 600');
  await until(t, w, () => (w.masters.tasks.get('long')?.heard.length ?? 0) > 1);
  return w;
}

async function restart(t: ExecutionContext, w: AgentWorld): Promise<void> {
  const { agent } = w;
  w.failure = undefined;
  w.crash('process');
  await until(t, w, () => w.failure !== undefined || (w.agent !== agent && isRegistered(w)));
}

test('an agent that is not what it was does not start, and says what differs', async (t) => {
  const w = await busy(t, 'incompatible');
  become(w, { hostname: 'elsewhere', resources: [...cpus(2)] });
  await restart(t, w);
  t.true(w.failure instanceof RecoveryError);
  const message = w.failure instanceof Error ? w.failure.message : '';
  t.regex(message, /Configuration change not permitted under 'equal' policy/);
  t.regex(message, /Hostname changed from agent to elsewhere/);
  t.regex(message, /Value of scalar resource 'cpus' decreased from 4 to 2/);
  t.regex(message, /--recover=cleanup/);
  t.is(w.containers.alive, 1, 'its tasks run on');
  // As it was, it goes on as if nothing had been.
  become(w, { resources: [...cpus(4)] });
  await restart(t, w);
  t.is(w.failure, undefined);
  t.is(w.unfinished, 1);
  t.deepEqual(w.containers.starts.length, 1);
});

test('an agent that has more than it had keeps its id and its tasks, when it may', async (t) => {
  const w = await busy(t, 'additive');
  const registration = w.agent?.view()?.registration;
  become(w, { resources: [...cpus(8)] });
  await restart(t, w);
  t.true(w.failure instanceof RecoveryError);
  w.given = { ...w.given, recovery: { ...usualRecovery, policy: 'additive' } };
  await restart(t, w);
  t.is(w.failure, undefined);
  t.is(w.agent?.view()?.registration, registration);
  t.is(w.unfinished, 1);
  // It is measured by what it was last.
  become(w, { resources: [...cpus(4)] });
  await restart(t, w);
  t.true(w.failure instanceof RecoveryError);
});

test('cleanup ends what runs, and the start after it is a new agent', async (t) => {
  const w = await busy(t, 'cleanup');
  const registration = w.agent?.view()?.registration;
  const term = w.agent?.view()?.term;
  w.given = { ...w.given, recovery: { ...usualRecovery, mode: 'cleanup' } };
  const { agent } = w;
  w.crash('process');
  await until(t, w, () => w.agent !== agent);
  t.deepEqual(await w.world.settle(w.agent!.ended, { withinMs: minuteMs }), { kind: 'cleaned' });
  t.is(w.containers.alive, 0);
  t.is(w.unfinished, 0);
  w.given = { ...w.given, recovery: usualRecovery };
  become(w, { hostname: 'another' });
  w.crash('process');
  await until(t, w, () => isLooking(w));
  t.is(w.failure, undefined);
  t.not(w.agent?.view()?.registration, registration);
  t.true((w.agent?.view()?.term ?? 0n) >= (term ?? 1n), 'deposed leaders stay deposed');
});

test('after a reboot an agent that is another one is a new one', async (t) => {
  const w = await busy(t, 'reboot');
  const registration = w.agent?.view()?.registration;
  w.given = { ...w.given, bootId: 'boot-2' };
  become(w, { hostname: 'renamed' });
  const { agent } = w;
  w.crash('power');
  await until(t, w, () => w.agent !== agent && isLooking(w));
  t.is(w.failure, undefined);
  t.not(w.agent?.view()?.registration, registration);
  t.is(w.containers.starts.length, 1, 'nothing is launched a second time');
});

test('after a reboot an agent that is the same keeps its id, and its tasks have failed', async (t) => {
  const w = await busy(t, 'same reboot');
  const registration = w.agent?.view()?.registration;
  w.given = { ...w.given, bootId: 'boot-2' };
  const { agent } = w;
  w.crash('power');
  await until(t, w, () => w.agent !== agent && w.unfinished === 0 && w.masters.allTold);
  t.is(w.agent?.view()?.registration, registration);
  const heard = w.masters.tasks.get('long')!.heard;
  t.deepEqual(
    heard.map(({ state }) => state),
    ['TASK_STARTING', 'TASK_RUNNING', 'TASK_FAILED'],
  );
  t.is(heard.at(-1)!.reason, 'REASON_EXECUTOR_TERMINATED');
  t.is(w.containers.starts.length, 1);
});

test('what runs and stands in no checkpoint is ended when the agent starts, and nothing else', async (t) => {
  const w = await busy(t, 'strangers');
  const earlier = w.containers.containerizer(w.world.boot('an earlier agent'));
  const stranger = specFor({ kind: 'shell', line: 'trap TERM; sleep 600' });
  await w.world.settle(earlier.launch(stranger), { withinMs: minuteMs });
  t.is(w.containers.alive, 2);
  await restart(t, w);
  t.is(w.containers.alive, 1);
  t.is(w.unfinished, 1);
  const told = w.book.lines.filter(
    ({ message }) => message === 'container that nobody knows ended',
  );
  t.is(told.length, 1);
});
