/** Contract 3: the scheduler API. */
import test from 'ava';
import { type CallRow, testCalls, testEvents, testRefusals } from './rows.suite.ts';
import { frameworkInfo, Stage } from '../testing/stage.ts';

const invalid = (text: string): Pick<CallRow, 'status' | 'text'> => ({
  status: 400,
  text: `Failed to validate scheduler::Call: ${text}`,
});

const revive = { type: 'REVIVE' };

testCalls([
  {
    at: '3.1 row 1',
    name: 'a framework that is not known',
    call: { ...revive, framework_id: { value: 'nobody' } },
    status: 400,
    text: 'Framework cannot be found',
  },
  {
    at: '3.1 row 3',
    name: 'a framework without a connection',
    before: (stage) => stage.hangUp(),
    call: revive,
    status: 403,
    text: 'Framework is not subscribed',
  },
  {
    at: '3.1 row 5',
    name: 'no stream id',
    streamId: null,
    call: revive,
    status: 400,
    text: `All non-subscribe calls should include the 'Mesos-Stream-Id' header`,
  },
  {
    at: '3.1 row 6',
    name: "another stream's id",
    streamId: 'x',
    call: revive,
    status: 400,
    text: ({ id }) =>
      `The stream ID 'x' included in this request didn't match the stream ID currently ` +
      `associated with framework ID ${id}`,
  },
  {
    at: '3.1 row 9',
    name: 'UNKNOWN of a subscribed framework, which stops a real Mesos',
    call: { type: 'UNKNOWN' },
    status: 501,
    text: '501 Not Implemented.',
  },
  {
    at: '3.1',
    name: 'a framework that was torn down is not known',
    before: (stage) => stage.call({ type: 'TEARDOWN' }),
    call: revive,
    status: 400,
    text: 'Framework cannot be found',
  },
  {
    at: '3.2',
    name: 'an id in the call alone',
    streamId: null,
    call: { type: 'SUBSCRIBE', subscribe: { framework_info: frameworkInfo() } },
    ...invalid(`'framework_id' differs from 'subscribe.framework_info.id'`),
  },
  {
    at: '3.2',
    name: 'a stream id with a SUBSCRIBE',
    call: ({ id }) => ({
      type: 'SUBSCRIBE',
      subscribe: { framework_info: frameworkInfo({ id: { value: id } }) },
    }),
    status: 400,
    text: `Subscribe calls should not include the 'Mesos-Stream-Id' header`,
  },
]);

/** Every call with a part, without it (contract 3.3). */
const parts = [
  'SUBSCRIBE',
  'ACCEPT',
  'DECLINE',
  'ACCEPT_INVERSE_OFFERS',
  'DECLINE_INVERSE_OFFERS',
  'KILL',
  'SHUTDOWN',
  'ACKNOWLEDGE',
  'ACKNOWLEDGE_OPERATION_STATUS',
  'RECONCILE',
  'RECONCILE_OPERATIONS',
  'MESSAGE',
  'REQUEST',
  'UPDATE_FRAMEWORK',
];

testCalls(
  parts.map((type) => ({
    at: '3.3',
    name: `${type} without its part`,
    call: { type },
    ...invalid(`Expecting '${type.toLowerCase()}' to be present`),
  })),
);

const uuid = 'HQ/RPCHGTjagyGkHAOMEJA==';
const agent_id = { value: 'm1-1-S0' };
const task_id = { value: 't' };
const operation_id = { value: 'o' };

/** Every call with its part: 202, whatever becomes of it. */
const accepted: readonly (readonly [type: string, part: object])[] = [
  ['ACCEPT', { offer_ids: [], operations: null }],
  ['DECLINE', {}],
  ['ACCEPT_INVERSE_OFFERS', { inverse_offer_ids: [{ value: 'gone' }] }],
  ['DECLINE_INVERSE_OFFERS', { inverse_offer_ids: [] }],
  ['REVIVE', { roles: ['test'] }],
  ['SUPPRESS', { roles: ['not mine'] }],
  ['KILL', { task_id, agent_id }],
  ['SHUTDOWN', { executor_id: { value: 'e' }, agent_id }],
  ['ACKNOWLEDGE', { agent_id, task_id, uuid }],
  ['ACKNOWLEDGE_OPERATION_STATUS', { agent_id, uuid, operation_id }],
  ['RECONCILE', {}],
  ['RECONCILE_OPERATIONS', { operations: [] }],
  ['MESSAGE', { agent_id, executor_id: { value: 'e' }, data: '' }],
  ['REQUEST', { requests: [] }],
];

