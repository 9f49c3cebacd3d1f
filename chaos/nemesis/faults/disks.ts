/** Faults of disks: full, slow, failing, gone dark in the middle of a write, and bytes that turned. */
import {
  closeSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { assert } from '#internal/base/assert.ts';
import type { Member, RealCluster } from '../real-cluster.ts';
import { type Fault, type Ground, number, together } from './fault.ts';
import { membersOf, restart } from './processes.ts';

/** Of a program that reads its log first. */
const startMsMax = 30_000;

/** A member that cannot write stops, as it should; it is started again when there is room. */
export const diskFull: Fault = {
  words: 'out of disk',
  settings: {},
  takesProcess: true,
  needs: ['disk'],
  async strike(ground, targets) {
    const members = membersOf(ground.cluster, targets);
    for (const member of members) ground.cluster.expectEnd(member);
    const heals = members.map((member) => {
      const path = `${member.disk?.path}/ballast`;
      fill(path);
      return () => {
        rmSync(path, { force: true });
        ground.cluster.start(member);
      };
    });
    return together(heals);
  },
};

/** All that was not synced is gone. */
export const powerCut: Fault = {
  words: 'without power',
  settings: {},
  takesProcess: true,
  needs: ['disk'],
  async strike({ cluster }, targets) {
    const members = membersOf(cluster, targets);
    for (const member of members) {
      cluster.expectEnd(member);
      member.disk?.cutPower();
      await cluster.kill(member);
    }
    return together(
      members.map((member) => () => {
        member.disk?.restore();
        cluster.start(member);
      }),
    );
  },
};

/** `how`: `fail` (with EIO), `kill-before` or `kill-after`, of the next sync. */
export const sync: Fault = {
  words: 'struck in a sync',
  settings: { how: 'fail' },
  takesProcess: true,
  needs: ['syncs'],
  async strike(ground, targets, { how }) {
    const members = membersOf(ground.cluster, targets);
    for (const member of members) ground.cluster.expectEnd(member);
    return switched(ground, members, {
      text: String(how),
      after: (member) => async () => await restart(ground, member)(),
    });
  },
};

/** Every sync takes so many milliseconds longer. */
export const slowDisk: Fault = {
  words: 'on a slow disk',
  settings: { delay: 300 },
  takesProcess: false,
  needs: ['syncs'],
  async strike(ground, targets, settings) {
    const members = membersOf(ground.cluster, targets);
    const text = `slow ${number(settings, 'delay')}`;
    return switched(ground, members, { text, after: () => async () => {} });
  },
};

/**
 * A bit of its log turns while it does not run. One that finds it refuses to start, and gets its log back
 * as it was; one that starts has to have lost nothing by it.
 */
export const bitFlip: Fault = {
  words: 'started on a log with a bit that turned',
  settings: {},
  takesProcess: true,
  needs: [],
  async strike(ground, targets) {
    const members = membersOf(ground.cluster, targets);
    for (const member of members) {
      await ground.cluster.kill(member);
      flipBit(ground, member);
    }
    for (const member of members) {
      ground.cluster.start(member);
      ground.cluster.expectEnd(member);
    }
    return together(
      members.map((member) => async () => {
        await untilDecided(ground.cluster, member);
        if (ground.cluster.pidOf(member) === undefined) mend(member);
        ground.cluster.start(member);
      }),
    );
  },
};

function switched(
  { switches }: Ground,
  members: readonly Member[],
  {
    text,
    after,
  }: { readonly text: string; readonly after: (member: Member) => () => Promise<void> },
): () => Promise<void> {
  return together(
    members.map((member) => {
      const path = `${switches}/${member.name}.syncs`;
      writeFileSync(path, text);
      return async () => {
        rmSync(path, { force: true });
        await after(member)();
      };
    }),
  );
}

function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (let bytes = 1 << 20; bytes >= 512;) {
      try {
        if (writeSync(file, Buffer.alloc(bytes)) < bytes) bytes >>= 1;
      } catch {
        bytes >>= 1;
      }
    }
  } finally {
    closeSync(file);
  }
}

/** Of the largest file of its log, and what it was is kept beside it. */
function flipBit({ random }: Ground, member: Member): void {
  const folder = `${member.workDir}/log`;
  const path = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name}`)
    .filter((each) => statSync(each).isFile() && each.endsWith('.seg'))
    .toSorted()[0];
  assert(path !== undefined, `${member.name} has no log`);
  const bytes = readFileSync(path);
  writeFileSync(`${member.workDir}.flipped`, JSON.stringify({ path }));
  writeFileSync(`${member.workDir}.before`, bytes);
  const used = Math.max(
    1,
    bytes.findLastIndex((byte) => byte !== 0),
  );
  const at = random.below(used);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  writeFileSync(path, bytes);
}

/** It has refused to start, or it answers. */
async function untilDecided(cluster: RealCluster, member: Member): Promise<void> {
  const deadlineMs = performance.now() + startMsMax;
  while (cluster.pidOf(member) !== undefined && performance.now() < deadlineMs) {
    const signal = AbortSignal.timeout(1000);
    const asked = fetch(`http://${member.address}/health`, { signal });
    const reply = await asked.catch(() => undefined);
    await reply?.arrayBuffer();
    if (reply !== undefined) return;
    await pause(50);
  }
}

function mend(member: Member): void {
  const { path } = JSON.parse(readFileSync(`${member.workDir}.flipped`, 'utf8'));
  writeFileSync(String(path), readFileSync(`${member.workDir}.before`));
}
