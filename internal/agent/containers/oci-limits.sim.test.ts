/**
 * What OCI containers come to that want more than they may have, and who shares what in a pod. Takes
 * root, cgroups and the tools of images, and says so where they are missing.
 */
// oxlint-disable-next-line no-restricted-imports -- looks at what tasks left on the real disk.
import { readFile } from 'node:fs/promises';
import test from 'ava';
import type { LinuxInfo_IpcMode } from '#proto/gen/mesos/v1.ts';
import type { ContainerEnd, ContainerSpec } from '../containerizer.ts';
import { type OciRig, missingForOci, must, openToolsRig, withImage } from '../testing/oci-rig.ts';
import { specFor } from './containerizer.suite.ts';
import { isDiskLimitation, limitsSuite, nothing, until } from './limits.suite.ts';
import { sandboxOf } from './sandbox.ts';

const mebibyte = 1024 * 1024;
const shell = (line: string): ContainerSpec['command'] => ({ kind: 'shell', line });
const missing = await missingForOci();
const here = missing === undefined ? test : test.skip;

if (missing === undefined) {
  limitsSuite(test, openToolsRig);
} else {
  test(`limits of OCI containers are not tested on this machine: ${missing}`, async (t) => {
    t.not(await missingForOci(), undefined);
  });
}

const read = async (rig: OciRig, spec: ContainerSpec, name: string): Promise<string> =>
  await readFile(`${sandboxOf(rig.workFolder, spec).folder}/${name}`, 'utf8');

here(
  'the members of a pod share one IPC namespace, but for those that want their own',
  async (t) => {
    await using rig = await openToolsRig();
    const port = await rig.restart();
    const parentId = 'the-pod';
    const line = 'readlink /proc/self/ns/ipc >ipc.new; mv ipc.new ipc; sleep 500';
    const mode = (ipc_mode: LinuxInfo_IpcMode): Partial<ContainerSpec> => ({
      container: withImage('tools', { linux_info: { ipc_mode } }),
    });
    const start = async (...all: readonly Partial<ContainerSpec>[]): Promise<readonly string[]> => {
      const specs = all.map((more) =>
        specFor(shell(line), { container: withImage('tools'), ...more }),
      );
      const launched = await Promise.all(specs.map((spec) => port.launch(spec)));
      const isSaid = async (spec: ContainerSpec): Promise<boolean> =>
        (await read(rig, spec, 'ipc').catch(() => '')) !== '';
      await until(async () => (await Promise.all(specs.map(isSaid))).every((one) => one));
      started.push(...specs);
      ends.push(...launched.map(({ ended }) => ended));
      return await Promise.all(specs.map((spec) => read(rig, spec, 'ipc')));
    };
    const started: ContainerSpec[] = [];
    const ends: Promise<ContainerEnd>[] = [];
    const attached = { parentId, io: 'attached' } as const;
    const [one = '', ...same] = await start({ parentId }, { parentId }, attached);
    t.deepEqual(same, [one, one], 'also of those that begin together');
    await port.signal(started[0]!.containerId, 'KILL');
    const machine = await must('readlink', ['/proc/self/ns/ipc']);
    const others = await start(
      { parentId, ...mode('SHARE_PARENT') },
      { parentId, ...mode('PRIVATE') },
      { parentId: 'another' },
      {},
      mode('SHARE_PARENT'),
    );
    const [late, own, ofAnother, alone, ofMachine] = others;
    t.deepEqual([late, ofMachine], [one, machine]);
    t.is(new Set([one, own, ofAnother, alone, machine]).size, 5);
    const around = started[6]!;
    t.deepEqual(await start({ parentId: around.containerId }), [alone!]);
    for (const { containerId } of started) await port.signal(containerId, 'KILL');
    await Promise.all(ends);
  },
);

here('a container that somebody attaches to is bounded and told of like any other', async (t) => {
  await using rig = await openToolsRig();
  const port = await rig.restart();
  const memBytes = 32 * mebibyte;
  const limits = { ...nothing, memBytes };
  for (const line of ['tail /dev/zero', 'tail /dev/zero; sleep 500']) {
    const spec = specFor(shell(line), { limits, io: 'attached', container: withImage('tools') });
    const { ended } = await port.launch(spec);
    const end = await ended;
    t.like(end, { kind: 'limited', limitation: { reason: 'REASON_CONTAINER_LIMITATION_MEMORY' } });
    const found = await (await rig.restart()).recover(spec);
    t.deepEqual(found.kind === 'ended' ? found.end : found, end);
  }
});

here('what a container changes of its image counts as its disk', async (t) => {
  await using rig = await openToolsRig({ disk: { intervalMs: 50, isEnforced: true } });
  const port = await rig.restart();
  const limits = { ...nothing, diskBytes: 4 * mebibyte };
  const line = 'i=0; while :; do head -c 1048576 /dev/zero >/etc/$i; i=$((i+1)); done';
  for (const io of ['files', 'attached'] as const) {
    const spec = specFor(shell(line), { limits, io, container: withImage('tools') });
    isDiskLimitation(t, await (await port.launch(spec)).ended);
    await port.release(spec.containerId);
  }
});
