/**
 * A volume outlives the identity of its agent and the memory of its masters, with real processes: the
 * agent is killed and its checkpoint deleted, then all that the masters know. Each time the volume is
 * found, taken on, and has its bytes.
 */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import test from 'ava';
import { altiplano, until } from './cluster.ts';
import { openOneAgent } from './one-agent.ts';

const patienceMs = 60_000;

const resources = '--resources=cpus:1;mem:64;disk:256';
const reservations = [{ type: 'DYNAMIC', role: 'db', principal: 'op' }];
const disk = { name: 'disk', type: 'SCALAR', scalar: { value: 64 }, reservations };
const persistence = { id: 'pg', principal: 'op' };
const volume = { mode: 'RW', container_path: 'data' };

test('a volume outlives the identity of its agent, and all that its masters knew', async (t) => {
  const rig = await openOneAgent(t);
  rig.startMaster();
  rig.startAgent(resources);
  let agentId: string | undefined;
  await until(
    async () => (agentId = await rig.agentId()) !== undefined,
    patienceMs,
    () => 'the agent registers',
  );
  const agent_id = { value: agentId };
  t.is(
    await rig.call({
      type: 'RESERVE_RESOURCES',
      reserve_resources: { agent_id, resources: [disk] },
    }),
    202,
  );
  const created = { ...disk, disk: { persistence, volume } };
  // The cluster gets its name, from which on volumes are told of, within seconds of its first leader.
  await until(
    async () =>
      (await rig.call({
        type: 'CREATE_VOLUMES',
        create_volumes: { agent_id, volumes: [created] },
      })) === 202,
    patienceMs,
    () => 'the volume is created',
  );
  const first = await rig.shown(({ state }) => state === 'held', 'the volume is held');
  const data = `${rig.folder}/agent/volumes/roles/db/pg`;
  await until(
    async () => {
      try {
        // It is there when its manifest is.
        await readFile(`${rig.folder}/agent/volumes/manifests/db/pg.json`);
        await writeFile(`${data}/bytes`, 'precious');
        return true;
      } catch {
        return false;
      }
    },
    patienceMs,
    () => 'the volume is there',
  );

  await rig.killAgent();
  await rig.forgetAgent();
  rig.startAgent(resources);
  const orphan = await rig.shown(({ state }) => state === 'orphan', 'the volume is found');
  t.not(orphan.agent_id, first.agent_id);
  t.is(orphan.origin, first.origin);
  const shown = await altiplano(['volume', 'adopt', orphan.origin, `--masters=${rig.master}`]);
  t.regex(shown.stdout, /nothing is changed/u);
  t.is((await rig.shown(({ state }) => state === 'orphan', 'it is untouched')).epoch, orphan.epoch);
  // The agent before has to be out of the books.
  await until(
    async () =>
      (await altiplano(['volume', 'adopt', orphan.origin, '--yes', `--masters=${rig.master}`]))
        .status === 0,
    patienceMs,
    () => 'the volume is taken on',
  );
  const second = await rig.shown(({ state }) => state === 'held', 'the volume is held again');
  t.like(second, { origin: first.origin, role: 'db', id: 'pg', agent_id: orphan.agent_id });
  t.true(second.epoch > first.epoch);
  // The books have it before the disk does, and what only lost books had may be given out again.
  const manifest = `${rig.folder}/agent/volumes/manifests/db/pg.json`;
  await until(
    async () => JSON.parse(await readFile(manifest, 'utf8')).epoch === second.epoch,
    patienceMs,
    () => 'the disk has its new epoch',
  );
  t.is(await readFile(`${data}/bytes`, 'utf8'), 'precious');

  await rig.killAgent();
  await rig.killMaster();
  await rm(`${rig.folder}/master`, { recursive: true, force: true });
  await rig.forgetAgent();
  rig.startMaster('--adopt-volumes=always');
  rig.startAgent(resources);
  const third = await rig.shown(({ state }) => state === 'held', 'the policy takes the volume on');
  t.like(third, { origin: first.origin, role: 'db', id: 'pg' });
  t.not(third.cluster_id, first.cluster_id);
  t.true(third.epoch > second.epoch);
  t.is(await readFile(`${data}/bytes`, 'utf8'), 'precious');

  const masters = `--masters=${rig.master}`;
  t.regex((await altiplano(['volume', 'destroy', third.origin, masters])).stdout, /for ever/u);
  t.is(await readFile(`${data}/bytes`, 'utf8'), 'precious');
  const kept = await altiplano(['reservation', 'free', 'db', '--yes', masters]);
  t.is(kept.status, 1);
  t.regex(kept.stderr, /holds volumes/u);
  t.is((await altiplano(['volume', 'destroy', third.origin, '--yes', masters])).status, 0);
  t.deepEqual(await rig.volumes(), []);
  await until(
    async () => !existsSync(data),
    patienceMs,
    () => 'the data go',
  );
  const freed = await altiplano(['reservation', 'free', 'db', '--yes', masters]);
  t.regex(freed.stdout, /freed on/u);
  t.notRegex((await altiplano(['reservation', 'list', masters])).stdout, /db/u);
});
