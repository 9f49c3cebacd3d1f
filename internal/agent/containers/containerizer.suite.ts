/** What every containerizer promises. Lines of commands are in the words that all of them know. */
import type { ExecutionContext, TestFn } from 'ava';
import {
  ContainerError,
  type ContainerIo,
  type ContainerSpec,
  type Containerizer,
} from '../containerizer.ts';

export type ContainerizerRig = AsyncDisposable & {
  /** The port, as an agent gets it that was just started; what ran before runs on. */
  restart(): Promise<Containerizer>;
  /** Lets the world move until the promise settles. */
  run<T>(promise: Promise<T>): Promise<T>;
  /** A command that does so. */
  readonly exits: (status: number) => ContainerSpec['command'];
  readonly runsOn: ContainerSpec['command'];
  readonly ignoresTerm: ContainerSpec['command'];
  /** Says one line and ends well. */
  readonly says: (text: string) => ContainerSpec['command'];
  /** Says what it reads, and ends well after the end of its input. */
  readonly echoes: ContainerSpec['command'];
  /** A container that cannot be launched. */
  readonly impossible: Partial<ContainerSpec>;
};

const shell = (line: string): ContainerSpec['command'] => ({ kind: 'shell', line });

/** What those commands are where containers run a real shell. */
export const shellCommands: Pick<
  ContainerizerRig,
  'exits' | 'runsOn' | 'ignoresTerm' | 'says' | 'echoes'
> = {
  exits: (status) => shell(`exit ${status}`),
  runsOn: shell('sleep 500'),
  ignoresTerm: shell("trap '' TERM; while :; do sleep 1; done"),
  says: (text) => shell(`echo ${text}`),
  echoes: shell('cat'),
};

let made = 0;

export function specFor(
  command: ContainerSpec['command'],
  more: Partial<ContainerSpec> = {},
): ContainerSpec {
  made++;
  return {
    containerId: `container-${made}`,
    agentId: 'a-1',
    frameworkId: 'f-1',
    executorId: `task-${made}`,
    taskId: `task-${made}`,
    parentId: undefined,
    nesting: 'member',
    io: 'files',
    command,
    environment: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    user: undefined,
    volumes: [],
    uris: [],
    limits: { cpus: undefined, cpusMax: undefined, memBytes: undefined, diskBytes: undefined },
    container: undefined,
    ...more,
  };
}

