/** Contract 7: updates, acknowledgements, reconciliation, kills; and 8.4, of operations. */
import { type EventRow, testEvents } from './rows.suite.ts';
import { frameworkInfo, type Stage } from '../testing/stage.ts';
import type { TestAgent } from '../testing/test-agent.ts';

type Scene = { readonly agent: TestAgent };
const scenes = new WeakMap<Stage, Scene>();

const sceneOf = (stage: Stage): Scene => {
  const scene = scenes.get(stage);
  if (scene === undefined) throw new Error('the row has no agent');
  return scene;
};

const cpus = { name: 'cpus', type: 'SCALAR', scalar: { value: 1 } };

/** An agent that runs `t`. */
async function running(stage: Stage): Promise<void> {
  const agent = await stage.agent();
  scenes.set(stage, { agent });
  const offer = await stage.offer();
  const task = {
    name: 't',
    task_id: { value: 't' },
    agent_id: offer.agent_id,
    resources: [cpus],
    command: { value: 'true' },
  };
  const operations = [{ type: 'LAUNCH', launch: { task_infos: [task] } }];
  await stage.call({ type: 'ACCEPT', accept: { offer_ids: [offer.id], operations } });
  await stage.cluster.until(() => agent.tasks.has('t'), 'not launched');
  const { uuid } = agent.report('t', 'TASK_RUNNING');
  await stage.settle();
  const ids = { agent_id: { value: agent.id }, task_id: { value: 't' } };
  const text = Buffer.from(uuid ?? []).toString('base64');
  await stage.call({ type: 'ACKNOWLEDGE', acknowledge: { ...ids, uuid: text } });
}

const report =
  (state: 'TASK_RUNNING' | 'TASK_FINISHED') =>
  async (stage: Stage): Promise<void> => {
    sceneOf(stage).agent.report('t', state);
    await stage.settle();
  };

const reconcile =
  (...tasks: readonly object[]) =>
  (stage: Stage): Promise<unknown> =>
    stage.call({ type: 'RECONCILE', reconcile: { tasks } });

const kill =
  (part: object) =>
  (stage: Stage): Promise<unknown> =>
    stage.call({ type: 'KILL', kill: { task_id: { value: 't' }, ...part } });

const t = { task_id: { value: 't' } };
const x = { task_id: { value: 'x' } };
const on = (agent: string): object => ({ agent_id: { value: agent } });
const old = frameworkInfo({ capabilities: [{ type: 'MULTI_ROLE' }] });

const told = (task: string, state: string, why: string): string =>
  `${task} ${state} SOURCE_MASTER REASON_RECONCILIATION 'Reconciliation: ${why}'`;

const latest = told('t', 'TASK_RUNNING', 'Latest task state');
const removed = 'SOURCE_MASTER REASON_AGENT_REMOVED';

async function unreachable(stage: Stage): Promise<void> {
  sceneOf(stage).agent.answersPings = false;
  await stage.cluster.world.runFor(91_000);
}

async function goodbye(stage: Stage): Promise<void> {
  sceneOf(stage).agent.say({ unregister: { message: 'bye' } });
  await stage.settle();
}

async function markGone(stage: Stage): Promise<void> {
  const { agent } = sceneOf(stage);
  const call = { type: 'MARK_AGENT_GONE', mark_agent_gone: on(agent.id) };
  await stage.post(call, { to: 'operator' });
  await stage.settle();
}

async function backAgain(stage: Stage): Promise<void> {
  await unreachable(stage);
  const { agent } = sceneOf(stage);
  agent.answersPings = true;
  agent.disconnect();
  agent.connect(stage.leader.master.acceptAgent);
  await stage.settle();
}

const timeout = 'health check timed out';
const again = 'Unreachable agent re-reregistered';

const losses: readonly EventRow[] = [
  {
    at: '7.2',
    name: 'what the agent says reaches the scheduler with its uuid',
    before: running,
    when: report('TASK_FINISHED'),
    hears: ['t TASK_FINISHED SOURCE_EXECUTOR uuid'],
  },
  {
    at: '7.3',
    name: 'an agent that does not answer pings',
    before: running,
    when: unreachable,
    hears: [`t TASK_UNREACHABLE ${removed} '${timeout}'`, 'FAILURE'],
  },
  {
    at: '7.3',
    name: 'the same, told to an older framework',
    info: old,
    before: running,
    when: unreachable,
    hears: [`t TASK_LOST ${removed} '${timeout}'`, 'FAILURE'],
  },
  {
    at: '7.3',
    name: 'an agent that comes back',
    before: running,
    when: backAgain,
    hears: [
      `t TASK_UNREACHABLE ${removed} '${timeout}'`,
      'FAILURE',
      `t TASK_RUNNING SOURCE_MASTER REASON_AGENT_REREGISTERED '${again}'`,
    ],
  },
  {
    at: '7.3',
    name: 'an agent that unregisters itself',
    before: running,
    when: goodbye,
    hears: [`t TASK_LOST ${removed} 'Agent a1 removed: bye'`, 'FAILURE'],
  },
  {
    at: '7.3',
    name: 'an agent that an operator marks gone',
    before: running,
    when: markGone,
    hears: [
      't TASK_GONE_BY_OPERATOR SOURCE_MASTER REASON_AGENT_REMOVED_BY_OPERATOR ' +
        `'Agent has been marked gone'`,
      'FAILURE',
    ],
  },
];

