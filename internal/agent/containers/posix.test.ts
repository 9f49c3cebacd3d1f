// oxlint-disable-next-line no-restricted-imports -- looks at what tasks left on the real disk.
import { chmod, readFile, writeFile } from 'node:fs/promises';
import test from 'ava';
import { assert } from '#internal/base/assert.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemFileTree } from '#internal/runtime/real/file-tree.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { systemPipes } from '#internal/runtime/real/pipes.ts';
import { systemProcesses } from '#internal/runtime/real/processes.ts';
import { openLogBook } from '#internal/runtime/simulated/logger.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { type ContainerSpec, type Containerizer, ContainerError } from '../containerizer.ts';
import {
  type ContainerizerRig,
  containerizerSuite,
  shellCommands,
  specFor,
} from './containerizer.suite.ts';
import { usualBounds } from './bounds.ts';
import { diskLimitation, limitationText } from './limitation.ts';
import { openPosixContainerizer } from './posix.ts';
import { sandboxOf } from './sandbox.ts';

const clock = systemClock();
const processes = systemProcesses();
const isRoot = processes.self.uid === 0;
const shell = (line: string): ContainerSpec['command'] => ({ kind: 'shell', line });

type Rig = ContainerizerRig & { readonly workFolder: string };

async function openRig(): Promise<Rig> {
  const folder = await openTempFolder();
  // Tasks of other users have to get to their sandboxes.
  await chmod(folder.path, 0o755);
  const { logger } = openLogBook({ nowMs: () => clock.now() });
  const files = { files: systemFiles(), fileTree: systemFileTree() };
  const dependencies = {
    clock,
    logger,
    ...files,
    processes,
    pipes: systemPipes(clock),
    cgroups: undefined,
  };
  // A child does not keep its parent running (an agent may end before its tasks), so the test does.
  const open = clock.after(600_000, () => {});
  return {
    workFolder: folder.path,
    restart: () =>
      openPosixContainerizer(dependencies, {
        ...usualBounds,
        workFolder: folder.path,
        switchUser: true,
      }),
    run: (promise) => promise,
    ...shellCommands,
    impossible: isRoot ? { user: 'nobody-of-that-name' } : { executorId: 'x'.repeat(300) },
    [Symbol.asyncDispose]: () => {
      open.cancel();
      return folder[Symbol.asyncDispose]();
    },
  };
}

containerizerSuite(test, openRig);

const read = async (rig: Rig, spec: ContainerSpec, name: string): Promise<string> =>
  await readFile(`${sandboxOf(rig.workFolder, spec).folder}/${name}`, 'utf8');

async function runToEnd(port: Containerizer, spec: ContainerSpec): Promise<unknown> {
  return await (
    await port.launch(spec)
  ).ended;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = clock.monotonic() + 20_000;
  while (!(await condition())) {
    if (clock.monotonic() > endMs) throw new Error('never');
    await clock.sleep(10);
  }
}

/** A whole life of another container: whoever was signalled before it is dead after it. */
async function timeToDie(port: Containerizer): Promise<void> {
  await runToEnd(port, specFor(shell('exit 0')));
}

test('output goes to stdout and stderr of the sandbox, which `latest` leads to', async (t) => {
  await using rig = await openRig();
  const spec = specFor(shell('echo out; echo err >&2; pwd'));
  t.deepEqual(await runToEnd(await rig.restart(), spec), { kind: 'exited', status: 0 });
  const { folder, latest } = sandboxOf(rig.workFolder, spec);
  t.is(await read(rig, spec, 'stdout'), `out\n${folder}\n`);
  t.is(await read(rig, spec, 'stderr'), 'err\n');
  t.is(await readFile(`${latest}/stderr`, 'utf8'), 'err\n');
});

test('every exit status and every deadly signal is told as it was', async (t) => {
  await using rig = await openRig();
  const port = await rig.restart();
  for (const status of [1, 2, 126, 127, 128, 129, 137, 143, 254]) {
    const end = await runToEnd(port, specFor(shell(`exit ${status}`)));
    t.deepEqual(end, { kind: 'exited', status });
  }
  for (const signal of [1, 3, 6, 9, 11, 14, 15]) {
    const end = await runToEnd(port, specFor(shell(`kill -${signal} $$`)));
    t.deepEqual(end, { kind: 'signaled', signal });
  }
  // A command that prints what a shell would say of a signal does not confuse anybody.
  const liar = await runToEnd(port, specFor(shell('echo Killed >&2; exit 137')));
  t.deepEqual(liar, { kind: 'exited', status: 137 });
});

