/**
 * A pod in an image, on a real master and agent: three containers, each from the image that is made
 * here, with a folder that they share, a look at the health of one of them, and a session with a
 * terminal. Takes root, cgroups and the tools of images, and says so where they are missing.
 */
import { readdir } from 'node:fs/promises';
import test from 'ava';
import { jsonFormat, protobufFormat } from '#internal/client/wire-format.ts';
import {
  busybox,
  clearAway,
  groupsBelow,
  makeImage,
  missingForOci,
  must,
} from '#internal/agent/testing/oci-rig.ts';
import type { FrameworkInfo, Offer, Resource, TaskInfo } from '#proto/gen/mesos/v1.ts';
import { altiplano, type Outcome, temporaryFolder, until } from './cluster.ts';
import { Masters } from './masters.ts';
import { subscribe, type SubscribedScheduler } from './subscribed-scheduler.ts';

const limitMs = 60_000;
const missing = await missingForOci();
const cgroupsRoot = `altiplano-pod-${process.pid}`;

const framework: FrameworkInfo = {
  user: 'root',
  name: 'brings a pod',
  checkpoint: true,
  failover_timeout: 600,
  capabilities: [{ type: 'PARTITION_AWARE' }],
};

const amounts = (cpus: number, mem: number): Resource[] => [
  { name: 'cpus', type: 'SCALAR', scalar: { value: cpus } },
  { name: 'mem', type: 'SCALAR', scalar: { value: mem } },
];

/** All see one folder of their parent's sandbox, each at `/shared`. */
function member(
  { agent_id }: Offer,
  name: string,
  line: string,
  more: Partial<TaskInfo> = {},
): TaskInfo {
  return {
    name,
    task_id: { value: name },
    agent_id,
    command: { value: line },
    resources: amounts(0.1, 64),
    container: {
      type: 'MESOS',
      mesos: { image: { type: 'DOCKER', docker: { name: 'pod/tools:1' } } },
      volumes: [
        {
          mode: 'RW',
          container_path: '/shared',
          source: { type: 'SANDBOX_PATH', sandbox_path: { type: 'PARENT', path: 'shared' } },
        },
      ],
    },
    ...more,
  };
}

async function launchPod(
  scheduler: SubscribedScheduler,
  offer: Offer,
  tasks: readonly TaskInfo[],
): Promise<void> {
  const resources = [
    ...amounts(0.1, 32),
    { name: 'disk', type: 'SCALAR' as const, scalar: { value: 16 } },
  ];
  const executor = {
    type: 'DEFAULT' as const,
    executor_id: { value: 'pod' },
    framework_id: scheduler.id,
    resources,
  };
  const launch_group = { executor, task_group: { tasks: [...tasks] } };
  await scheduler.tell({
    type: 'ACCEPT',
    accept: {
      offer_ids: [offer.id],
      operations: [{ type: 'LAUNCH_GROUP', launch_group }],
      filters: { refuse_seconds: 0 },
    },
  });
}

/** Acknowledges its updates up to this state, and what its health was said to be on the way. */
async function untilTold(
  scheduler: SubscribedScheduler,
  id: string,
  isIt: (state: string, healthy: boolean | undefined) => boolean,
): Promise<void> {
  for (;;) {
    const status = await scheduler.update({ task_id: { value: id } });
    await scheduler.acknowledge(status);
    if (isIt(status.state, status.healthy)) return;
    const { message = '' } = status;
    const isOver = /^TASK_(?:F|KILLED|ERROR|LOST)/u.test(status.state);
    if (isOver) throw new Error(`${id}: ${status.state} ${message}`);
  }
}

