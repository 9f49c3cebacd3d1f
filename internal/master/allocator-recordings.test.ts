import test, { type ExecutionContext } from 'ava';
import { readRecording } from '#internal/allocator/recording.ts';
import { replay, type ReplayedRun } from '#internal/allocator/replay.ts';
import { assert } from '#internal/base/assert.ts';
import type { Files } from '#internal/runtime/files.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { SimulatedDisk } from '#internal/runtime/simulated/disk.ts';
import { simulatedFiles } from '#internal/runtime/simulated/files.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { AllocatorRecordings } from './allocator-recordings.ts';
import { TestCluster } from './testing/test-cluster.ts';

type Tried = {
  readonly offers: number;
  readonly texts: readonly string[];
  readonly warnings: readonly string[];
  /** Files that were open while the second master led. */
  readonly open: number;
};

/** Two terms of a small cluster whose masters record, and what is in the files then. */
async function recordedCluster(
  t: ExecutionContext,
  limits: { readonly capacityBytes?: number; readonly backlogBytesMax?: number },
): Promise<Tried> {
  const { backlogBytesMax = 1e6, ...options } = limits;
  const own = new SimulatedWorld({ seed: 7 });
  const life = own.boot('recorder');
  const disk = new SimulatedDisk({ world: own }, { name: 'd', ...options });
  const { files, openNow } = counted(simulatedFiles({ disk, life }));
  const warnings: string[] = [];
  const recordings = new AllocatorRecordings(
    { files, logger: loggerInto(warnings) },
    { folder: '.', bytesMax: 1e6, backlogBytesMax },
  );
  const cluster = new TestCluster({ seed: 3, allocators: recordings.source });
  const first = await cluster.lead(1);
  await cluster.start(2);
  // The disk has a clock of its own.
  await own.runFor(100);
  const scheduler = await cluster.scheduler(first);
  const agent = await cluster.agent(first, 'a1');
  await cluster.until(() => scheduler.offers.size > 0, 'no offer');
  await own.runFor(100);
  cluster.log.elect(2);
  const second = await cluster.lead(2);
  const again = await cluster.scheduler(second);
  agent.connect(second.master.acceptAgent);
  await cluster.until(() => again.offers.size > 0, 'no offer of the second leader');
  await own.runFor(100);
  const open = openNow();
  await own.settle(recordings.close(), { withinMs: 10_000 });
  const texts = await own.settle(readAll(files), { withinMs: 10_000 });
  t.is(agent.heard('registered').length > 0, true);
  return { offers: scheduler.offers.size + again.offers.size, texts, warnings, open };
}

/** The same files, and how many of them are open. */
function counted(files: Files): { readonly files: Files; readonly openNow: () => number } {
  let open = 0;
  const opening: Files['open'] = async (path, options) => {
    const file = await files.open(path, options);
    open++;
    const close = async (): Promise<void> => {
      open--;
      await file.close();
    };
    return { ...file, close };
  };
  return { files: { ...files, open: opening }, openNow: () => open };
}

async function readAll(files: Files): Promise<readonly string[]> {
  const names = (await files.list('.')).filter((name) => name.startsWith('term-'));
  const texts: string[] = [];
  for (const name of names) {
    const file = await files.open(name);
    texts.push(new TextDecoder().decode(await file.read(0, await file.size())));
    await file.close();
  }
  return texts;
}

function loggerInto(warnings: string[]): Logger {
  const logger: Logger = {
    debug: () => {},
    info: () => {},
    warn: (message) => void warnings.push(message),
    error: () => {},
    child: () => logger,
  };
  return logger;
}

function playedAgain(text: string): readonly ReplayedRun[] {
  return [...replay(readRecording(text.split('\n')), { events: [], ignoresFilters: false })];
}

const offersIn = (runs: readonly ReplayedRun[]): number =>
  runs.flatMap(({ rounds }) => rounds).reduce((sum, { offers }) => sum + offers.length, 0);

test("each term's allocator is in a file of its own, and gives the same when it is played again", async (t) => {
  const { texts, warnings } = await recordedCluster(t, {});
  t.deepEqual(warnings, []);
  t.is(texts.length, 2);
  for (const text of texts) {
    const runs = playedAgain(text);
    t.true(runs.every(({ isSame }) => isSame));
    t.true(offersIn(runs) > 0);
  }
});

test('what was recorded of an earlier term is closed when the next begins', async (t) => {
  t.is((await recordedCluster(t, {})).open, 1);
});

test('a full disk ends the recording, never the offers, and what was written can be played', async (t) => {
  const { texts, warnings, offers } = await recordedCluster(t, { capacityBytes: 1500 });
  t.true(offers >= 2);
  t.true(warnings.includes('the allocator is not recorded any more'));
  const [text] = texts;
  assert(text !== undefined, 'nothing was recorded');
  t.true(playedAgain(text).every(({ isSame }) => isSame));
});

test('a disk that does not keep up ends the recording, never the offers', async (t) => {
  const { warnings, offers } = await recordedCluster(t, { backlogBytesMax: 300 });
  t.true(offers >= 2);
  t.true(warnings.includes('the allocator is not recorded any more'));
});