test('what an agent wrote before it ended a container is known to the next one', async (t) => {
  await using rig = await openRig();
  const spec = specFor(shell('sleep 500'));
  await (await rig.restart()).launch(spec);
  const limitation = diskLimitation(3 * 1024 * 1024, 2 * 1024 * 1024);
  const folder = `${rig.workFolder}/meta/containers/${spec.containerId}`;
  await writeFile(`${folder}/limitation`, limitationText(limitation));
  const port = await rig.restart();
  const found = await port.recover(spec);
  assert(found.kind === 'running', 'it has ended already');
  await port.signal(spec.containerId, 'KILL');
  const { reason, message } = limitation;
  t.like(await found.container.ended, { kind: 'limited', limitation: { reason, message } });
});

test('arguments reach a program as they are', async (t) => {
  await using rig = await openRig();
  const odd = ['', ' ', '$HOME', '"', "'", '*', 'a b', '--', '-n', 'ü\n!', '\\'];
  const spec = specFor({ kind: 'argv', path: 'printf', arguments: ['[%s]', ...odd] });
  t.deepEqual(await runToEnd(await rig.restart(), spec), { kind: 'exited', status: 0 });
  t.is(await read(rig, spec, 'stdout'), odd.map((one) => `[${one}]`).join(''));
});

test('a program that is missing ends with 127, as in a shell', async (t) => {
  await using rig = await openRig();
  const spec = specFor({ kind: 'argv', path: 'no-such-program', arguments: [] });
  t.deepEqual(await runToEnd(await rig.restart(), spec), { kind: 'exited', status: 127 });
});

test('a task sees its own environment and nothing of the agent', async (t) => {
  await using rig = await openRig();
  const environment = { PATH: '/usr/bin:/bin', A: '1 $X `y` "z"', LD_LIBRARY_PATH: '/nowhere' };
  const spec = specFor({ kind: 'argv', path: 'env', arguments: [] }, { environment });
  t.deepEqual(await runToEnd(await rig.restart(), spec), { kind: 'exited', status: 0 });
  const lines = (await read(rig, spec, 'stdout')).trim().split('\n');
  const { folder } = sandboxOf(rig.workFolder, spec);
  const own = lines.filter((line) => !/^(PWD|OLDPWD|_|SHLVL)=/u.test(line));
  t.deepEqual(own.toSorted(), [
    'A=1 $X `y` "z"',
    'LD_LIBRARY_PATH=/nowhere',
    `MESOS_DIRECTORY=${folder}`,
    `MESOS_SANDBOX=${folder}`,
    'PATH=/usr/bin:/bin',
  ]);
});

test('a task has the limits that it asked for, soft and hard, also as another user', async (t) => {
  await using rig = await openRig();
  const port = await rig.restart();
  const container: ContainerSpec['container'] = {
    type: 'MESOS',
    rlimit_info: {
      rlimits: [
        { type: 'RLMT_NOFILE', soft: 100n, hard: 200n },
        { type: 'RLMT_CORE', soft: 0n, hard: 0n },
        // The kernel gives a soft one alone, with nothing above it.
        { type: 'RLMT_STACK' },
      ],
    },
  };
  const line = 'ulimit -Sn; ulimit -Hn; ulimit -c; ulimit -s';
  for (const user of isRoot ? [undefined, 'nobody'] : [undefined]) {
    const spec = specFor(shell(line), { container, user });
    t.deepEqual(await runToEnd(port, spec), { kind: 'exited', status: 0 });
    t.is(await read(rig, spec, 'stdout'), '100\n200\n0\nunlimited\n');
  }
});

test('limits that nobody can make sense of are refused', async (t) => {
  await using rig = await openRig();
  const port = await rig.restart();
  for (const limit of [
    { soft: 1n, hard: 1n },
    { type: 'RLMT_NOFILE' as const, soft: 1n },
    { type: 'RLMT_NOFILE' as const, hard: 1n },
    { type: 'RLMT_NOFILE' as const, soft: 2n, hard: 1n },
  ]) {
    const container = { type: 'MESOS' as const, rlimit_info: { rlimits: [limit] } };
    const spec = specFor(shell('exit 0'), { container });
    await t.throwsAsync(port.launch(spec), { instanceOf: ContainerError, message: /limit/iu });
  }
});