testCalls([
  ...accepted.map(([type, part]): CallRow => ({
    at: '3.3',
    name: `${type} is accepted`,
    call: { type, [type.toLowerCase()]: part },
    status: 202,
  })),
  { at: '3.3', name: 'REVIVE needs no part', call: { type: 'REVIVE' }, status: 202 },
  { at: '3.3', name: 'SUPPRESS needs no part', call: { type: 'SUPPRESS' }, status: 202 },
  { at: '3.3', name: 'TEARDOWN', call: { type: 'TEARDOWN' }, status: 202 },
  {
    at: '3.3',
    name: 'an acknowledgement of three bytes',
    call: { type: 'ACKNOWLEDGE', acknowledge: { agent_id, task_id, uuid: 'AQID' } },
    ...invalid('Not a valid UUID'),
  },
  {
    at: '3.3',
    name: 'an acknowledgement of an operation without an agent',
    call: {
      type: 'ACKNOWLEDGE_OPERATION_STATUS',
      acknowledge_operation_status: { uuid, operation_id },
    },
    ...invalid(`Expecting 'agent_id' to be present`),
  },
]);

const updated =
  (more: object, beside: object = {}) =>
  ({ id }: Stage): object => ({
    type: 'UPDATE_FRAMEWORK',
    update_framework: { framework_info: frameworkInfo({ id: { value: id }, ...more }), ...beside },
  });

testCalls([
  { at: '3.5', name: 'a change is answered 200', call: updated({ name: 'other' }), status: 200 },
  {
    at: '3.5',
    name: 'another id',
    call: { type: 'UPDATE_FRAMEWORK', update_framework: { framework_info: frameworkInfo() } },
    ...invalid(`'framework_id' differs from 'update_framework.framework_info.id'`),
  },
  {
    at: '3.5',
    name: 'an info that is not valid',
    call: updated({ roles: ['a', 'a'] }),
    status: 400,
    text: `Supplied FrameworkInfo is not valid: 'FrameworkInfo.roles' contains duplicate items: { a }`,
  },
  {
    at: '3.5',
    name: 'another principal',
    call: updated({ principal: 'p' }),
    status: 400,
    text: `FrameworkInfo update is not valid: Changing framework's principal is not allowed.`,
  },
  {
    at: '3.5',
    name: 'another user',
    call: updated({ user: 'other' }),
    status: 400,
    text:
      `FrameworkInfo update is not valid: Updating 'FrameworkInfo.user' is unsupported; ` +
      `attempted to update from 'root' to 'other'`,
  },
  {
    at: '3.5',
    name: 'another checkpoint',
    call: updated({ checkpoint: true }),
    status: 400,
    text:
      `FrameworkInfo update is not valid: Updating 'FrameworkInfo.checkpoint' is unsupported; ` +
      `attempted to update from 'false' to 'true'`,
  },
  {
    at: '3.5',
    name: 'roles suppressed that are not its own',
    call: updated({}, { suppressed_roles: ['x'] }),
    status: 400,
    text: `'UpdateFramework' call is not valid: Suppressed roles { x } are not contained in the set of roles`,
  },
]);

const role = (name: string): object => ({ framework_info: frameworkInfo({ roles: [name] }) });
const invalidRole = `'FrameworkInfo.roles' contains invalid role: `;
const constrained = (role_constraints: object): object => ({
  framework_info: frameworkInfo(),
  offer_constraints: { role_constraints },
});
const minimum = (quantities: readonly object[]): object => ({
  framework_info: frameworkInfo({
    offer_filters: { test: { min_allocatable_resources: { quantities } } },
  }),
});
const predicate = (given: object, selector: object = { attribute_name: 'a' }): object =>
  constrained({ test: { groups: [{ attribute_constraints: [{ selector, predicate: given }] }] } });

