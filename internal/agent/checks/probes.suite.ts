/** What looks at tasks promise, over a real network and a simulated one. */
import type { ExecutionContext, TestFn } from 'ava';
import type { Clock } from '#internal/runtime/clock.ts';
import type { HttpHandler, HttpListener, HttpResponse } from '#internal/runtime/http.ts';
import type { ContainerSpec } from '../containerizer.ts';
import type { Probe, ProbeTarget } from '../core/input.ts';
import { Probes, type ProbesDependencies } from './probes.ts';

export type ProbesRig = AsyncDisposable &
  ProbesDependencies & {
    readonly listener: HttpListener;
    readonly clock: Clock;
    /** Lets the world move until the promise settles. */
    run<T>(promise: Promise<T>): Promise<T>;
    /** A task that runs, and that commands can be run beside: its container. */
    startTask(): Promise<ContainerSpec>;
    readonly exits: (status: number) => ContainerSpec['command'];
    readonly runsOn: ContainerSpec['command'];
  };

const soon = 10_000;
const atOnceMax = 4;
const local = '127.0.0.1';

const page = (status: number, headers: Readonly<Record<string, string>> = {}): HttpResponse => ({
  kind: 'whole',
  status,
  headers,
  body: new Uint8Array(100),
});

/** The head, and then nothing for ever. */
const endless: HttpResponse = { kind: 'stream', status: 201, headers: {}, open: () => {} };

const deaf = (): Promise<HttpResponse> => new Promise(() => {});

type Scene = {
  readonly probes: Probes;
  look(target: ProbeTarget, timeoutMs?: number): ReturnType<Probes['look']>;
  /** Its port. */
  serve(handler: HttpHandler): Promise<number>;
};

