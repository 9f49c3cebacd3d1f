/** What every `MessagePort` promises. */
import type { ExecutionContext, TestFn } from 'ava';
import type { MessagePort } from './message-port.ts';

type Anything = MessagePort<unknown, unknown>;

export type MessagePortRig = {
  readonly ends: readonly [Anything, Anything];
  /** Lets the world move until the promise settles. */
  readonly run: <T>(promise: Promise<T>) => Promise<T>;
};

export function messagePortSuite(test: TestFn, name: string, openRig: () => MessagePortRig): void {
  const law = (
    title: string,
    check: (t: ExecutionContext, rig: MessagePortRig) => Promise<void>,
  ): void => {
    test(`${name}: ${title}`, async (t) => {
      const rig = openRig();
      await check(t, rig);
      for (const end of rig.ends) end.close();
    });
  };

  law('all that is sent arrives once, in order, both ways', async (t, { ends, run }) => {
    const counts = Array.from({ length: 100 }, (_, at) => at);
    const [one, other] = ends;
    for (const { from, to } of [
      { from: one, to: other },
      { from: other, to: one },
    ]) {
      for (const count of counts.slice(0, 50)) from.post(count);
      const all = received(to, counts.length);
      for (const count of counts.slice(50)) from.post(count);
      t.deepEqual(await run(all), counts);
    }
  });

  law('what is sent is as it was then, whatever becomes of it here', async (t, { ends, run }) => {
    const bytes = Uint8Array.of(1, 2, 3);
    const said = { deep: [{ bytes }, undefined, 'text'], number: Number.MAX_SAFE_INTEGER };
    ends[0].post(said);
    bytes.fill(9);
    const expected = { ...said, deep: [{ bytes: Uint8Array.of(1, 2, 3) }, undefined, 'text'] };
    t.deepEqual(await run(received(ends[1], 1)), [expected]);
  });

  law('a buffer that is moved is gone here and whole there', async (t, { ends, run }) => {
    const bytes = Uint8Array.of(1, 2, 3);
    ends[0].post({ bytes }, [bytes.buffer]);
    t.is(bytes.length, 0);
    t.deepEqual(await run(received(ends[1], 1)), [{ bytes: Uint8Array.of(1, 2, 3) }]);
  });

  law('nobody is called back while sending', async (t, { ends, run }) => {
    const all = received(ends[1], 1);
    let isSending = true;
    const arrived = all.then(() => t.false(isSending));
    ends[0].post('word');
    isSending = false;
    await run(arrived);
  });
}

function received(end: Anything, count: number): Promise<readonly unknown[]> {
  const messages: unknown[] = [];
  const { promise, resolve } = Promise.withResolvers<readonly unknown[]>();
  end.listen((message) => {
    messages.push(message);
    if (messages.length === count) resolve(messages);
  });
  return promise;
}