test('a kill reaches grandchildren, and those that a command leaves behind end with it', async (t) => {
  await using rig = await openRig();
  const port = await rig.restart();
  const family = specFor(shell("sh -c 'sleep 500 & echo $! > child; wait' & wait"));
  const { ended } = await port.launch(family);
  const pidOf = async (spec: ContainerSpec): Promise<number> =>
    Number(await read(rig, spec, 'child').catch(() => ''));
  await until(async () => (await pidOf(family)) > 0);
  await port.signal(family.containerId, 'TERM');
  await ended;
  const grandchild = await pidOf(family);
  await until(() => processes.find(grandchild) === undefined);
  const leaving = specFor(shell('sleep 500 & echo $! > child; exit 4'));
  t.deepEqual(await runToEnd(port, leaving), { kind: 'exited', status: 4 });
  const left = await pidOf(leaving);
  await until(() => processes.find(left) === undefined);
  t.true(grandchild > 1 && left > 1);
});

test('KILL also reaches what has left the group of its command', async (t) => {
  await using rig = await openRig();
  const port = await rig.restart();
  // A shell with job control gives each job a group of its own.
  const line = "trap '' TERM; bash -mc 'sleep 500 & echo $! > child; wait'";
  const spec = specFor(shell(line));
  const { ended } = await port.launch(spec);
  await until(async () => Number(await read(rig, spec, 'child').catch(() => '')) > 0);
  const child = Number(await read(rig, spec, 'child'));
  await port.signal(spec.containerId, 'KILL');
  await ended;
  await until(() => processes.find(child) === undefined);
  t.pass();
});

test('a supervisor that was killed is told, and its command does not go on', async (t) => {
  await using rig = await openRig();
  const port = await rig.restart();
  const spec = specFor(shell('echo $PPID > parent; echo $$ > child; sleep 500'));
  const { process: leader, ended } = await port.launch(spec);
  await until(async () => (await read(rig, spec, 'child').catch(() => '')) !== '');
  const child = Number(await read(rig, spec, 'child'));
  t.is(child, Number(leader.pid));
  process.kill(Number(await read(rig, spec, 'parent')), 'SIGKILL');
  t.is(((await ended) as { kind: string }).kind, 'lost');
  await until(() => processes.find(child) === undefined);
});

test('a pid that belongs to another process by now is neither found nor killed', async (t) => {
  await using rig = await openRig();
  const port = await rig.restart();
  const spec = specFor(shell('exit 0'));
  await runToEnd(port, spec);
  const bystander = await processes.start({
    path: '/bin/sleep',
    arguments: ['500'],
    environment: {},
    folder: '/',
    user: undefined,
  });
  const { pid, startTicks, bootId } = bystander.identity;
  // As if supervisor and command had had the bystander's pid, a moment earlier.
  const files = systemFiles();
  const folder = `${rig.workFolder}/meta/containers/${spec.containerId}`;
  const fields = `${pid} (sh) S ${'0 '.repeat(18)}${startTicks - 1}`;
  for (const name of ['supervisor', 'leader']) {
    await files.remove(`${folder}/${name}`);
    const file = await files.open(`${folder}/${name}`, { create: true });
    await file.write(0, [new TextEncoder().encode(`${bootId} ${fields} 0\n`)]);
    await file.close();
  }
  await files.remove(`${folder}/status`);
  const found = await (await rig.restart()).recover(spec);
  t.is(found.kind, 'ended');
  await port.signal(spec.containerId, 'KILL');
  await timeToDie(port);
  t.deepEqual(processes.find(pid), bystander.identity);
  process.kill(pid, 'SIGKILL');
  await bystander.ended;
});