const reconciliations: readonly EventRow[] = [
  { at: '7.5', name: 'implicit, without tasks: nothing', when: reconcile(), hears: [] },
  { at: '7.5', name: 'implicit', before: running, when: reconcile(), hears: [latest] },
  { at: '7.5 row 1', name: 'a live task', before: running, when: reconcile(t), hears: [latest] },
  {
    at: '7.5 row 1',
    name: 'a live task, with another agent',
    before: running,
    when: reconcile({ ...t, ...on('other') }),
    hears: [latest],
  },
  {
    at: '7.5 row 3',
    name: 'a task that its agent does not know',
    before: running,
    when: reconcile({ ...x, ...on('m1-1-S0') }),
    hears: [told('x', 'TASK_GONE', 'Task is unknown to the agent')],
  },
  {
    at: '7.5 row 3',
    name: 'the same, told to an older framework',
    info: old,
    before: running,
    when: reconcile({ ...x, ...on('m1-1-S0') }),
    hears: [told('x', 'TASK_LOST', 'Task is unknown to the agent')],
  },
  {
    at: '7.5 row 4',
    name: 'a task on an agent that is not reached',
    before: async (stage) => {
      await running(stage);
      await unreachable(stage);
    },
    when: reconcile({ ...t, ...on('m1-1-S0') }, t),
    hears: [
      told('t', 'TASK_UNREACHABLE', 'Task is unreachable'),
      told('t', 'TASK_UNKNOWN', 'Task is unknown'),
    ],
  },
  {
    at: '7.5 row 5',
    name: 'a task on an agent that is gone',
    before: async (stage) => {
      await running(stage);
      await markGone(stage);
    },
    when: reconcile({ ...t, ...on('m1-1-S0') }),
    hears: [told('t', 'TASK_GONE_BY_OPERATOR', 'Task is gone')],
  },
  {
    at: '7.5 row 6',
    name: 'a task on an agent that nobody knows',
    when: reconcile({ ...x, ...on('nobody') }, x),
    hears: [
      told('x', 'TASK_UNKNOWN', 'Task is unknown'),
      told('x', 'TASK_UNKNOWN', 'Task is unknown'),
    ],
  },
];

const kills: readonly EventRow[] = [
  {
    at: '7.6',
    name: 'a task that nobody knows is reconciled',
    when: kill({}),
    hears: [told('t', 'TASK_UNKNOWN', 'Task is unknown')],
  },
  {
    at: '7.6',
    name: 'another agent is met with silence',
    before: running,
    when: kill(on('other')),
    hears: [],
  },
  {
    at: '7.6',
    name: "a live task is its agent's to tell of",
    before: running,
    when: kill({}),
    hears: [],
  },
];

const operations =
  (...list: readonly object[]) =>
  (stage: Stage): Promise<unknown> =>
    stage.call({ type: 'RECONCILE_OPERATIONS', reconcile_operations: { operations: list } });

const o = { operation_id: { value: 'o' } };
const said = (state: string, why: string): string => `o ${state} 'Reconciliation: ${why}'`;

const ofOperations: readonly EventRow[] = [
  { at: '8', name: 'implicit, without operations: nothing', when: operations(), hears: [] },
  {
    at: '8',
    name: 'an operation without an agent',
    when: operations(o),
    hears: [said('OPERATION_UNKNOWN', `Operation is unknown and no 'agent_id' was provided`)],
  },
  {
    at: '8',
    name: 'an operation on an agent that nobody knows',
    when: operations({ ...o, ...on('nobody') }),
    hears: [said('OPERATION_UNKNOWN', 'Both operation and agent are unknown')],
  },
  {
    at: '8',
    name: 'an operation that its agent does not know',
    before: running,
    when: operations({ ...o, ...on('m1-1-S0') }),
    hears: [said('OPERATION_UNKNOWN', 'Operation is unknown')],
  },
  {
    at: '8',
    name: 'an operation on an agent that is not reached',
    before: async (stage) => {
      await running(stage);
      await unreachable(stage);
    },
    when: operations({ ...o, ...on('m1-1-S0') }),
    hears: [said('OPERATION_UNREACHABLE', 'Agent is unreachable')],
  },
  {
    at: '8',
    name: 'an operation on an agent that is gone',
    before: async (stage) => {
      await running(stage);
      await markGone(stage);
    },
    when: operations({ ...o, ...on('m1-1-S0') }),
    hears: [said('OPERATION_GONE_BY_OPERATOR', 'Agent marked gone by operator')],
  },
];

testEvents([...losses, ...reconciliations, ...kills, ...ofOperations]);
