import test from 'ava';
import type { HttpHandler, HttpResponse, HttpSink } from '#internal/runtime/http.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedHttp } from '#internal/runtime/simulated/http.ts';
import { openLogBook } from '#internal/runtime/simulated/logger.ts';
import { SimulatedNetwork } from '#internal/runtime/simulated/network.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';

import { fromJson, toJson } from '#internal/wire/json.ts';
import { encodeRecord } from '#internal/wire/record-io.ts';
import type { Call } from '#proto/gen/mesos/v1/scheduler.ts';
import { SchedulerClient, schedulerDefaults } from './scheduler-client.ts';
import { jsonFormat } from './wire-format.ts';

type Answer = (call: Call) => HttpResponse;

/** A scheduler on a machine of its own, and masters that answer as they are told to. */
class Stage {
  readonly world: SimulatedWorld = new SimulatedWorld({ seed: 1 });
  readonly client: SchedulerClient;
  /** Who was asked to subscribe, and by which framework id. */
  readonly asked: (readonly [master: string, frameworkId: string | undefined])[] = [];
  disconnected = 0;

  constructor(masters: Readonly<Record<string, Answer>>) {
    const { world } = this;
    const http = new SimulatedHttp({ network: new SimulatedNetwork({ world }) });
    for (const [name, answer] of Object.entries(masters)) {
      const place = { host: name, port: 5050, bodyBytesMax: 1 << 20 };
      void http.listener(world.boot(name)).listen(place, this.#handler(name, answer));
    }
    const life = world.boot('scheduler');
    const { logger } = openLogBook({ nowMs: () => world.nowMs });
    const clock = simulatedClock({ world, life });
    this.client = new SchedulerClient(
      { clock, random: world.random('client'), logger, http: http.client(life) },
      {
        ...schedulerDefaults,
        masters: Object.keys(masters).map((name) => `${name}:5050`),
        framework: { user: '', name: 'test' },
        format: jsonFormat,
      },
      { onEvent: () => {}, onDisconnected: () => this.disconnected++, onRefused: () => {} },
    );
    this.client.start();
  }

  async untilAsked(times: number, withinMs: number): Promise<boolean> {
    const isDone = (): boolean => this.asked.length >= times && this.client.frameworkId === 'F';
    return await this.world.runUntil(isDone, { withinMs });
  }

  #handler(name: string, answer: Answer): HttpHandler {
    return ({ body }) => {
      const call = fromJson('mesos.v1.scheduler.Call', new TextDecoder().decode(body));
      if (call.type === 'SUBSCRIBE') this.asked.push([name, call.framework_id?.value]);
      return answer(call);
    };
  }
}

/** Takes a subscription, and never says anything after SUBSCRIBED. */
const subscribed: HttpResponse = {
  kind: 'stream',
  status: 200,
  headers: { 'content-type': 'application/json', 'mesos-stream-id': 's' },
  open: (sink) => {
    const event = {
      type: 'SUBSCRIBED',
      subscribed: { framework_id: { value: 'F' }, heartbeat_interval_seconds: 15 },
    } as const;
    sink.write(encodeRecord(new TextEncoder().encode(toJson('mesos.v1.scheduler.Event', event))));
  },
};

const text = (status: number, words: string): HttpResponse => ({
  kind: 'whole',
  status,
  headers: {},
  body: new TextEncoder().encode(words),
});

test('who is answered as a stranger subscribes anew, under the same id', async (t) => {
  const stranger = text(403, 'Framework is not subscribed');
  const stage = new Stage({ m1: ({ type }) => (type === 'SUBSCRIBE' ? subscribed : stranger) });
  t.true(await stage.untilAsked(1, 1000));
  await stage.world.runFor(10);
  const outcome = await stage.world.settle(stage.client.call({ type: 'REVIVE' }), {
    withinMs: 100,
  });
  t.is(outcome.kind, 'disconnected');
  t.true(await stage.untilAsked(2, 1000));
  t.deepEqual(stage.asked, [
    ['m1', undefined],
    ['m1', 'F'],
  ]);
  t.is(stage.disconnected, 1);
});

