// oxlint-disable-next-line no-restricted-imports -- looks at what tasks left on the real disk.
import { readFile, readdir } from 'node:fs/promises';
import test from 'ava';
import { type ContainerSpec, type Containerizer, ContainerError } from '../containerizer.ts';
import { containerizerSuite, specFor } from './containerizer.suite.ts';
import {
  type OciRig,
  busybox,
  cgroupsOf,
  groupsBelow,
  makeImage,
  missingForOci,
  must,
  openOciRig,
  openToolsRig,
  withImage,
} from '../testing/oci-rig.ts';
import { sandboxOf } from './sandbox.ts';

const shell = (line: string): ContainerSpec['command'] => ({ kind: 'shell', line });
const missing = await missingForOci();
/** Where the machine has not what containers take, one test says so and the rest is left out. */
const here = missing === undefined ? test : test.skip;

if (missing === undefined) {
  containerizerSuite(test, openOciRig);
} else {
  test(`OCI containers are not tested on this machine: ${missing}`, async (t) => {
    t.not(await missingForOci(), undefined);
  });
}

async function runToEnd(port: Containerizer, spec: ContainerSpec): Promise<unknown> {
  return await (
    await port.launch(spec)
  ).ended;
}

const read = async (rig: OciRig, spec: ContainerSpec, name: string): Promise<string> =>
  await readFile(`${sandboxOf(rig.workFolder, spec).folder}/${name}`, 'utf8');

/** What a line says in a container; it must end well. */
async function say(
  rig: OciRig,
  port: Containerizer,
  line: string,
  more: Partial<ContainerSpec>,
): Promise<string> {
  const spec = specFor(shell(line), more);
  const end = await runToEnd(port, spec);
  const said = await read(rig, spec, 'stdout');
  const fine = JSON.stringify(end) === JSON.stringify({ kind: 'exited', status: 0 });
  if (!fine) throw new Error(`${line}: ${JSON.stringify(end)} ${await read(rig, spec, 'stderr')}`);
  await port.release(spec.containerId);
  return said;
}

const fine = { kind: 'exited', status: 0 };

here('a container sees the files of its image and its sandbox, and nothing else', async (t) => {
  await using rig = await openToolsRig();
  const port = await rig.restart();
  const container = withImage('tools');
  const inside = await say(rig, port, 'ls /; echo $MESOS_SANDBOX; ls $MESOS_SANDBOX; pwd', {
    container,
  });
  const names = inside.trim().split('\n');
  t.deepEqual(names.slice(0, -4).toSorted(), ['bin', 'dev', 'etc', 'mnt', 'proc', 'sys']);
  t.deepEqual(names.slice(-4), ['/mnt/mesos/sandbox', 'stderr', 'stdout', '/mnt/mesos/sandbox']);
});

here('a name is the user that the image means by it, with the groups it has there', async (t) => {
  await using rig = await openToolsRig();
  const port = await rig.restart();
  const container = withImage('tools');
  const said = await say(rig, port, 'id; touch mine; ls -n | grep -c 77', {
    container,
    user: 'ami',
  });
  t.is(said, 'uid=77(ami) gid=78(ami) groups=90(club)\n3\n');
  const unknown = specFor(shell('id'), { container, user: 'nobody-of-that-name' });
  const error = await t.throwsAsync(port.launch(unknown), { instanceOf: ContainerError });
  t.is(error.message, "Failed to get user 'nobody-of-that-name': no such user");
});

here('what a container changes of its image no other one sees', async (t) => {
  await using rig = await openToolsRig();
  const port = await rig.restart();
  const container = withImage('tools');
  await say(rig, port, 'echo mine > /etc/passwd; touch /new', { container });
  const said = await say(rig, port, 'head -n1 /etc/passwd; ls / | grep -c new || true', {
    container,
  });
  t.is(said, 'root:x:0:0::/root:/bin/sh\n0\n');
});

here('an image decides what is run where the task leaves it to it', async (t) => {
  await using rig = await openToolsRig();
  await makeImage(`${rig.images}/greeter`, [
    busybox,
    {
      kind: 'config',
      options: [
        '--config.entrypoint=echo',
        '--config.cmd=usual',
        '--config.env=GREETING=hi',
        '--config.env=PATH=/bin',
        '--config.workingdir=/mnt',
      ],
    },
  ]);
  const port = await rig.restart();
  const container = withImage('greeter');
  const runs: readonly (readonly [ContainerSpec['command'], string])[] = [
    [{ kind: 'image', arguments: [] }, 'usual\n'],
    [{ kind: 'image', arguments: ['own', 'words'] }, 'own words\n'],
    [shell('echo $GREETING $PATH $PWD'), 'hi /bin /mnt\n'],
    [{ kind: 'argv', path: 'echo', arguments: ['as', 'it is'] }, 'as it is\n'],
  ];
  for (const [command, said] of runs) {
    const spec = specFor(command, { container });
    t.deepEqual(await runToEnd(port, spec), fine);
    t.is(await read(rig, spec, 'stdout'), said);
  }
});

here('released containers leave nothing on the machine but their sandboxes', async (t) => {
  await using rig = await openToolsRig();
  const port = await rig.restart();
  const parentId = 'the-pod';
  const specs = [
    specFor(shell('exit 0'), { container: withImage('tools') }),
    specFor(shell('exit 0')),
    specFor(shell('exit 0'), { container: withImage('tools'), parentId }),
    specFor(shell('exit 0'), { container: withImage('tools'), parentId }),
  ];
  for (const spec of specs) t.deepEqual(await runToEnd(port, spec), fine);
  for (const spec of specs) await port.release(spec.containerId);
  t.deepEqual(await readdir(`${rig.workFolder}/meta/oci`), []);
  t.deepEqual(await readdir(`${rig.workFolder}/meta/runc`), []);
  t.notRegex(await must('cat', ['/proc/self/mounts']), new RegExp(rig.workFolder));
  const own = cgroupsOf(rig.workFolder);
  t.deepEqual(
    (await groupsBelow(own)).filter((path) => !path.endsWith(`/${own}`)),
    [],
  );
});
