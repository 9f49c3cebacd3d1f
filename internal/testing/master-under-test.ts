/** A master's HTTP handler over a scripted door, asked directly: no socket, no time passes. */
import { randomFromSeed } from '#internal/base/random.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { HttpRequest, HttpResponse } from '#internal/runtime/http.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { Doormen } from '#internal/master/api/doorman.ts';
import { masterHandler } from '#internal/master/api/master-handler.ts';
import type { MasterDoor } from '#internal/master/door.ts';
import { callBytesMax } from '#internal/master/api/parse-call.ts';
import { replyToRefusedBody } from '#internal/runtime/http-rules.ts';
import { oracleFlags } from './oracle-cluster.ts';
import { type ScriptedDoor, type Script, scriptedDoor } from './scripted-door.ts';

export type Asked = Partial<Omit<HttpRequest, 'signal'>> & { readonly target: string };

export type MasterUnderTest = {
  readonly door: ScriptedDoor;
  readonly world: SimulatedWorld;
  readonly ask: (asked: Asked) => Promise<HttpResponse>;
};

/** Small, so that a test can fill it. */
export const streamBacklogBytesMax = 4096;
export const streamDrainTimeoutMs = 1000;

export function masterUnderTest(script: Script): MasterUnderTest {
  const world = new SimulatedWorld({ seed: 1 });
  const door = scriptedDoor(script);
  const clock = simulatedClock({ world, life: world.boot('master') });
  return { door, world, ask: facesOf(door, clock) };
}

/** Whoever decides behind them: the faces as the recorded master would have had them. */
export function facesOf(
  door: MasterDoor,
  clock: Clock,
  doormen: Doormen = {},
): MasterUnderTest['ask'] {
  const handler = masterHandler(
    {
      door,
      clock,
      doormen,
      random: randomFromSeed(1),
      counters: () => [['master/messages_kill_task', 3]],
    },
    {
      build: {
        version: '1.12.0',
        date: '2024-08-23 14:59:00',
        timeSeconds: 1_724_439_540,
        user: 'root',
        gitSha: 'c1b42f79d157aa900be5cbb0c1023f1479962aa7',
      },
      cluster: 'oracle',
      flags: oracleFlags,
      streamBacklogBytesMax,
      streamDrainTimeoutMs,
    },
  );
  return async ({ method = 'GET', target, headers = {}, body = new Uint8Array(0) }) =>
    // As the server does it, which hands no longer one on.
    body.length > callBytesMax
      ? replyToRefusedBody('too-large')
      : handler({ method, target, headers, body, signal: new AbortController().signal });
}

/** The reply's text; a stream has none. */
export const textOf = (response: HttpResponse): string =>
  response.kind === 'whole' ? Buffer.from(response.body).toString('utf8') : '';