(isRoot ? test : test.skip)(
  'a task runs as the user it names, in a sandbox of that user',
  async (t) => {
    await using rig = await openRig();
    const port = await rig.restart();
    const spec = specFor(shell('id -un; id -g; touch mine && echo yes'), { user: 'nobody' });
    t.deepEqual(await runToEnd(port, spec), { kind: 'exited', status: 0 });
    const nobody = await processes.user('nobody');
    t.is(await read(rig, spec, 'stdout'), `nobody\n${nobody!.gid}\nyes\n`);
    const stubborn = specFor(shell("trap '' TERM; sleep 500"), { user: 'nobody' });
    const { ended } = await port.launch(stubborn);
    await port.signal(stubborn.containerId, 'KILL');
    t.deepEqual(await ended, { kind: 'signaled', signal: 9 });
    const error = await t.throwsAsync(port.launch(specFor(shell('id'), { user: 'no-such-user' })));
    t.true(error instanceof ContainerError);
    t.regex(error.message, /no-such-user/);
  },
);

(isRoot ? test : test.skip)('what a supervisor writes no task of another user can', async (t) => {
  await using rig = await openRig();
  const port = await rig.restart();
  const forge = 'cd "$FOLDER"; rm -f leader; echo exited 0 >status; kill -9 $PPID; touch x; exit 3';
  const spec = specFor(shell(forge), { user: 'nobody' });
  const FOLDER = `${rig.workFolder}/meta/containers/${spec.containerId}`;
  const environment = { ...spec.environment, FOLDER };
  const { process: leader, ended } = await port.launch({ ...spec, environment });
  t.deepEqual(await ended, { kind: 'exited', status: 3 });
  t.is((await readFile(`${FOLDER}/status`, 'utf8')).trim(), 'exited 3');
  t.regex(await readFile(`${FOLDER}/leader`, 'utf8'), new RegExp(` ${leader.pid} `, 'u'));
});

(isRoot ? test : test.skip)(
  'a task of another user gets its environment, and its shell alone heeds it',
  async (t) => {
    await using rig = await openRig();
    const port = await rig.restart();
    // Names that shells and loaders heed.
    const environment = {
      PATH: '/usr/bin:/bin',
      ENV: './evil',
      LD_LIBRARY_PATH: '/nowhere',
      OPTIND: 'x',
      'a.b': 'dot',
      END: "it's\nEND\n",
    };
    const argv = { kind: 'argv', path: 'env', arguments: [] } as const;
    const spec = specFor(argv, { user: 'nobody', environment });
    t.deepEqual(await runToEnd(port, spec), { kind: 'exited', status: 0 });
    const text = await read(rig, spec, 'stdout');
    for (const line of ['ENV=./evil', 'OPTIND=x', 'a.b=dot', "END=it's\nEND\n"]) {
      t.true(text.includes(line), line);
    }
  },
);

test('supervisors are used again, and a burst of tasks takes few of them', async (t) => {
  await using rig = await openRig();
  const port = await rig.restart();
  const specs = Array.from({ length: 60 }, (_, at) => specFor(shell(`echo $PPID; exit ${at}`)));
  const ends = await Promise.all(specs.map((spec) => runToEnd(port, spec)));
  t.deepEqual(
    ends,
    specs.map((_, status) => ({ kind: 'exited', status })),
  );
  const parents = await Promise.all(specs.map((spec) => read(rig, spec, 'stdout')));
  t.true(new Set(parents).size < 60, 'each task had a supervisor of its own');
});

async function textOf(port: Containerizer, spec: ContainerSpec): Promise<string> {
  const io = await port.attach(spec.containerId);
  const chunks: Uint8Array[] = [];
  for await (const { data } of io!.output()) chunks.push(data);
  return Buffer.concat(chunks).toString();
}

const withTerminal: Partial<ContainerSpec> = {
  io: 'attached',
  container: { type: 'MESOS', tty_info: { window_size: { rows: 33, columns: 77 } } },
};

test('a terminal has the size that was asked for, and later the one that it is given', async (t) => {
  await using rig = await openRig();
  const port = await rig.restart();
  // Rows and columns are set one after the other, and it may look in between.
  const looks = 'size=$(stty size); echo $size; [ "${size#* }" != 120 ] || exit 5';
  const line = `stty size; trap '${looks}' WINCH; tty; while :; do sleep 0.05; done`;
  const spec = specFor(shell(line), withTerminal);
  const { ended } = await port.launch(spec);
  const text = textOf(port, spec);
  const io = await port.attach(spec.containerId);
  const path = `${rig.workFolder}/meta/containers/${spec.containerId}/io/out`;
  t.truthy(await systemFileTree().look(path));
  // The command may not have set its trap yet: the size it is given changes until it has seen one.
  let rows = 40;
  let isOver = false;
  void ended.then(() => (isOver = true));
  await until(async () => {
    await io!.resize({ rows: rows++, columns: 120 });
    return isOver;
  });
  t.deepEqual(await ended, { kind: 'exited', status: 5 });
  // Told again while it says what it was told: it says so again.
  t.regex(await text, /^33 77\r\n\/dev\/pts\/\d+\r\n(?:\d+ (?:77|120)\r\n)+$/);
});