export function containerizerSuite(test: TestFn, openRig: () => Promise<ContainerizerRig>): void {
  const law = (
    title: string,
    check: (t: ExecutionContext, rig: ContainerizerRig) => Promise<void>,
  ): void => {
    test(title, async (t) => {
      await using rig = await openRig();
      await rig.run(check(t, rig));
    });
  };

  law('a command that exits is reported with its status', async (t, rig) => {
    const port = await rig.restart();
    for (const status of [0, 3, 255]) {
      const { process, ended } = await port.launch(specFor(rig.exits(status)));
      t.true(process.pid > 1n);
      t.deepEqual(await ended, { kind: 'exited', status });
    }
  });

  law('TERM ends a command that does not mind, KILL any', async (t, rig) => {
    const port = await rig.restart();
    const mild = specFor(rig.runsOn);
    const { ended } = await port.launch(mild);
    await port.signal(mild.containerId, 'TERM');
    t.deepEqual(await ended, { kind: 'signaled', signal: 15 });
    const hard = specFor(rig.ignoresTerm);
    const stubborn = await port.launch(hard);
    await port.signal(hard.containerId, 'KILL');
    t.deepEqual(await stubborn.ended, { kind: 'signaled', signal: 9 });
  });

  law('a signal to what has ended, or never was, does nothing', async (t, rig) => {
    const port = await rig.restart();
    const spec = specFor(rig.exits(0));
    await (
      await port.launch(spec)
    ).ended;
    await port.signal(spec.containerId, 'KILL');
    await port.release(spec.containerId);
    await port.signal(spec.containerId, 'KILL');
    await port.release('nobody-knows-it');
    t.pass();
  });

  law('an impossible launch is refused with words for its owner', async (t, rig) => {
    const port = await rig.restart();
    const spec = specFor(rig.exits(0), rig.impossible);
    const error = await t.throwsAsync(port.launch(spec), { instanceOf: ContainerError });
    t.true(error.message.length > 10);
  });

  law(
    'the next agent finds a live container, the same process, and hears of its end',
    async (t, rig) => {
      const spec = specFor(rig.runsOn);
      const first = await (await rig.restart()).launch(spec);
      const port = await rig.restart();
      const found = await port.recover(spec);
      t.is(found.kind, 'running');
      if (found.kind !== 'running') return;
      t.deepEqual(found.container.process, first.process);
      await port.signal(spec.containerId, 'TERM');
      t.deepEqual(await found.container.ended, { kind: 'signaled', signal: 15 });
    },
  );

  law('the next agent learns how a container ended that nobody watched', async (t, rig) => {
    for (const status of [0, 7, 137]) {
      const spec = specFor(rig.exits(status));
      const { ended, process } = await (await rig.restart()).launch(spec);
      await ended;
      const found = await (await rig.restart()).recover(spec);
      t.deepEqual(found, { kind: 'ended', process, end: { kind: 'exited', status } });
    }
  });

  law('a container that was not found never starts, and one that is found was', async (t, rig) => {
    const port = await rig.restart();
    const spec = specFor(rig.exits(0));
    t.deepEqual(await port.recover(spec), { kind: 'absent' });
    t.deepEqual(await port.recover(spec), { kind: 'absent' });
    // The launch that an agent had begun when it died: late, and too late.
    const late = await port.launch(spec).then(
      ({ ended }) => ended,
      () => undefined,
    );
    t.true(late === undefined || late.kind === 'lost');
    t.deepEqual(await port.recover(spec), { kind: 'absent' });
  });

  law('what a new agent does not know is ended and forgotten, nested or not', async (t, rig) => {
    const first = await rig.restart();
    const specs = [specFor(rig.runsOn), specFor(rig.ignoresTerm), specFor(rig.exits(0))];
    const [kept, lost, done] = specs.map(({ containerId }) => containerId);
    await Promise.all(specs.map((spec) => first.launch(spec)));
    const nested = specFor(rig.runsOn, {
      parentId: kept!,
      taskId: undefined,
      executorId: specs[0]!.executorId,
      nesting: 'debug',
    });
    await first.launch(nested);
    const port = await rig.restart();
    const swept = await port.sweep(new Set([kept!]));
    const strangers = [lost!, done!, nested.containerId].toSorted();
    t.deepEqual(swept.map(({ containerId }) => containerId).toSorted(), strangers);
    t.true(swept.every(({ fault }) => fault === undefined));
    for (const spec of [specs[1]!, specs[2]!, nested]) {
      t.is((await port.recover(spec)).kind, 'absent');
    }
    t.deepEqual(await port.sweep(new Set([kept!, ...strangers])), []);
    const found = await port.recover(specs[0]!);
    t.is(found.kind, 'running');
    if (found.kind !== 'running') return;
    await port.signal(kept!, 'KILL');
    t.deepEqual(await found.container.ended, { kind: 'signaled', signal: 9 });
  });

  law(
    'what runs tells what it uses and may use, what does not run tells nothing',
    async (t, rig) => {
      const mebibyte = 1024 * 1024;
      const limits = { cpus: 0.5, cpusMax: 1, memBytes: 64 * mebibyte, diskBytes: undefined };
      const spec = specFor(rig.runsOn, { limits });
      const port = await rig.restart();
      const { ended } = await port.launch(spec);
      const use = await port.usage(spec.containerId);
      t.like(use, { cpus_soft_limit: 0.5, cpus_limit: 1, mem_limit_bytes: BigInt(64 * mebibyte) });
      t.true(use!.mem_rss_bytes! > 0n && use!.processes! > 0 && use!.cpus_user_time_secs! >= 0);
      await port.update(spec.containerId, { ...limits, memBytes: 96 * mebibyte });
      const later = await port.usage(spec.containerId);
      t.is(later!.mem_limit_bytes, BigInt(96 * mebibyte));
      t.is(later!.disk_limit_bytes, undefined);
      await port.signal(spec.containerId, 'KILL');
      await ended;
      await port.update(spec.containerId, limits);
      t.is(await port.usage(spec.containerId), undefined);
      await port.release(spec.containerId);
      await port.update('nobody-knows-it', limits);
      t.is(await port.usage('nobody-knows-it'), undefined);
    },
  );

  law(
    'what was said before anybody attached is there, and ends with the container',
    async (t, rig) => {
      const port = await rig.restart();
      for (const io of ['attached', 'files'] as const) {
        const spec = specFor(rig.says('hello'), { io });
        await (
          await port.launch(spec)
        ).ended;
        const attached = await port.attach(spec.containerId);
        if (io === 'files') t.is(attached, undefined);
        else t.is(await textOf(attached), 'hello\n');
      }
      t.is(await port.attach('nobody-knows-it'), undefined);
    },
  );

  law(
    'who attaches is read, until the end of the input, and every reader is told',
    async (t, rig) => {
      const port = await rig.restart();
      const spec = specFor(rig.echoes, { io: 'attached' });
      const { ended } = await port.launch(spec);
      const io = await port.attach(spec.containerId);
      const texts = [textOf(io), textOf(io), textOf(await port.attach(spec.containerId))];
      await io!.write(new TextEncoder().encode('one\n'));
      await io!.write(new TextEncoder().encode('two\n'));
      await io!.write(new Uint8Array(0));
      t.deepEqual(await ended, { kind: 'exited', status: 0 });
      t.deepEqual(await Promise.all(texts), ['one\ntwo\n', 'one\ntwo\n', 'one\ntwo\n']);
      await t.throwsAsync(io!.resize({ rows: 1, columns: 1 }), { instanceOf: ContainerError });
    },
  );

  law('a container ends with its parent, and a debug container needs one', async (t, rig) => {
    const port = await rig.restart();
    const parent = specFor(rig.runsOn);
    const { ended } = await port.launch(parent);
    const nested = { parentId: parent.containerId, executorId: parent.executorId };
    const children = [
      specFor(rig.runsOn, { ...nested, taskId: undefined, nesting: 'debug', io: 'attached' }),
      specFor(rig.runsOn, { ...nested, nesting: 'member' }),
    ];
    const launched = await Promise.all(children.map((child) => port.launch(child)));
    await port.signal(parent.containerId, 'TERM');
    await ended;
    for (const child of launched) {
      t.deepEqual(await child.ended, { kind: 'signaled', signal: 9 });
    }
    for (const parentId of [undefined, parent.containerId, 'nobody-knows-it']) {
      const orphan = specFor(rig.runsOn, { parentId, taskId: undefined, nesting: 'debug' });
      await t.throwsAsync(port.launch(orphan), { instanceOf: ContainerError });
    }
  });

  law('children that outlived their agent end when their parent does', async (t, rig) => {
    const parent = specFor(rig.runsOn);
    const child = specFor(rig.runsOn, {
      parentId: parent.containerId,
      taskId: undefined,
      executorId: parent.executorId,
      nesting: 'debug',
    });
    const first = await rig.restart();
    await first.launch(parent);
    await first.launch(child);
    const port = await rig.restart();
    const found = await Promise.all([child, parent].map((spec) => port.recover(spec)));
    await port.signal(parent.containerId, 'KILL');
    for (const one of found) {
      t.is(one.kind, 'running');
      if (one.kind !== 'running') return;
      t.deepEqual(await one.container.ended, { kind: 'signaled', signal: 9 });
    }
  });
}

async function textOf(io: ContainerIo | undefined): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const { data } of io!.output()) text += decoder.decode(data, { stream: true });
  return text;
}