export function probesSuite(test: TestFn, openRig: () => Promise<ProbesRig>): void {
  const law = (
    title: string,
    check: (t: ExecutionContext, scene: Scene, rig: ProbesRig) => Promise<void>,
  ): void => {
    test(title, async (t) => {
      await using rig = await openRig();
      const program = async (): Promise<void> => {
        await using servers = new AsyncDisposableStack();
        const probes = new Probes(rig, { atOnceMax });
        const look: Scene['look'] = (target, timeoutMs = soon) =>
          probes.look('task', { target, timeoutMs } satisfies Probe);
        const serve: Scene['serve'] = async (handler) => {
          const options = { host: local, port: 0, bodyBytesMax: 1000 };
          return servers.use(await rig.listener.listen(options, handler)).port;
        };
        await check(t, { probes, look, serve }, rig);
      };
      await rig.run(program());
    });
  };

  law('a page is told by its status, whatever that is and however long it is', async (t, scene) => {
    const port = await scene.serve(({ target }) =>
      target === '/endless' ? endless : page(Number(target.slice(1))),
    );
    for (const status of [200, 204, 304, 404, 503]) {
      const url = `http://${local}:${port}/${status}`;
      t.deepEqual(await scene.look({ kind: 'http', url }), { kind: 'answered', status });
    }
    const url = `http://${local}:${port}/endless`;
    t.deepEqual(await scene.look({ kind: 'http', url }), { kind: 'answered', status: 201 });
  });

  law('redirects are followed, but not for ever', async (t, scene) => {
    const port = await scene.serve(({ target }) => {
      if (target === '/a') return page(302, { location: '/b' });
      if (target === '/b') return page(404);
      if (target === '/nowhere') return page(301);
      return page(301, { location: 'round' });
    });
    const ask = (path: string): ReturnType<Probes['look']> =>
      scene.look({ kind: 'http', url: `http://${local}:${port}${path}` });
    t.deepEqual(await ask('/a'), { kind: 'answered', status: 404 });
    t.deepEqual(await ask('/nowhere'), { kind: 'answered', status: 301 });
    t.is((await ask('/round')).kind, 'failed');
  });

  law('who does not listen, or is no address, fails at once', async (t, scene, { clock }) => {
    const before = clock.monotonic();
    for (const url of [`http://${local}:1/`, 'http://', `http://${local}:0x/`]) {
      t.is((await scene.look({ kind: 'http', url })).kind, 'failed', url);
    }
    const target = { kind: 'tcp', host: local, port: 1 } as const;
    t.deepEqual(await scene.look(target), { kind: 'connected', succeeded: false });
    t.true(clock.monotonic() - before < soon);
  });

  law('a port is told by whether somebody takes the connection', async (t, scene) => {
    const port = await scene.serve(() => page(500));
    const target = { kind: 'tcp', host: local, port } as const;
    t.deepEqual(await scene.look(target), { kind: 'connected', succeeded: true });
  });

  law('who takes longer than he may has failed', async (t, scene) => {
    const port = await scene.serve(deaf);
    const target = { kind: 'http', url: `http://${local}:${port}/` } as const;
    t.deepEqual(await scene.look(target, 50), { kind: 'failed', reason: 'no result in 50 ms' });
  });

  law('what is stopped says nothing, and leaves room for others', async (t, scene) => {
    const port = await scene.serve(({ target }) => (target === '/' ? deaf() : page(200)));
    const target = { kind: 'http', url: `http://${local}:${port}/` } as const;
    const others = scene.probes.look('other', { target, timeoutMs: 200 });
    const stopped = Array.from({ length: 3 * atOnceMax }, () => scene.look(target));
    scene.probes.stop('task');
    for (const each of await Promise.all(stopped)) t.deepEqual(each, { kind: 'interrupted' });
    t.is((await others).kind, 'failed');
    const { kind } = await scene.look({ kind: 'http', url: `${target.url}well` });
    t.is(kind, 'answered');
  });

  law(
    'only so many are under way, and the time of those that wait has not begun',
    async (t, scene) => {
      let [now, most] = [0, 0];
      const port = await scene.serve(async ({ signal }) => {
        now++;
        most = Math.max(most, now);
        await new Promise((resolve) => {
          signal.addEventListener('abort', resolve);
        });
        now--;
        return page(200);
      });
      const target = { kind: 'http', url: `http://${local}:${port}/` } as const;
      const looks = Array.from({ length: 3 * atOnceMax }, () => scene.look(target, 1000));
      for (const each of await Promise.all(looks)) t.is(each.kind, 'failed');
      t.true(most >= atOnceMax, `${most}`);
      // Servers hear late that somebody has hung up.
      t.true(most <= 2 * atOnceMax, `${most}`);
    },
  );

  law('a command beside a task is told by its status', async (t, scene, rig) => {
    const task = await rig.startTask();
    for (const status of [0, 3]) {
      const spec = beside(task, rig.exits(status));
      t.deepEqual(await scene.look({ kind: 'command', spec }), { kind: 'exited', status });
    }
  });

  law('a command that takes too long is killed', async (t, scene, rig) => {
    const task = await rig.startTask();
    const spec = beside(task, rig.runsOn);
    t.is((await scene.look({ kind: 'command', spec }, 200)).kind, 'failed');
    t.is((await rig.containerizer.recover(spec)).kind, 'absent', 'nothing is left of it');
  });

  law('a command that ends with its task says nothing', async (t, scene, rig) => {
    const task = await rig.startTask();
    const spec = beside(task, rig.runsOn);
    const look = scene.look({ kind: 'command', spec });
    await rig.clock.sleep(200);
    await rig.containerizer.signal(task.containerId, 'KILL');
    t.deepEqual(await look, { kind: 'interrupted' });
  });
}

let made = 0;

function beside(task: ContainerSpec, command: ContainerSpec['command']): ContainerSpec {
  made++;
  const containerId = `look-${made}`;
  const parentId = task.containerId;
  return { ...task, containerId, taskId: undefined, parentId, nesting: 'debug', command };
}
