/** How the rows of the contract's tables are run: each on a stage of its own, in both media types. */
import test from 'ava';
import type { MediaType } from '#internal/wire/media-type.ts';
import { frameworkInfo, type Post, Stage, summary } from '../testing/stage.ts';

/** A call of a subscribed scheduler or an operator, and the answer to it. */
export type CallRow = Post & {
  /** The paragraph of the contract. */
  readonly at: string;
  readonly name: string;
  /** What the scheduler says of itself. */
  readonly info?: object;
  readonly before?: (stage: Stage) => Promise<unknown>;
  readonly call: object | ((stage: Stage) => object);
  readonly status: number;
  readonly text?: string | ((stage: Stage) => string);
};

/** What a scheduler hears, and that it hears nothing else, when something happens. */
export type EventRow = {
  readonly at: string;
  readonly name: string;
  readonly info?: object;
  readonly before?: (stage: Stage) => Promise<unknown>;
  readonly when: (stage: Stage) => Promise<unknown>;
  /** Offers, heartbeats and rescinds apart; see `summary`. */
  readonly hears: readonly string[] | ((stage: Stage) => readonly string[]);
};

const mediaTypes: readonly MediaType[] = ['application/json', 'application/x-protobuf'];

export function testCalls(rows: readonly CallRow[]): void {
  for (const row of rows) {
    test(`${row.at}: ${row.name}`, async (t) => {
      for (const mediaType of mediaTypes) {
        const stage = await Stage.subscribed(row.info ?? frameworkInfo(), mediaType);
        await row.before?.(stage);
        await stage.settle();
        const call = typeof row.call === 'function' ? row.call(stage) : row.call;
        const whole = row.to === 'operator' ? call : { framework_id: { value: stage.id }, ...call };
        const said = await stage.post(whole, row);
        const text = typeof row.text === 'function' ? row.text(stage) : (row.text ?? '');
        t.is(said.text, text, mediaType);
        t.is(said.status, row.status, mediaType);
        const isRefusal = row.status >= 400;
        t.is(said.headers['content-type'], isRefusal ? 'text/plain; charset=utf-8' : undefined);
      }
    });
  }
}

const quiet: ReadonlySet<string> = new Set(['HEARTBEAT', 'OFFERS', 'RESCIND']);

export function testEvents(rows: readonly EventRow[]): void {
  for (const row of rows) {
    test(`${row.at}: ${row.name}`, async (t) => {
      for (const mediaType of mediaTypes) {
        const stage = await Stage.subscribed(row.info ?? frameworkInfo(), mediaType);
        await row.before?.(stage);
        await stage.settle();
        const heard = stage.events().length;
        await row.when(stage);
        await stage.settle();
        const lines = stage.events().slice(heard).map(summary);
        const hears = typeof row.hears === 'function' ? row.hears(stage) : row.hears;
        t.deepEqual(
          lines.filter((line) => !quiet.has(line)),
          hears,
          mediaType,
        );
      }
    });
  }
}

/** A SUBSCRIBE that is refused on its own stream: the one ERROR, and the end. */
export type RefusalRow = {
  readonly at: string;
  readonly name: string;
  readonly before?: (stage: Stage) => Promise<unknown>;
  readonly subscribe: object | ((stage: Stage) => object);
  readonly error: string;
};

export function testRefusals(rows: readonly RefusalRow[]): void {
  for (const row of rows) {
    test(`${row.at}: ${row.name}`, async (t) => {
      for (const mediaType of mediaTypes) {
        const stage = await Stage.subscribed(frameworkInfo(), mediaType);
        await row.before?.(stage);
        await stage.settle();
        const subscribe =
          typeof row.subscribe === 'function' ? row.subscribe(stage) : row.subscribe;
        const info: unknown = 'framework_info' in subscribe ? subscribe.framework_info : undefined;
        const id = typeof info === 'object' && info !== null && 'id' in info ? info.id : undefined;
        const more = id === undefined ? {} : { framework_id: id };
        const events = await stage.subscribe(subscribe, more);
        t.deepEqual(events.map(summary), [`ERROR '${row.error}'`], mediaType);
      }
    });
  }
}
