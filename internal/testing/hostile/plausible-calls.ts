/**
 * Calls with nothing wrong about them, as JSON, to begin from. `{offer}`, `{agent}` and the like stand
 * for ids that are in use when the call is made.
 */
const framework_id = { value: '{framework}' };
const agent_id = { value: '{agent}' };
const task_id = { value: '{task}' };
const uuid = 'HQ/RPCHGTjagyGkHAOMEJA==';

const framework_info = {
  user: 'root',
  name: 'hostile',
  roles: ['test'],
  failover_timeout: 1,
  capabilities: [{ type: 'MULTI_ROLE' }, { type: 'RESERVATION_REFINEMENT' }],
  offer_filters: {
    test: { min_allocatable_resources: { quantities: [{ quantities: { cpus: { value: 1 } } }] } },
  },
};

const resources = [
  { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
  { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
  { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 31_000, end: 31_001 }] } },
];

const task = {
  name: 't',
  task_id: { value: '{new}' },
  agent_id,
  resources,
  command: { value: 'true', environment: { variables: [{ name: 'A', value: 'b' }] } },
  health_check: { type: 'HTTP', http: { port: 80, path: '/' }, delay_seconds: 1 },
  kill_policy: { grace_period: { nanoseconds: 1 } },
  labels: { labels: [{ key: 'k', value: 'v' }] },
};

const reserved = {
  name: 'disk',
  type: 'SCALAR',
  scalar: { value: 10 },
  reservations: [{ type: 'DYNAMIC', role: 'test', principal: 'p' }],
};

const executor = {
  type: 'DEFAULT',
  executor_id: { value: 'e' },
  framework_id,
  resources: [...resources, { name: 'disk', type: 'SCALAR', scalar: { value: 1 } }],
};

const volume = {
  ...reserved,
  disk: { persistence: { id: 'v', principal: 'p' }, volume: { container_path: 'd', mode: 'RW' } },
};

const operations = [
  { type: 'RESERVE', id: { value: 'o1' }, reserve: { resources: [reserved] } },
  { type: 'CREATE', id: { value: 'o2' }, create: { volumes: [volume] } },
  { type: 'LAUNCH', launch: { task_infos: [task] } },
  { type: 'LAUNCH_GROUP', launch_group: { executor, task_group: { tasks: [task] } } },
  { type: 'DESTROY', destroy: { volumes: [volume] } },
  { type: 'UNRESERVE', unreserve: { resources: [reserved] } },
];

const machines = [{ hostname: 'a1', ip: '127.0.0.1' }];
const constraints = {
  role_constraints: {
    test: {
      groups: [
        {
          attribute_constraints: [
            {
              selector: { attribute_name: 'rack' },
              predicate: { text_matches: { regex: '(a|b)*c' } },
            },
          ],
        },
      ],
    },
  },
};

