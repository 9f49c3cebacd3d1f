/**
 * The far side of the master's faces, for tests of the faces alone: it shows one view, knows no
 * framework by its stream, and keeps what it was given.
 */
import type {
  Answer,
  EventStream,
  Leadership,
  MasterDoor,
  MasterView,
  Observer,
} from '#internal/master/door.ts';
import type { Call as OperatorCall } from '#proto/gen/mesos/v1/master.ts';
import type { Call } from '#proto/gen/mesos/v1/scheduler.ts';

export type ScriptedDoor = MasterDoor & {
  readonly calls: { readonly call: Call; readonly streamId: string | undefined }[];
  readonly streams: { readonly call: Call; readonly stream: EventStream }[];
  readonly operations: OperatorCall[];
  readonly observers: Observer[];
};

export type Script = {
  readonly view: MasterView;
  readonly leadership?: Leadership;
  /** What every call is answered, of schedulers and operators. */
  readonly answer?: Answer;
};

export function scriptedDoor(script: Script): ScriptedDoor {
  const answer = script.answer ?? { status: 400, text: 'Framework cannot be found' };
  const door: ScriptedDoor = {
    calls: [],
    streams: [],
    operations: [],
    observers: [],
    leadership: () => script.leadership ?? { kind: 'leading' },
    view: () => script.view,
    read: () => Promise.resolve(script.view),
    subscribe(call, stream) {
      door.streams.push({ call, stream });
    },
    call(call, streamId) {
      door.calls.push({ call, streamId });
      return Promise.resolve(answer);
    },
    writeStore: () => Promise.resolve({ kind: 'refused', answer }),
    readStore: () => Promise.resolve({ kind: 'refused', answer }),
    explain: () => Promise.resolve(undefined),
    waits: () => Promise.resolve(undefined),
    operate(call) {
      door.operations.push(call);
      return Promise.resolve(answer);
    },
    adoptVolume: () => Promise.resolve(answer),
    check: () => Promise.resolve(undefined),
    checks: () => ({ checks: 0, last: undefined }),
    observe(observer) {
      door.observers.push(observer);
      observer.begin(script.view, 15_000);
    },
  };
  return door;
}
