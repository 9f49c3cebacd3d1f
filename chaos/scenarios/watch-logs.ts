/** Reads what the programs of a cluster log: who leads, whom agents follow, and who gave up. */
import { Leadership } from '#chaos/checkers/leadership.ts';
import type { Member } from '#chaos/nemesis/real-cluster.ts';
import type { Timeline } from './timeline.ts';

/** The parts of a line that are of interest. */
type Line = {
  readonly message?: string;
  readonly term?: number | string;
  readonly master?: string;
};

export class LogWatch {
  readonly leadership: Leadership = new Leadership();
  /** When somebody began to lead, since the run began. */
  readonly ledMs: number[] = [];
  refusedLeaders = 0;
  readonly #timeline: Timeline;
  readonly #nameOf: (address: string) => string;

  /** `nameOf`: of the member at a `host:port`, whichever of its ports that is. */
  constructor(timeline: Timeline, nameOf: (address: string) => string) {
    this.#timeline = timeline;
    this.#nameOf = nameOf;
  }

  hear({ name }: Member, text: string): void {
    const line = parsed(text);
    if (line === undefined) {
      if (/^altiplano|assert|Error/i.test(text)) this.#timeline.say('cluster', name, text);
      return;
    }
    const { message } = line;
    if (message === 'leading') this.#leads(name, Number(line.term));
    else if (message === 'not leading any more') this.#resigns(name, 'leads no more');
    else if (message === 'registered') this.#follows(name, this.#nameOf(line.master ?? ''));
    else if (message === 'deposed leader refused') {
      this.refusedLeaders++;
      const master = this.#nameOf(line.master ?? '');
      this.#timeline.say('cluster', name, `refuses ${master}, which was deposed`);
    }
  }

  ended({ name }: Member, how: string): void {
    this.#resigns(name, `ended: ${how}`);
  }

  #leads(name: string, term: number): void {
    this.ledMs.push(this.#timeline.now());
    this.#timeline.say('cluster', name, `leads in term ${term}`);
    this.#timeline.begins(`leading ${name}`, 'leading', [name, `term ${term}`]);
    const finding = this.leadership.leads(name, term);
    if (finding !== undefined) this.#timeline.accuse(finding);
  }

  #resigns(name: string, how: string): void {
    this.leadership.resigns(name);
    this.#timeline.ends(`leading ${name}`);
    this.#timeline.say('cluster', name, how);
  }

  #follows(agent: string, master: string): void {
    this.#timeline.say('cluster', agent, `registered with ${master}`);
    const finding = this.leadership.follows(agent, master);
    if (finding !== undefined) this.#timeline.accuse(finding);
  }
}

function parsed(text: string): Line | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own logger's line.
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}
