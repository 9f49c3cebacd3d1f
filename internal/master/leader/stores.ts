/**
 * What frameworks keep for themselves: who may read and write a store, and what its writes are
 * answered. A framework speaks by the stream that it is subscribed with, or by its principal, for those
 * of its programs that are not subscribed; both said, both have to be right, so that one whose stream
 * was taken over writes nothing more.
 */
import { assert, unreachable } from '#internal/base/assert.ts';
import type { FrameworkId } from '#internal/model/ids.ts';
import { isFromStoresOn } from '#internal/state/version.ts';
import type { StoreEffect, StoreRefusal } from '#internal/state/store-command.ts';
import type { Answer, Speaker, StoreAnswer, StoreWrite } from '../door.ts';
import { conflict, forbidden, notFound, principalMismatch, unavailable } from './events.ts';
import { frameworkOf, isOverloaded, type Lead } from './lead.ts';

export type StoreLimits = {
  /** Of one framework: so many keys, and so much with their values. */
  readonly keysMax: number;
  readonly bytesMax: number;
  readonly valueBytesMax: number;
  /** Of all frameworks together, on their way into the log; beyond it writes are answered 503. */
  readonly underWayBytesMax: number;
};

/** Writes on their way into the log, in order. */
export type Storing = { readonly waiting: StoreWaiting[]; bytes: number };

type StoreWaiting = {
  readonly key: string;
  readonly bytes: number;
  readonly reply: (answer: StoreAnswer) => void;
};

export const newStoring = (): Storing => ({ waiting: [], bytes: 0 });

/** Why this speaker is not heard; undefined when it is. */
export function speakerFault(
  lead: Lead,
  id: FrameworkId,
  { streamId, principal }: Speaker,
): Answer | undefined {
  const framework = frameworkOf(lead, id);
  if (framework === undefined) return notFound('Framework cannot be found');
  if (principal !== undefined && principal !== framework.principal) {
    return forbidden(principalMismatch(principal, framework.principal));
  }
  if (streamId === undefined) {
    return principal === undefined
      ? forbidden(
          `Expecting the framework's 'Mesos-Stream-Id' header, or its principal's credential`,
        )
      : undefined;
  }
  // One that is on its way in may have been told already what it then finds.
  const isSuperseded = lead.subscriptions.get(id)?.some(({ kind }) => kind === 'stream') === true;
  const current = lead.schedulers.get(id)?.stream.id;
  if (current === undefined) return forbidden('Framework is not subscribed');
  return isSuperseded || streamId !== current
    ? forbidden(`The stream ID '${streamId}' is not the one of framework ${id} any more`)
    : undefined;
}

/** Decides, and answers when it is decided. When nobody can tell any more the answer is 504. */
export function writeStore(
  lead: Lead,
  write: StoreWrite,
  { speaker, reply }: { readonly speaker: Speaker; readonly reply: StoreWaiting['reply'] },
): void {
  const { keysMax, bytesMax, underWayBytesMax } = lead.options.stores;
  const { frameworkId, key, expected } = write;
  const bytes = write.kind === 'put' ? write.value.length : 0;
  const fault = speakerFault(lead, frameworkId, speaker) ?? sizeFault(lead, bytes);
  if (fault !== undefined) return reply(refused(fault));
  if (!isFromStoresOn(lead.state)) return reply(refused(answerOf({ kind: 'too-early' }, key)));
  const { storing } = lead;
  if (isOverloaded(lead) || storing.bytes + bytes > underWayBytesMax) {
    return reply(refused(unavailable('Master is overloaded')));
  }
  const about = { frameworkId, key, expected };
  const isTaken =
    write.kind === 'put'
      ? lead.propose({ kind: 'put-value', ...about, value: write.value, keysMax, bytesMax })
      : lead.propose({ kind: 'delete-value', ...about });
  assert(isTaken, 'a value that is within its bound and too large for the log');
  storing.waiting.push({ key, bytes, reply });
  storing.bytes += bytes;
}

/** The log decided on the oldest of the writes that wait. */
export function storeDecided({ storing }: Lead, effect: StoreEffect): void {
  const waiting = storing.waiting.shift();
  assert(waiting?.key === effect.key, `nobody asked for what happened to ${effect.key}`);
  storing.bytes -= waiting.bytes;
  waiting.reply(outcomeOf(effect));
}

/** Answers whoever waits: this master hears of no decision any more. */
export function dropStoring({ storing }: Lead): void {
  const text = 'Master is no longer leading: nobody can tell whether this was done';
  for (const { reply } of storing.waiting.splice(0)) reply(refused({ status: 504, text }));
  storing.bytes = 0;
}

function sizeFault({ options }: Lead, bytes: number): Answer | undefined {
  const { valueBytesMax } = options.stores;
  if (bytes <= valueBytesMax) return undefined;
  return { status: 413, text: `A value has at most ${valueBytesMax} bytes, and this has ${bytes}` };
}

function outcomeOf(effect: StoreEffect): StoreAnswer {
  switch (effect.kind) {
    case 'value-put':
      return { kind: 'put', version: effect.version };
    case 'value-deleted':
      return { kind: 'deleted' };
    case 'store-refused':
      return refused(answerOf(effect.refusal, effect.key));
    default:
      return unreachable(effect);
  }
}

const refused = (answer: Answer): StoreAnswer => ({ kind: 'refused', answer });

function answerOf(refusal: StoreRefusal, key: string): Answer {
  switch (refusal.kind) {
    case 'framework-unknown':
      return notFound('Framework cannot be found');
    case 'key-unknown':
      return notFound(`There is no key '${key}'`);
    case 'too-early':
      return unavailable('Some masters run a program that knows of no stores yet');
    case 'other-version': {
      const { expected, actual } = refusal;
      const found = actual === 0 ? 'is not there' : `has version ${actual}`;
      return { status: 412, text: `The key '${key}' ${found}: expected version ${expected}` };
    }
    case 'too-many-keys':
      return conflict(
        `The store of this framework has ${refusal.keysMax} keys, and may have no more`,
      );
    case 'too-many-bytes':
      return conflict(`The store of this framework would exceed ${refusal.bytesMax} bytes`);
    default:
      return unreachable(refusal);
  }
}