test('a pod of three containers of one image shares a folder, and ends with its health', async (t) => {
  if (missing !== undefined) {
    t.log(`skipped: ${missing}`);
    t.not(await missingForOci(), undefined);
    return;
  }
  const folder = await temporaryFolder(t);
  // Last to begin, first to end: what a failed test leaves is cleared away before its folder is.
  t.teardown(async () => await clearAway(`${folder}/agent`, cgroupsRoot));
  await makeImage(
    `${folder}/images/pod/tools`,
    [busybox, { kind: 'file', path: '/etc/motd', text: 'of the image\n' }],
    '1',
  );
  await using masters = await Masters.open(folder, 1, [
    `--docker-registry=${folder}/images`,
    `--cgroups-root=${cgroupsRoot}`,
    '--resources=cpus:2;mem:1024;disk:1024',
  ]);
  masters.start(1, [1]);
  await masters.agentId();
  const [address = ''] = masters.addresses;
  const formats = { calls: jsonFormat, events: protobufFormat };
  const scheduler = await subscribe(t, address, formats, framework);
  const offer = await scheduler.offer();
  const waits = 'until [ -e /shared/end ]; do sleep 0.1; done';
  await launchPod(scheduler, offer, [
    member(offer, 'writer', `echo from $MESOS_TASK_ID >/shared/said; ${waits}`),
    member(
      offer,
      'reader',
      `until [ -s /shared/said ]; do sleep 0.1; done; cat /shared/said; ${waits}`,
    ),
    member(offer, 'watched', `echo on >begun; ${waits}`, {
      health_check: {
        type: 'COMMAND',
        command: { value: '[ -e "$MESOS_SANDBOX/begun" ] && [ ! -e /shared/sick ]' },
        delay_seconds: 0,
        interval_seconds: 0.2,
        timeout_seconds: 60,
        grace_period_seconds: 0.1,
        consecutive_failures: 3,
      },
    }),
  ]);
  for (const id of ['writer', 'reader']) {
    await untilTold(scheduler, id, (state) => state === 'TASK_RUNNING');
  }
  await untilTold(
    scheduler,
    'watched',
    (state, healthy) => state === 'TASK_RUNNING' && healthy === true,
  );

  const task = async (...[verb = '', ...words]: readonly string[]): Promise<Outcome> =>
    await altiplano(['task', verb, `--masters=${address}`, ...words]);
  await until(
    async () => (await task('logs', 'reader')).stdout === 'from writer\n',
    limitMs,
    () => 'the reader has read what the writer wrote',
  );
  const terminal = await task(
    'exec',
    '-t',
    'watched',
    'sh',
    '-c',
    '[ -t 0 ] && [ -t 1 ] && stty size && cat /etc/motd /shared/said && pwd',
  );
  t.deepEqual(
    terminal.stdout.replaceAll('\r', '').split('\n'),
    ['24 80', 'of the image', 'from writer', '/mnt/mesos/sandbox', ''],
    terminal.stderr,
  );
  t.is((await task('exec', '-t', 'reader', 'sh', '-c', 'exit 7')).status, 7);

  const store = `${folder}/agent/store/docker/layers`;
  const layers = await readdir(store);
  await pruneImages(address);
  t.deepEqual(await readdir(store), layers, 'containers have them');

  t.is((await task('exec', 'writer', 'touch', '/shared/sick')).status, 0);
  for (const id of ['watched', 'writer', 'reader']) {
    await untilTold(
      scheduler,
      id,
      (state, healthy) => state === 'TASK_KILLED' && healthy === false,
    );
  }
  const left = async (): Promise<readonly string[]> =>
    (await groupsBelow(cgroupsRoot)).filter((path) => !path.endsWith(`/${cgroupsRoot}`));
  await until(
    async () => (await left()).length === 0,
    limitMs,
    () => 'nothing is left of the pod',
  );
  t.is((await must('runc', ['--root', `${folder}/agent/meta/runc`, 'list', '--quiet'])).trim(), '');
  await until(
    async () => {
      await pruneImages(address);
      return (await readdir(store)).length === 0;
    },
    limitMs,
    () => 'nobody has the layers any more',
  );
});

/** Of the one agent that the master knows. */
async function pruneImages(master: string): Promise<void> {
  const slaves = await (await fetch(`http://${master}/slaves`)).text();
  const agent = /"pid":"slave\(1\)@([^"]+)"/u.exec(slaves)?.[1];
  const reply = await fetch(`http://${agent}/api/v1`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"type":"PRUNE_IMAGES"}',
  });
  if (reply.status !== 200) throw new Error(`${reply.status}: ${await reply.text()}`);
}
