/**
 * Strikes a scenario's faults when their time has come, and undoes each after its while. What it has done
 * and not undone is undone when it is told to end, whatever else happens.
 */
import type { Fault, Ground, Target } from '#chaos/nemesis/faults/fault.ts';
import { faults } from '#chaos/nemesis/faults/catalogue.ts';
import { chooseTargets } from './choose-targets.ts';
import type { Scenario, Step } from './scenario.ts';
import type { Timeline } from './timeline.ts';

export type NemesisDependencies = {
  readonly ground: Ground;
  readonly timeline: Timeline;
  /** Who leads, as far as anybody knows. */
  leader(): string | undefined;
  sleep(ms: number, options: { readonly signal: AbortSignal }): Promise<void>;
};

export class Nemesis {
  readonly #with: NemesisDependencies;
  readonly #taken = new Set<string>();
  /** How often each fault was really struck. */
  readonly #struck = new Map<string, number>();
  #skipped = 0;
  readonly problems: string[] = [];

  constructor(dependencies: NemesisDependencies) {
    this.#with = dependencies;
  }

  get struck(): ReadonlyMap<string, number> {
    return this.#struck;
  }

  get skipped(): number {
    return this.#skipped;
  }

  /** Resolves when the time is over, or at once when it is aborted, and all is undone. */
  async run(scenario: Scenario, options: { readonly signal: AbortSignal }): Promise<void> {
    const steps = scenario.faults.map((step) => this.#repeat(step, scenario.forMs, options));
    await Promise.all(steps);
  }

  async #repeat(
    step: Step,
    untilMs: number,
    options: { readonly signal: AbortSignal },
  ): Promise<void> {
    const beganMs = performance.now();
    const { signal } = options;
    const sleep = async (ms: number): Promise<void> => {
      await this.#with.sleep(Math.max(0, ms), { signal }).catch(() => {});
    };
    for (
      let dueMs = step.atMs;
      dueMs < untilMs && !signal.aborted;
      dueMs += step.everyMs ?? Infinity
    ) {
      await sleep(dueMs - (performance.now() - beganMs));
      if (signal.aborted) return;
      const heal = await this.#strike(step);
      const leftMs = untilMs - (performance.now() - beganMs);
      await sleep(Math.min(step.forMs, leftMs));
      await heal();
    }
  }

  /** Gives what undoes it: nothing, if there was nobody to do it to. */
  async #strike(step: Step): Promise<() => Promise<void>> {
    const { ground, timeline } = this.#with;
    const fault = faults[step.fault];
    const choice = {
      everyone: ground.everyone,
      leader: this.#with.leader(),
      random: ground.random,
    };
    const targets = chooseTargets(step.target, { ...choice, taken: this.#taken });
    if (fault === undefined || targets.length === 0) {
      this.#skipped++;
      timeline.say('fault', 'nobody', `${step.fault} found nobody to strike`);
      return async () => {};
    }
    const names = targets.map(({ name }) => name).join(', ');
    const words = `${fault.words}${settingWords(step, fault)}`;
    this.#struck.set(step.fault, (this.#struck.get(step.fault) ?? 0) + 1);
    timeline.say('fault', names, words);
    const key = `${step.fault} ${names} ${this.#struck.get(step.fault)}`;
    timeline.begins(key, 'fault', [names, words]);
    const seized = fault.takesProcess ? targets.map(({ name }) => name) : [];
    for (const name of seized) this.#taken.add(name);
    const undo = await this.#tried(
      names,
      async () => await fault.strike(ground, targets, step.settings),
    );
    return async () => {
      await this.#tried(names, async () => await undo?.());
      for (const name of seized) this.#taken.delete(name);
      timeline.ends(key);
      timeline.say('heal', names, `no longer ${words}`);
    };
  }

  async #tried<Value>(names: string, act: () => Promise<Value>): Promise<Value | undefined> {
    try {
      return await act();
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      this.problems.push(problem);
      this.#with.timeline.say('fault', names, `the fault itself failed: ${problem}`);
      return undefined;
    }
  }
}

function settingWords(step: Step, { settings }: Fault): string {
  const words = Object.keys(settings).map((name) => `${name} ${step.settings[name]}`);
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

/** Everyone that something can be done to. */
export const everyoneOf = (members: readonly Target[]): readonly Target[] => [
  ...members,
  { name: 'client', kind: 'client', place: 0 },
];
