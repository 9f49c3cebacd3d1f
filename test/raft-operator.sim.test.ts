/**
 * Real masters, changed while they run by the command that operators have: three become five, every one
 * of the first is replaced, and what they knew is known by those who never met them.
 */
import { rm } from 'node:fs/promises';
import test from 'ava';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { Masters } from './masters.ts';

test('masters are added, replaced and removed while the cluster runs', async (t) => {
  t.timeout(4 * 60_000);
  await using folder = await openTempFolder();
  await using masters = await Masters.open(folder.path, 7);
  for (const id of [1, 2, 3]) masters.start(id, [1, 2, 3]);
  const agentId = await masters.agentId();

  const early = await masters.ask(['add', '--nodes=4']);
  t.is(early.status, 1);
  t.regex(early.stderr, /Node 4 has not called: start it with --join/);

  for (const id of [4, 5]) masters.start(id, [1, 2, 3, 4, 5], '--join');
  await masters.changed(['add', '--nodes=4,5'], [1, 2, 3, 4, 5]);

  const leader = await masters.leader();
  const heir = leader === 5 ? 4 : 5;
  t.is((await masters.ask(['transfer', `--to=${heir}`])).stdout, `node ${heir} leads\n`);

  masters.start(6, [1, 2, 3, 4, 5, 6], '--join');
  await masters.changed(['add', '--nodes=6', '--instead-of=1'], [2, 3, 4, 5, 6]);
  await masters.changed(['remove', '--nodes=2,3'], [4, 5, 6]);
  for (const id of [1, 2, 3]) await masters.kill(id);

  const used = await masters.ask(['add', '--nodes=1']);
  t.regex(used.stderr, /Node 1 was a member before/);
  const lone = await masters.ask(['remove', '--nodes=6']);
  t.regex(lone.stderr, /Of 2 voters 2 decide.*--accept-no-spare does it all the same/);
  t.is(lone.status, 1);
  t.deepEqual(await masters.members(), [4, 5, 6]);
  t.is(await masters.agentId(), agentId, 'the newcomers do not know what the first ones decided');

  for (const id of [4, 5, 6]) await masters.kill(id);
  for (const id of [4, 5, 6]) masters.start(id, [4, 5, 6]);
  t.is(await masters.agentId(), agentId, 'the kill of all lost what they knew');
  t.deepEqual(await masters.members(), [4, 5, 6]);

  // The leader is never the one that is wiped, so that somebody is there to refuse it.
  const wiped = (await masters.leader()) === 4 ? 5 : 4;
  await masters.kill(wiped);
  await rm(masters.folderOf(wiped), { recursive: true });
  masters.start(wiped, [4, 5, 6]);
  await masters.says(wiped, /Node \d was here with another disk.*an id that was never used/);
  await masters.kill(wiped);
  masters.start(7, [4, 5, 6, 7], '--join');
  const rest = [4, 5, 6, 7].filter((id) => id !== wiped);
  await masters.changed(['add', '--nodes=7', `--instead-of=${wiped}`], rest);
  t.is(await masters.agentId(), agentId);
});
