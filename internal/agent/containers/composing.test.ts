import test from 'ava';
import type { FileTree } from '#internal/runtime/file-tree.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { ContainerInfo } from '#proto/gen/mesos/v1.ts';
import { type Containerizer, ContainerError } from '../containerizer.ts';
import { composing, needsOci } from './composing.ts';
import { specFor } from './containerizer.suite.ts';
import { SimulatedContainers } from './simulated.ts';

const sleep = { kind: 'shell', line: 'sleep 500' } as const;
const image: ContainerInfo = {
  type: 'MESOS',
  mesos: { image: { type: 'DOCKER', docker: { name: 'one' } } },
};

/** Two machines of containers, and a disk that has just these folders. */
function openGround(folders: readonly string[] = []) {
  const world = new SimulatedWorld({ seed: 'composing' });
  const machine = (name: string): SimulatedContainers =>
    new SimulatedContainers({ world, random: world.random(name) });
  const machines = { posix: machine('posix'), oci: machine('oci') };
  const life = world.boot('agent');
  const entry = { kind: 'folder', mode: 0, links: 1, sizeBytes: 0, modifiedMs: 0 } as const;
  const owner = { uid: 0, gid: 0, user: 'root', group: 'root' };
  const fileTree: Pick<FileTree, 'look'> = {
    look: async (path) => (folders.includes(path) ? { path, ...entry, ...owner } : undefined),
  };
  const port = (oci: Containerizer | string, runsDocker = true): Containerizer =>
    composing(
      { fileTree, posix: machines.posix.containerizer(life), oci },
      { workFolder: '/work', runsDocker },
    );
  const run = <Value>(promise: Promise<Value>): Promise<Value> =>
    world.settle(promise, { withinMs: 3_600_000 });
  return { ...machines, run, port, whole: () => port(machines.oci.containerizer(life)) };
}

test('an image, volumes and settings of Linux take OCI, and nothing else does', (t) => {
  const volumes = [{ mode: 'RW', container_path: '/a', host_path: '/b' }] as const;
  const cases: readonly (readonly [ContainerInfo | undefined, boolean])[] = [
    [undefined, false],
    [{ type: 'MESOS' }, false],
    [{ type: 'MESOS', volumes: [] }, false],
    [{ type: 'MESOS', tty_info: {} }, false],
    [{ type: 'MESOS', volumes }, true],
    [{ type: 'MESOS', linux_info: {} }, true],
    [{ type: 'MESOS', hostname: 'h' }, true],
    [{ type: 'DOCKER', docker: { image: 'one' } }, true],
    [image, true],
  ];
  for (const [container, expected] of cases) {
    t.is(needsOci(specFor(sleep, { container })), expected, JSON.stringify(container));
  }
});

test('each container is run by who can, signals reach it, and it ends with its parent', async (t) => {
  const ground = openGround();
  const port = ground.whole();
  const plain = specFor(sleep);
  const nested = specFor(sleep, { container: image, parentId: plain.containerId });
  const first = await ground.run(port.launch(plain));
  const second = await ground.run(port.launch(nested));
  t.is(ground.posix.alive, 1);
  t.is(ground.oci.alive, 1);
  await ground.run(port.signal(plain.containerId, 'TERM'));
  t.deepEqual(await ground.run(first.ended), { kind: 'signaled', signal: 15 });
  t.deepEqual(await ground.run(second.ended), { kind: 'signaled', signal: 9 });
});

test('who had a container before a restart has it after, whatever is asked for now', async (t) => {
  const spec = specFor(sleep);
  const ground = openGround([`/work/meta/oci/${spec.containerId}`]);
  t.deepEqual(await ground.run(ground.whole().recover(spec)), { kind: 'absent' });
  // Who was asked first has given it up: it starts nowhere any more.
  await t.throwsAsync(ground.run(ground.whole().launch(spec)));
  t.is(ground.posix.alive, 0);
});

test('a machine that lacks OCI says so to those that need it, and runs all others', async (t) => {
  const ground = openGround();
  const port = ground.port('there is no runc');
  await ground.run(port.launch(specFor(sleep)));
  t.is(ground.posix.alive, 1);
  const error = await t.throwsAsync(ground.run(port.launch(specFor(sleep, { container: image }))), {
    instanceOf: ContainerError,
  });
  t.regex(error.message, /no containerizer for images and volumes: there is no runc$/);
});

test('what is meant for Docker runs only where that is enabled', async (t) => {
  const ground = openGround();
  const container: ContainerInfo = { type: 'DOCKER', docker: { image: 'one' } };
  const spec = specFor(sleep, { container });
  const port = ground.port('unused', false);
  const error = await t.throwsAsync(ground.run(port.launch(spec)), { instanceOf: ContainerError });
  t.regex(error.message, /^None of the enabled containerizers \(mesos\) could create a container/);
  await ground.run(ground.whole().launch(spec));
  t.is(ground.oci.alive, 1);
});
