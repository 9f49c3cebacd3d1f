/**
 * Requests that a real Mesos master was sent, with what it replied (`testdata/oracle/README.md`).
 * Its ids, times and paths are its own; statuses, texts, names and types are the measure.
 */
import { readFileSync } from 'node:fs';
import { assert } from '#internal/base/assert.ts';

export type Exchange = {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly target: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Uint8Array;
  };
  readonly reply: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Uint8Array;
  };
};

export const masterExchanges: readonly Exchange[] = exchangesOf('master-http');

/** What subscribed schedulers of many kinds said, one call each. */
export const schedulerExchanges = (): readonly Exchange[] => exchangesOf('scheduler-http');

/** What operators said while things changed, and read while they did. */
export const operatorExchanges = (): readonly Exchange[] => exchangesOf('operator-http');

/** What executors that frameworks brought said to their agent. */
export const executorExchanges = (): readonly Exchange[] => exchangesOf('executor-http');

/** What agents were asked in the way that is older than their API. */
export const legacyAgentExchanges = (): readonly Exchange[] => exchangesOf('agent-legacy');

/** What agents were asked by their operators. */
export const agentExchanges = (): readonly Exchange[] => exchangesOf('agent-http');

/** All that one of these executors heard on its first stream, each event as JSON. */
export const executorEvents = (): readonly string[] => linesOf('executor-events');

function exchangesOf(name: string): readonly Exchange[] {
  return linesOf(name).map(parseExchange);
}

function linesOf(name: string): readonly string[] {
  const file = new URL(`../../testdata/oracle/${name}.jsonl`, import.meta.url);
  return readFileSync(file, 'utf8').trim().split('\n');
}

export function exchange(name: string): Exchange {
  const isIt = (one: Exchange): boolean => one.name === name;
  const found = masterExchanges.find(isIt) ?? operatorExchanges().find(isIt);
  assert(found !== undefined, `no transcript is called ${name}`);
  return found;
}

/** The reply's body as text. */
export const replyText = ({ reply }: Exchange): string => Buffer.from(reply.body).toString('utf8');

type Recorded = { readonly text: string } | { readonly base64: string };
type Line = {
  readonly name: string;
  readonly request: Omit<Exchange['request'], 'body'> & { readonly body: Recorded };
  readonly reply: Omit<Exchange['reply'], 'body'> & { readonly body: Recorded };
};

function parseExchange(text: string): Exchange {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own file.
  const { name, request, reply } = JSON.parse(text) as Line;
  return {
    name,
    request: { ...request, body: bytesOf(request.body) },
    reply: { ...reply, body: bytesOf(reply.body) },
  };
}

function bytesOf(recorded: Recorded): Uint8Array {
  return 'text' in recorded
    ? Buffer.from(recorded.text, 'utf8')
    : Buffer.from(recorded.base64, 'base64');
}
