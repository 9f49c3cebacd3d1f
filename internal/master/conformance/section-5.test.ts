/** Contract 5: what is wrong with a task. 5.3 is in section 3, 5.6 beside the operations. */
import { type EventRow, testEvents } from './rows.suite.ts';
import { frameworkInfo, type Stage } from '../testing/stage.ts';

const cpus = { name: 'cpus', type: 'SCALAR', scalar: { value: 1 } };
const minus = { nanoseconds: -1 };

const withAgent = async (stage: Stage): Promise<unknown> => {
  await stage.agent();
  return stage.offer();
};

/** What a task differs in, and the message of its TASK_ERROR. */
type Wrong = readonly [at: string, name: string, more: object, message: string];

const httpCheck = (http: object, more: object = {}): object => ({
  health_check: { type: 'HTTP', http: { port: 1, ...http }, ...more },
});

const variable = (more: object): object => ({
  command: { value: 'true', environment: { variables: [{ name: 'N', ...more }] } },
});

const volume = (more: object): object => ({
  container: { type: 'MESOS', volumes: [{ container_path: 'p', mode: 'RW', ...more }] },
});

const commandText = "Task's `CommandInfo` is invalid: ";
const containerText = "Task's `ContainerInfo` is invalid: ";

const halfGpu = { name: 'gpus', type: 'SCALAR', scalar: { value: 0.5 } };
const gpuText = "Invalid 'gpus' resource: The 'gpus' resource must be an unsigned integer";
const unreservedVolume = {
  name: 'disk',
  type: 'SCALAR',
  scalar: { value: 1 },
  disk: { persistence: { id: 'v' }, volume: { container_path: 'v', mode: 'RW' } },
};

const wrongs: readonly Wrong[] = [
  ['5.2', 'an empty id', { task_id: { value: '' } }, 'ID must not be empty'],
  [
    '5.2',
    'an id that is too long',
    { task_id: { value: 'x'.repeat(256) } },
    'ID must not be greater than 255 characters',
  ],
  ['5.2', 'an id of dots', { task_id: { value: '..' } }, `'..' is disallowed`],
  ['5.2', 'an id with a slash', { task_id: { value: 'a/b' } }, `'a/b' contains invalid characters`],
  [
    '5.5',
    'another agent',
    { agent_id: { value: 'other' } },
    'Task uses invalid agent other while agent m1-1-S0 is expected',
  ],
  [
    '5.5',
    'a grace below nothing',
    { kill_policy: { grace_period: minus } },
    `Task's 'kill_policy.grace_period' must be non-negative`,
  ],
  [
    '5.5',
    'a time below nothing',
    { max_completion_time: minus },
    "Task's `max_completion_time` must be non-negative",
  ],
  [
    '5.7',
    'a health check without its member',
    { health_check: { type: 'COMMAND' } },
    `Task uses invalid health check: Expecting 'command' to be set for COMMAND health check`,
  ],
  [
    '5.7',
    'a scheme that is none',
    httpCheck({ scheme: 'ftp' }),
    `Task uses invalid health check: Unsupported HTTP health check scheme: 'ftp'`,
  ],
  [
    '5.7',
    'a path without a slash',
    httpCheck({ path: 'x' }),
    `Task uses invalid health check: The path 'x' of HTTP health check must start with '/'`,
  ],
  [
    '5.7',
    'a delay below nothing',
    httpCheck({}, { delay_seconds: -1 }),
    `Task uses invalid health check: Expecting 'delay_seconds' to be non-negative`,
  ],
  ['5.5', 'no resources', { resources: [] }, 'Task uses no resources'],
  [
    '5.4',
    'ranges that overlap',
    {
      resources: [
        {
          name: 'ports',
          type: 'RANGES',
          ranges: {
            range: [
              { begin: 31_000, end: 31_002 },
              { begin: 31_001, end: 31_003 },
            ],
          },
        },
      ],
    },
    `Resource 'ports:[31000-31002, 31001-31003]' is invalid: ` +
      `Invalid ranges resource: overlapping ranges`,
  ],
  [
    '5.4',
    'a resource without a name',
    { resources: [{ ...cpus, name: '' }] },
    `Resource ':1' is invalid: Empty resource name`,
  ],
  [
    '5.5',
    'a part of a GPU',
    { resources: [cpus, halfGpu] },
    `Task uses invalid resources: ${gpuText}`,
  ],
  [
    '5.5',
    'a volume of nobody',
    { resources: [cpus, unreservedVolume] },
    'Task uses invalid resources: Invalid DiskInfo: ' +
      'Persistent volumes cannot be created from unreserved resources',
  ],
  [
    '5.5',
    'an executor with a part of a GPU',
    {
      command: null,
      executor: { executor_id: { value: 'e' }, command: { value: 'e' }, resources: [halfGpu] },
    },
    `Executor uses invalid resources: ${gpuText}`,
  ],
  [
    '5.8',
    'a variable without a value',
    variable({ type: 'VALUE' }),
    `${commandText}Environment variable 'N' of type 'VALUE' must have a value set`,
  ],
  [
    '5.8',
    'a secret without a secret',
    variable({ type: 'SECRET' }),
    `${commandText}Environment variable 'N' of type 'SECRET' must have a secret set`,
  ],
  [
    '5.8',
    'a volume from nowhere and elsewhere',
    volume({ host_path: '/a', image: { type: 'DOCKER', docker: { name: 'i' } } }),
    `${containerText}Invalid volume: Only one of them should be set: 'host_path', 'image' and 'source'`,
  ],
  [
    '5.8',
    'a docker container without docker',
    { container: { type: 'DOCKER' } },
    `${containerText}DockerInfo 'docker' is not set for DOCKER typed ContainerInfo`,
  ],
  [
    '5.5',
    'limits that the agent cannot keep',
    { limits: { cpus: { value: 2 } } },
    'Agent is not capable of handling task resource limits',
  ],
  [
    '5.5',
    'neither a command nor an executor',
    { command: null },
    'Task should have at least one (but not both) of CommandInfo or ExecutorInfo present',
  ],
  [
    '5.5',
    'an executor without a command',
    { command: null, executor: { executor_id: { value: 'e' } } },
    `'ExecutorInfo.command' must be set`,
  ],
];

testEvents(
  wrongs.map(([at, name, more, message]): EventRow => {
    const { task_id = { value: 't' } } = more as { readonly task_id?: { readonly value: string } };
    return {
      at,
      name,
      info: frameworkInfo(),
      before: withAgent,
      when: async (stage) => {
        const offer = await stage.offer();
        const task = {
          name: 't',
          task_id,
          agent_id: offer.agent_id,
          resources: [cpus],
          command: { value: 'true' },
          ...more,
        };
        const operations = [{ type: 'LAUNCH', launch: { task_infos: [task] } }];
        return stage.call({ type: 'ACCEPT', accept: { offer_ids: [offer.id], operations } });
      },
      hears: [`${task_id.value} TASK_ERROR SOURCE_MASTER REASON_TASK_INVALID '${message}'`],
    };
  }),
);
