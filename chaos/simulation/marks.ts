/**
 * Rare branches of the product, by name. Where one begins there is a comment, `// mark: NAME`, on a line of
 * its own; whoever loads the product for a sweep has it loaded with a counter in that place (`countMarks`),
 * and nobody else sees more than the comment. So a sweep can say where it has been.
 */
import { registerHooks } from 'node:module';
import { assert } from '#internal/base/assert.ts';

/** By file, from the root of the project. */
export const marksOf: Readonly<Record<string, readonly string[]>> = {
  'internal/agent/container-recovery.ts': [
    'a container that never began',
    'a container that ended while its agent was away',
  ],
  'internal/agent/core/drain.ts': ['a drain was taken back'],
  'internal/agent/core/kill.ts': [
    'a kill that came twice',
    'a kill that came before the container',
  ],
  'internal/agent/core/launch.ts': [
    'a launch came twice',
    'a running task was found after a restart',
    'a task was killed while it was launched',
    'a launch that a dead agent had begun',
  ],
  'internal/agent/core/operations.ts': [
    'volumes that a dead agent had begun to make',
    'an operation was told again after its time',
  ],
  'internal/agent/core/registration.ts': ['a deposed leader was refused'],
  'internal/agent/core/updates.ts': [
    'an update was sent again after its time',
    'an acknowledgement came twice',
  ],
  'internal/allocator/run.ts': ['filters ended while others waited'],
  'internal/frameworks/service/on-status.ts': [
    'volumes of an instance did not come to be',
    'a task that was given up is killed',
    'an instance waits for its volumes',
    'an instance is given up with its agent',
  ],
  'internal/frameworks/service/record-store.ts': ['nobody could tell whether a record was kept'],
  'internal/master/leader/agents.ts': [
    'an agent did not come back in time',
    'an agent introduced itself twice',
    'an agent left while it was let in',
    'a task that its framework was told had ended is killed',
    'an agent answered no pings',
  ],
  'internal/master/leader/links.ts': ['an agent was turned away at the door'],
  'internal/master/leader/operators/deactivation.ts': ['a drain of an agent in maintenance'],
  'internal/master/leader/reports.ts': [
    'an update of a framework that is gone',
    'an agent had not heard of an acknowledgement',
    'an update after the end that a master told',
  ],
  'internal/master/leader/schedulers.ts': [
    'a framework was removed while it subscribed',
    'a framework did not come back in time',
    'a scheduler took the place of another',
  ],
  'internal/master/leader/state-check.ts': ['the version of the state was raised'],
  'internal/master/leader/takeover.ts': ['a new leader goes on waiting for a framework'],
  'internal/state/apply-agent.ts': [
    'an agent registered again that never learned its id',
    'an agent came back that was given up for ever',
    'an agent came back with what was out of reach',
  ],
  'internal/state/apply-operation.ts': [
    'an operation that its agent knows already',
    'an operation that its agent never heard of',
  ],
  'internal/state/apply-store.ts': ['a value was refused', 'a value had another version'],
  'internal/state/apply-task.ts': [
    'a launch of many was taken one by one',
    'a launch came to nothing in the log',
  ],
  'internal/state/apply-volume.ts': ['a volume was adopted'],
  'raft/core/election.ts': ['a vote was asked for in advance'],
  'raft/core/following.ts': [
    'entries came that were decided already',
    'a snapshot told more than the log',
  ],
  'raft/core/leading.ts': ['a leader heard no quorum', 'a follower needed a snapshot'],
  'raft/core/step.ts': ['a message of an earlier term'],
  'raft/node/raft-node.ts': ['a proposal of a leader that had fallen'],
  'raft/node/snapshot-desk.ts': ['a log was cut behind a snapshot'],
  'storage/snapshot/snapshot-store.ts': ['a snapshot that was not finished was swept away'],
  'storage/wal/recovery.ts': ['a segment of a log was not whole'],
  'storage/wal/wal.ts': ['a log began another segment'],
};

/** Of these a sweep may have met none: they want more luck than a thousand seeds have. */
export const rareMarks: ReadonlySet<string> = new Set([
  'a framework was removed while it subscribed',
  'a launch came twice',
  'a proposal of a leader that had fallen',
  'a segment of a log was not whole',
  'a snapshot that was not finished was swept away',
  'a task that its framework was told had ended is killed',
  'an agent introduced itself twice',
  'an update after the end that a master told',
]);

/** How a figure of a mark is called. */
export const figureOfMark = (mark: string): string => `mark-${mark.replaceAll(/[ ,']+/g, '-')}`;

/** `source` with a counter in the place of each mark. */
export const counting = (source: string): string =>
  source.replaceAll(
    /^( *)\/\/ mark: (.+)$/gm,
    (_line, space: string, mark: string) =>
      `${space};globalThis.${counter}?.(${JSON.stringify(mark)});`,
  );

const counter = 'altiplanoMark';

/** Marks that were passed since the last question, by the names of their figures. All are there. */
export type TakeMarks = () => Readonly<Record<string, number>>;

let isCounting = false;

/**
 * From now on files are loaded with counters in them. For a thread that has not loaded the product yet: what
 * is loaded already counts nothing. The counter is one of the thread, so it is asked for once.
 */
export function countMarks(): TakeMarks {
  assert(!isCounting, 'the marks of this thread are counted already');
  isCounting = true;
  const root = new URL('../../', import.meta.url).href;
  const passed = new Map<string, number>();
  const all = Object.values(marksOf).flat();
  Object.assign(globalThis, {
    [counter]: (mark: string) => passed.set(mark, (passed.get(mark) ?? 0) + 1),
  });
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const path = url.startsWith(root) ? url.slice(root.length) : '';
      const { source } = loaded;
      if (marksOf[path] === undefined || source === undefined || source === null) return loaded;
      const text = typeof source === 'string' ? source : new TextDecoder().decode(source);
      return { ...loaded, source: counting(text) };
    },
  });
  return () => {
    const taken = all.map((mark): [string, number] => [figureOfMark(mark), passed.get(mark) ?? 0]);
    passed.clear();
    return Object.fromEntries(taken);
  };
}
