import test from 'ava';
import { masterUnderTest, textOf } from '#internal/testing/master-under-test.ts';
import { oracleView } from '#internal/testing/oracle-cluster.ts';

const view = oracleView('O1');
const disk = { name: 'disk', type: 'SCALAR', scalar: { value: 1 } } as const;

const bodyOf = (fields: Readonly<Record<string, string>>): Uint8Array =>
  Buffer.from(new URLSearchParams(fields).toString());

test('a form is the v1 call of the same name', async (t) => {
  const { ask, door } = masterUnderTest({ view, answer: { status: 202, text: '' } });
  const resources = JSON.stringify([disk]);
  const agent_id = { value: 'S 1' };
  for (const [target, fields] of [
    ['/reserve', { resources }],
    ['/reserve', { resources, source: resources }],
    ['/unreserve', { resources }],
    ['/create-volumes', { volumes: resources }],
    ['/master/destroy-volumes', { volumes: resources }],
  ] as const) {
    const body = bodyOf({ slaveId: 'S 1', ...fields });
    t.is((await ask({ method: 'POST', target, body })).status, 202, target);
  }
  t.deepEqual(door.operations, [
    { type: 'RESERVE_RESOURCES', reserve_resources: { agent_id, resources: [disk] } },
    {
      type: 'RESERVE_RESOURCES',
      reserve_resources: { agent_id, resources: [disk], source: [disk] },
    },
    { type: 'UNRESERVE_RESOURCES', unreserve_resources: { agent_id, resources: [disk] } },
    { type: 'CREATE_VOLUMES', create_volumes: { agent_id, volumes: [disk] } },
    { type: 'DESTROY_VOLUMES', destroy_volumes: { agent_id, volumes: [disk] } },
  ]);
});

test('what is missing from a form, or cannot be read, is said in the words of a real Mesos', async (t) => {
  const { ask, door } = masterUnderTest({ view });
  const said = async (target: string, fields: Readonly<Record<string, string>>) => {
    const response = await ask({ method: 'POST', target, body: bodyOf(fields) });
    return `${response.status} ${textOf(response)}`;
  };
  const inBody = 'query parameter in the request body';
  t.is(await said('/reserve', { x: '1' }), `400 Missing 'slaveId' ${inBody}`);
  t.is(await said('/reserve', { slaveId: 'S' }), `400 Missing 'resources' ${inBody}`);
  t.is(await said('/create-volumes', { slaveId: 'S' }), `400 Missing 'volumes' ${inBody}`);
  for (const resources of ['[', '{}', '[{}]', '[],"agent_id":{"value":"other"}']) {
    const text = await said('/unreserve', { slaveId: 'S', resources });
    t.true(text.startsWith(`400 Error in parsing 'resources' ${inBody}: `), text);
  }
  t.is((await ask({ target: '/reserve' })).status, 405);
  t.deepEqual(door.operations, []);
});