test('any other refusal of a call leaves the stream alone', async (t) => {
  const refusal = text(403, 'Not authorized to update the framework');
  const stage = new Stage({ m1: ({ type }) => (type === 'SUBSCRIBE' ? subscribed : refusal) });
  t.true(await stage.untilAsked(1, 1000));
  await stage.world.runFor(10);
  const outcome = await stage.world.settle(stage.client.call({ type: 'REVIVE' }), {
    withinMs: 100,
  });
  t.deepEqual(outcome, {
    kind: 'refused',
    status: 403,
    text: 'Not authorized to update the framework',
  });
  t.false(await stage.untilAsked(2, 5000));
});

test('a master without power is left at the first call, long before heartbeats are missed', async (t) => {
  const stage = new Stage({ m1: () => subscribed, m2: () => subscribed });
  t.true(await stage.untilAsked(1, 1000));
  await stage.world.runFor(10);
  stage.world.crash('m1', 'power');
  const call = stage.client.call({ type: 'REVIVE' });
  const { answerTimeoutMs } = schedulerDefaults;
  t.is((await stage.world.settle(call, { withinMs: answerTimeoutMs + 10 })).kind, 'disconnected');
  t.true(await stage.untilAsked(2, 1000));
  t.deepEqual(stage.asked.at(-1), ['m2', 'F']);
});

test('a refusal that breaks off after its head is given up in time', async (t) => {
  const cutOff: HttpResponse = { kind: 'stream', status: 503, headers: {}, open: () => {} };
  const stage = new Stage({ m1: () => cutOff, m2: () => subscribed });
  t.true(await stage.untilAsked(2, schedulerDefaults.answerTimeoutMs + 1000));
  t.deepEqual(stage.asked.at(-1), ['m2', undefined]);
});

test('a master that leads no more is left at the first question to it, too', async (t) => {
  const elsewhere = text(307, '');
  const stage = new Stage({
    m1: ({ type }) => (type === 'SUBSCRIBE' ? subscribed : elsewhere),
    m2: () => subscribed,
  });
  t.true(await stage.untilAsked(1, 1000));
  await stage.world.runFor(10);
  const body = (): Uint8Array =>
    new TextEncoder().encode(toJson('mesos.v1.scheduler.Call', { type: 'REVIVE' }));
  const question = { mediaType: 'application/json', body, replyBytesMax: 100 };
  const reply = await stage.world.settle(stage.client.ask('/x', question), { withinMs: 100 });
  t.is(reply.kind === 'answered' && reply.status, 307);
  t.true(await stage.untilAsked(2, 1000));
  t.deepEqual(stage.asked.at(-1), ['m2', 'F']);
});

test('a burst of calls goes out a few at a time, and what waits for a stream that breaks is not sent', async (t) => {
  const heard: string[] = [];
  let underWay = 0;
  let most = 0;
  const stage = new Stage({
    m1: (call) => {
      if (call.type === 'SUBSCRIBE') return subscribed;
      heard.push(call.kill?.task_id.value ?? '');
      underWay++;
      most = Math.max(most, underWay);
      return { ...subscribed, status: 202, open: (sink) => void answers.push(sink) };
    },
  });
  const answers: HttpSink[] = [];
  const answerAll = (): void => {
    for (const sink of answers.splice(0)) {
      underWay--;
      sink.end();
    }
  };
  t.true(await stage.untilAsked(1, 1000));
  await stage.world.runFor(10);
  const { callsMax } = schedulerDefaults;
  const names = Array.from({ length: 3 * callsMax }, (_, number) => `task-${number}`);
  const outcomes = names.map(async (value) => {
    const outcome = await stage.client.call({ type: 'KILL', kill: { task_id: { value } } });
    return outcome.kind;
  });
  await stage.world.runFor(10);
  t.is(heard.length, callsMax);
  answerAll();
  await stage.world.runFor(10);
  // Connections overtake each other; the first ones are done before the next ones begin.
  t.deepEqual(heard.slice(0, callsMax).toSorted(), names.slice(0, callsMax).toSorted());
  t.deepEqual(heard.toSorted(), names.slice(0, 2 * callsMax).toSorted());
  stage.world.crash('m1', 'power');
  const kinds = await stage.world.settle(Promise.all(outcomes), {
    withinMs: schedulerDefaults.answerTimeoutMs + 1000,
  });
  t.deepEqual(kinds, [
    ...Array.from({ length: callsMax }, () => 'accepted'),
    ...Array.from({ length: 2 * callsMax }, () => 'disconnected'),
  ]);
  t.is(most, callsMax);
  t.is(heard.length, 2 * callsMax);
});