test('a terminal echoes, takes a key for the end of the input, and hands signals on', async (t) => {
  await using rig = await openRig();
  const port = await rig.restart();
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const cat = specFor(shell('cat; exit 3'), withTerminal);
  const { ended } = await port.launch(cat);
  const io = await port.attach(cat.containerId);
  await io!.write(bytes("it's\n"));
  await io!.write(new Uint8Array(0));
  t.deepEqual(await ended, { kind: 'exited', status: 3 });
  t.is(await textOf(port, cat), "it's\r\nit's\r\n");
  const stubborn = {
    kind: 'argv',
    path: 'sh',
    arguments: ['-c', "trap '' TERM HUP; cat"],
  } as const;
  for (const [command, signal, number] of [
    [shell('cat'), 'TERM', 15],
    [stubborn, 'KILL', 9],
  ] as const) {
    const spec = specFor(command, withTerminal);
    const container = await port.launch(spec);
    await port.signal(spec.containerId, signal);
    t.deepEqual(await container.ended, { kind: 'signaled', signal: number });
  }
});

test('what runs in a terminal is found by the next agent, and nothing of it is left', async (t) => {
  await using rig = await openRig();
  const line = "trap '' HUP TERM; echo $$ > child; echo here; exec sleep 500";
  const spec = specFor(shell(line), { ...withTerminal, io: 'files' });
  await (await rig.restart()).launch(spec);
  await until(async () => (await read(rig, spec, 'stdout').catch(() => '')) !== '');
  t.is(await read(rig, spec, 'stdout'), 'here\r\n');
  const child = Number(await read(rig, spec, 'child'));
  const port = await rig.restart();
  const found = await port.recover(spec);
  t.is(found.kind, 'running');
  t.not(await port.attach(spec.containerId), undefined);
  await port.signal(spec.containerId, 'KILL');
  await until(() => processes.find(child) === undefined);
  if (found.kind === 'running') t.is((await found.container.ended).kind, 'signaled');
});

test('a command that nobody reads waits, and nothing of what it said is lost', async (t) => {
  await using rig = await openRig();
  const port = await rig.restart();
  const spec = specFor(shell('seq 1 100000; echo said >&2'), { io: 'attached' });
  let isOver = false;
  const { ended } = await port.launch(spec);
  void ended.then(() => (isOver = true));
  await timeToDie(port);
  t.false(isOver);
  const text = await textOf(port, spec);
  await ended;
  t.is(text.replace('said\n', '').length, 588_895);
  t.true(text.includes('said\n') && text.startsWith('1\n'));
});

test('what a command leaves behind with its output in hand holds no reader up', async (t) => {
  await using rig = await openRig();
  const port = await rig.restart();
  const line = 'setsid sleep 500 & echo $! > child; echo done; sleep 0.1';
  const spec = specFor(shell(line), { io: 'attached' });
  t.deepEqual(await runToEnd(port, spec), { kind: 'exited', status: 0 });
  t.is(await textOf(port, spec), 'done\n');
  process.kill(Number(await read(rig, spec, 'child')), 'SIGKILL');
});

test('a debug container runs in the folder of the one it joins, as the same user', async (t) => {
  await using rig = await openRig();
  const port = await rig.restart();
  const parent = specFor(shell('sleep 500'), isRoot ? { user: 'nobody' } : {});
  await port.launch(parent);
  const spec = specFor(shell('pwd; id -u; echo $MESOS_SANDBOX'), {
    parentId: parent.containerId,
    taskId: undefined,
    nesting: 'debug',
    io: 'attached',
  });
  await port.launch(spec);
  const { folder } = sandboxOf(rig.workFolder, parent);
  const { uid } = isRoot ? (await processes.user('nobody'))! : processes.self;
  t.is(await textOf(port, spec), `${folder}\n${uid}\n${folder}\n`);
  await port.signal(parent.containerId, 'KILL');
});
