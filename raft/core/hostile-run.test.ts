/** Replay one run: `SEED=17 npm test -- raft/core/hostile-run.test.ts`. */
import test from 'ava';
import { HostileRun } from './hostile-run.ts';

const { SEED } = process.env;
const seeds = SEED === undefined ? Array.from({ length: 150 }, (_, seed) => seed) : [Number(SEED)];

for (const members of [false, true]) {
  const who = members ? 'cores whose membership changes' : 'cores';
  test(`${who} stay safe under any schedule, and agree once it is kind`, (t) => {
    const sum = { snapshots: 0, reads: 0, transfers: 0, confs: 0, joint: 0 };
    for (const seed of seeds) {
      const fail = (why: string): never => t.fail(`SEED=${seed}: ${why}`);
      const run = new HostileRun({ fail }, { seed, members });
      for (let turn = 0; turn < 6000; turn++) run.turn();
      t.true(run.leaders.size > 0, `SEED=${seed}: nobody was elected, so the run proves nothing`);
      const decided = run.history.size;
      run.heal();
      for (let turn = 0; turn < 60_000; turn++) {
        if (run.history.size > decided && run.isAgreed()) break;
        run.turn();
      }
      t.true(run.isAgreed() && run.history.size > decided, `SEED=${seed}: ${run.describe()}`);
      sum.snapshots += run.snapshots;
      sum.reads += run.answeredReads;
      sum.transfers += run.transfers;
      sum.confs += run.confs.size;
      sum.joint += run.jointConfs;
    }
    if (SEED !== undefined) return;
    t.log(sum);
    t.true(sum.snapshots > 100, `only ${sum.snapshots} snapshots travelled`);
    t.true(sum.reads > 1000, `only ${sum.reads} reads were answered`);
    t.true(sum.transfers > 100, `only ${sum.transfers} hand-overs were asked for`);
    t.true(!members || (sum.confs > 500 && sum.joint > 100), `only ${sum.confs} changes`);
  });
}
