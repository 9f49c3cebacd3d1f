/**
 * `one-voter-main.ts FOLDER SEGMENT_BYTES COUNT`: writes COUNT serials more than there are, a few at a
 * time, and says which were acknowledged. Ends with 0 when all are, or when one is refused; with 70
 * when the disk fails, as a master does.
 */
import { writeSync } from 'node:fs';
import { entryOf, openOneVoter } from './one-voter.ts';

const [folder = '', segmentBytes = '', count = ''] = process.argv.slice(2);
/** Written at once, so that it is out before whatever comes next. */
const say = (line: string): void => void writeSync(1, `${line}\n`);

function stop(fault: unknown): never {
  writeSync(2, `${String(fault)}\n`);
  process.exit(70);
}

const voter = await openOneVoter({
  folder,
  segmentBytes: Number(segmentBytes),
  onFault: stop,
}).catch(stop);
say(`has ${voter.serials.length}`);

const begun = voter.serials.length;
let next = begun;

async function write(): Promise<void> {
  while (next < begun + Number(count)) {
    const serial = ++next;
    const { node } = voter;
    const proposal = await node.propose(entryOf(serial));
    if (proposal.kind === 'applied') say(`acked ${serial}`);
    else {
      say(`refused ${proposal.reason}`);
      return;
    }
  }
}

await Promise.all([write(), write(), write()]);
say('done');
process.exit(0);
