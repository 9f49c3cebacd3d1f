/**
 * The promises about launches, as somebody outside sees them: what the scheduler was told of each task,
 * in its order, and how often the task was seen to begin where it ran. Pure.
 */
import type { TaskState } from '#proto/gen/mesos/v1.ts';

export type Finding = {
  readonly law: string;
  readonly text: string;
  readonly facts: readonly string[];
};

type Known = { readonly states: { readonly state: TaskState; readonly who: string }[] };

const ends: ReadonlySet<TaskState> = new Set<TaskState>([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
]);

export class LaunchBook {
  readonly #tasks = new Map<string, Known>();
  #ended = 0;

  get launched(): number {
    return this.#tasks.size;
  }

  get ended(): number {
    return this.#ended;
  }

  /** Of whose end nobody has told. */
  get open(): readonly string[] {
    return [...this.#tasks].flatMap(([id, known]) => (endOf(known) === undefined ? [id] : []));
  }

  launches(id: string): void {
    this.#tasks.set(id, { states: [] });
  }

  /** What is wrong with hearing this, if anything is. `who` says it. */
  hears(id: string, state: TaskState, who: string): Finding | undefined {
    const known = this.#tasks.get(id);
    if (known === undefined) return undefined;
    const end = endOf(known);
    const isNews = known.states.at(-1)?.state !== state;
    if (isNews) known.states.push({ state, who });
    if (end === undefined) {
      if (ends.has(state)) this.#ended++;
      return undefined;
    }
    // An end that is told again, until it is acknowledged, is the same end.
    if (end.state === state) return undefined;
    return {
      law: 'a task ends once, and nothing follows its end',
      text: `task ${id} is ${state} after it was ${end.state}`,
      facts: [`${end.who} said ${end.state}`, `${who} said ${state}`],
    };
  }

  /** `begun`: how often each task was seen to begin, and where. */
  judge(begun: ReadonlyMap<string, readonly string[]>): readonly Finding[] {
    return [...begun].flatMap(([id, places]) => {
      if (places.length <= 1) return [];
      const facts = places.map((place) => `it began ${place}`);
      return [
        {
          law: 'a task begins at most once',
          text: `task ${id} began ${places.length} times`,
          facts,
        },
      ];
    });
  }

  /** Those that are said to have finished and were never seen to begin. */
  unseen(begun: ReadonlyMap<string, readonly string[]>): readonly Finding[] {
    return [...this.#tasks].flatMap(([id, known]) => {
      const end = endOf(known);
      if (end?.state !== 'TASK_FINISHED' || begun.has(id)) return [];
      const law = 'a task that finished has run';
      return [{ law, text: `task ${id} never began`, facts: [`${end.who} said ${end.state}`] }];
    });
  }
}

const endOf = (known: Known): { readonly state: TaskState; readonly who: string } | undefined =>
  known.states.find(({ state }) => ends.has(state));