export const plausibleSchedulerCalls: readonly object[] = [
  {
    type: 'SUBSCRIBE',
    subscribe: { framework_info, suppressed_roles: ['test'], offer_constraints: constraints },
  },
  {
    type: 'SUBSCRIBE',
    framework_id,
    subscribe: { framework_info: { ...framework_info, id: framework_id } },
  },
  {
    type: 'ACCEPT',
    framework_id,
    accept: { offer_ids: [{ value: '{offer}' }], operations, filters: { refuse_seconds: 0 } },
  },
  {
    type: 'ACCEPT',
    framework_id,
    accept: {
      offer_ids: [{ value: '{offer}' }],
      operations: [{ type: 'LAUNCH', launch: { task_infos: [task] } }],
    },
  },
  {
    type: 'DECLINE',
    framework_id,
    decline: { offer_ids: [{ value: '{offer}' }], filters: { refuse_seconds: 1 } },
  },
  {
    type: 'ACCEPT_INVERSE_OFFERS',
    framework_id,
    accept_inverse_offers: { inverse_offer_ids: [{ value: '{inverse}' }] },
  },
  {
    type: 'DECLINE_INVERSE_OFFERS',
    framework_id,
    decline_inverse_offers: { inverse_offer_ids: [{ value: '{inverse}' }] },
  },
  { type: 'REVIVE', framework_id, revive: { roles: ['test'] } },
  { type: 'SUPPRESS', framework_id, suppress: { roles: ['test'] } },
  { type: 'KILL', framework_id, kill: { task_id, agent_id, kill_policy: task.kill_policy } },
  { type: 'SHUTDOWN', framework_id, shutdown: { executor_id: { value: 'e' }, agent_id } },
  { type: 'ACKNOWLEDGE', framework_id, acknowledge: { agent_id, task_id, uuid } },
  { type: 'RECONCILE', framework_id, reconcile: { tasks: [{ task_id, agent_id }, { task_id }] } },
  {
    type: 'RECONCILE_OPERATIONS',
    framework_id,
    reconcile_operations: { operations: [{ operation_id: { value: 'o1' }, agent_id }] },
  },
  {
    type: 'ACKNOWLEDGE_OPERATION_STATUS',
    framework_id,
    acknowledge_operation_status: { agent_id, uuid, operation_id: { value: 'o1' } },
  },
  { type: 'MESSAGE', framework_id, message: { agent_id, executor_id: { value: 'e' }, data: uuid } },
  { type: 'REQUEST', framework_id, request: { requests: [{ agent_id, resources }] } },
  {
    type: 'UPDATE_FRAMEWORK',
    framework_id,
    update_framework: {
      framework_info: { ...framework_info, id: framework_id },
      offer_constraints: constraints,
    },
  },
  { type: 'UNKNOWN', framework_id },
  { type: 'TEARDOWN', framework_id },
];

const quantities = { cpus: { value: 2 } };

export const plausibleOperatorCalls: readonly object[] = [
  { type: 'GET_STATE' },
  { type: 'GET_METRICS', get_metrics: { timeout: { nanoseconds: -1 } } },
  { type: 'SUBSCRIBE' },
  { type: 'UPDATE_WEIGHTS', update_weights: { weight_infos: [{ role: 'test', weight: 2.5 }] } },
  {
    type: 'UPDATE_QUOTA',
    update_quota: { quota_configs: [{ role: 'test', guarantees: quantities, limits: quantities }] },
  },
  { type: 'SET_QUOTA', set_quota: { quota_request: { role: 'test', guarantee: [resources[0]] } } },
  { type: 'REMOVE_QUOTA', remove_quota: { role: 'test' } },
  {
    type: 'UPDATE_MAINTENANCE_SCHEDULE',
    update_maintenance_schedule: {
      schedule: {
        windows: [{ machine_ids: machines, unavailability: { start: { nanoseconds: 1 } } }],
      },
    },
  },
  { type: 'START_MAINTENANCE', start_maintenance: { machines } },
  { type: 'STOP_MAINTENANCE', stop_maintenance: { machines } },
  {
    type: 'DRAIN_AGENT',
    drain_agent: { agent_id, max_grace_period: { seconds: 1 }, mark_gone: true },
  },
  { type: 'DEACTIVATE_AGENT', deactivate_agent: { agent_id } },
  { type: 'REACTIVATE_AGENT', reactivate_agent: { agent_id } },
  { type: 'MARK_AGENT_GONE', mark_agent_gone: { agent_id } },
  { type: 'RESERVE_RESOURCES', reserve_resources: { agent_id, resources: [reserved] } },
  { type: 'UNRESERVE_RESOURCES', unreserve_resources: { agent_id, resources: [reserved] } },
  { type: 'CREATE_VOLUMES', create_volumes: { agent_id, volumes: [volume] } },
  { type: 'DESTROY_VOLUMES', destroy_volumes: { agent_id, volumes: [volume] } },
  { type: 'GROW_VOLUME', grow_volume: { agent_id, volume, addition: reserved } },
  { type: 'SHRINK_VOLUME', shrink_volume: { agent_id, volume, subtract: { value: 1 } } },
  { type: 'TEARDOWN', teardown: { framework_id } },
];