testRefusals([
  {
    at: '3.2 row 1',
    name: 'a role with MULTI_ROLE',
    subscribe: { framework_info: frameworkInfo({ roles: [], role: 'a' }) },
    error: `'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable`,
  },
  {
    at: '3.2 row 2',
    name: 'roles without MULTI_ROLE',
    subscribe: { framework_info: frameworkInfo({ capabilities: [] }) },
    error: `'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable`,
  },
  {
    at: '3.2 row 3',
    name: 'a role twice',
    subscribe: { framework_info: frameworkInfo({ roles: ['a', 'b', 'a'] }) },
    error: `'FrameworkInfo.roles' contains duplicate items: { a }`,
  },
  {
    at: '5.3',
    name: 'a role that begins with a slash',
    subscribe: role('/a'),
    error: `${invalidRole}Role '/a' cannot start with a slash`,
  },
  {
    at: '5.3',
    name: 'a role that ends with a slash',
    subscribe: role('a/'),
    error: `${invalidRole}Role 'a/' cannot end with a slash`,
  },
  {
    at: '5.3',
    name: 'a role with two slashes',
    subscribe: role('a//b'),
    error: `${invalidRole}Role 'a//b' cannot contain two adjacent slashes`,
  },
  {
    at: '5.3',
    name: 'an empty role',
    subscribe: role(''),
    error: `${invalidRole}Role names cannot be the empty string`,
  },
  {
    at: '5.3',
    name: 'a role of dots',
    subscribe: role('a/..'),
    error: `${invalidRole}Role 'a/..' cannot include '..' as a component`,
  },
  {
    at: '5.3',
    name: 'a role below the star',
    subscribe: role('*/a'),
    error: `${invalidRole}Role '*/a' cannot include '*' as a component`,
  },
  {
    at: '5.3',
    name: 'a role with a dash',
    subscribe: role('a/-b'),
    error: `${invalidRole}Role component '-b' is invalid because it starts with a dash`,
  },
  {
    at: '5.3',
    name: 'a role with a blank',
    subscribe: role('a b'),
    error: `${invalidRole}Role component 'a b' is invalid because it contains backspace or whitespace`,
  },
  {
    at: '3.2 row 5',
    name: 'an id with a slash',
    subscribe: { framework_info: frameworkInfo({ id: { value: 'a/b' } }) },
    error: `'a/b' contains invalid characters`,
  },
  {
    at: '3.2 row 6',
    name: 'a minimum of nothing',
    subscribe: minimum([{}]),
    error: 'Resource quantities must contain at least one quantity',
  },
  {
    at: '3.2 row 6',
    name: 'a minimum below nothing',
    subscribe: minimum([{ quantities: { cpus: { value: -1 } } }]),
    error: `Invalid resource quantity for 'cpus': Negative values not supported`,
  },
  {
    at: '3.2 row 7',
    name: 'a failover time-out that no duration holds',
    subscribe: { framework_info: frameworkInfo({ failover_timeout: 1e300 }) },
    error: 'The framework failover_timeout (1e+300) is invalid',
  },
  {
    at: '3.2 row 10',
    name: 'a framework that was removed',
    before: (stage) => stage.call({ type: 'TEARDOWN' }),
    subscribe: ({ id }) => ({ framework_info: frameworkInfo({ id: { value: id } }) }),
    error: 'Framework has been removed',
  },
  {
    at: '3.2 row 11',
    name: 'roles suppressed that are not its own',
    subscribe: { framework_info: frameworkInfo(), suppressed_roles: ['x'] },
    error: 'Suppressed roles { x } are not contained in the set of roles',
  },
  {
    at: '3.2 row 12',
    name: 'constraints for another role',
    subscribe: constrained({ x: { groups: [] } }),
    error: `Offer constraints specify \`role_constraints\` for a role 'x'not contained in the set of roles`,
  },
  {
    at: '3.10',
    name: 'constraints without groups',
    subscribe: constrained({ test: { groups: [] } }),
    error: `'OfferConstraints::role_constraints' has an empty 'RoleConstraints::groups' for role test`,
  },
  {
    at: '3.10',
    name: 'a group without constraints',
    subscribe: constrained({ test: { groups: [{ attribute_constraints: [] }] } }),
    error: `'OfferConstraints::RoleConstraints::groups' for role testcontains an empty RoleConstraints::Group`,
  },
  {
    at: '3.10',
    name: 'a constraint of no predicate',
    subscribe: predicate({}),
    error: `A role test has an invalid 'AttributeConstraint': Unknown predicate type`,
  },
  {
    at: '3.10',
    name: 'a constraint of nothing',
    subscribe: predicate({ exists: {} }, {}),
    error:
      `A role test has an invalid 'AttributeConstraint': Exactly one of ` +
      `'AttributeConstraint::Selector::name' or ` +
      `'AttributeConstraint::Selector::pseudoattribute_type' must be set`,
  },
  {
    at: '3.2 row 15',
    name: 'another principal',
    subscribe: ({ id }) => ({
      framework_info: frameworkInfo({ id: { value: id }, principal: 'p' }),
    }),
    error: `Changing framework's principal is not allowed.`,
  },
]);

testEvents([
  {
    at: '3.2',
    name: 'the newest subscriber wins, and the older one hears so',
    when: async (stage) => {
      const { sink, id } = stage;
      await stage.subscribe(
        { framework_info: frameworkInfo({ id: { value: id } }), force: false },
        { framework_id: { value: id } },
      );
      stage.reread(sink);
    },
    hears: [`ERROR 'Framework failed over'`],
  },
  {
    at: '3.6',
    name: 'a teardown ends the stream without a word',
    when: (stage) => stage.call({ type: 'TEARDOWN' }),
    hears: [],
  },
]);

test('3.6: the tasks of a framework that was removed are killed in the books', async (t) => {
  const stage = await Stage.subscribed();
  await stage.agent();
  const offer = await stage.offer();
  const resources = [{ name: 'cpus', type: 'SCALAR', scalar: { value: 1 } }];
  const task = {
    name: 't',
    task_id,
    agent_id: offer.agent_id,
    resources,
    command: { value: 'true' },
  };
  const operations = [{ type: 'LAUNCH', launch: { task_infos: [task] } }];
  await stage.call({ type: 'ACCEPT', accept: { offer_ids: [offer.id], operations } });
  await stage.settle();
  await stage.call({ type: 'TEARDOWN' });
  await stage.settle();
  t.is(stage.sink.state(), 'ended');
  const said = await stage.post({ type: 'GET_TASKS' }, { to: 'operator' });
  t.regex(
    said.text,
    /"state":"TASK_KILLED","message":"Framework m1-1-0000 removed","source":"SOURCE_MASTER","reason":"REASON_FRAMEWORK_REMOVED"/u,
  );
});
