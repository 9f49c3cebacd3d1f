/** What every link promises, whatever carries it. Messages are numbers or texts here. */
import type { ExecutionContext, TestFn } from 'ava';
import type { Link, LinkAcceptor, LinkDialer } from './link.ts';
import type { LinkCodec } from './link-codec.ts';

export type LinkRig = AsyncDisposable & {
  /** Accepts links at `target` until it is called again. */
  listen(accept: LinkAcceptor<string, string>): Promise<string>;
  readonly dialer: LinkDialer<string, string>;
  /** Where nobody listens. */
  readonly nobody: string;
  /** Lets the world move until `condition` holds; rejects when it never does. */
  until(condition: () => boolean): Promise<void>;
};

/** Texts as UTF-8; one that starts with `!` cannot be read. */
export const textCodec: LinkCodec<string, string> = {
  encode: (text) => new TextEncoder().encode(text),
  decode(bytes) {
    const text = new TextDecoder().decode(bytes);
    if (text.startsWith('!')) throw new Error('unreadable');
    return text;
  },
};

/** Bound on the backlog that a rig has to set. */
export const suiteBacklogBytesMax: number = 4 * 1024 * 1024;

type End = {
  link: Link<string> | undefined;
  readonly heard: string[];
  readonly closed: string[];
};

const newEnd = (): End => ({ link: undefined, heard: [], closed: [] });

const handlersOf = ({ heard, closed }: End): ReturnType<LinkAcceptor<string, string>> => ({
  onMessage: (message) => void heard.push(message),
  onClose: (reason) => void closed.push(reason),
});

export function linkSuite(test: TestFn, openRig: () => Promise<LinkRig>): void {
  const law = (
    title: string,
    check: (t: ExecutionContext, rig: LinkRig) => Promise<void>,
  ): void => {
    test(title, async (t) => {
      await using rig = await openRig();
      await check(t, rig);
    });
  };

  /** Both ends of a link that stands. */
  async function connect(rig: LinkRig): Promise<{ readonly near: End; readonly far: End }> {
    const near = newEnd();
    const far = newEnd();
    const target = await rig.listen((link) => {
      far.link = link;
      return handlersOf(far);
    });
    near.link = rig.dialer.dial(target, handlersOf(near));
    near.link.send('hello');
    await rig.until(() => far.heard.length === 1);
    return { near, far };
  }

  law('messages arrive in order, both ways', async (t, rig) => {
    const { near, far } = await connect(rig);
    const sent = Array.from({ length: 500 }, (_, i) => `message ${i}`);
    for (const message of sent) {
      near.link!.send(message);
      far.link!.send(message);
    }
    await rig.until(() => near.heard.length === 500 && far.heard.length === 501);
    t.deepEqual(near.heard, sent);
    t.deepEqual(far.heard.slice(1), sent);
  });

  law(
    'what was sent before a close arrives before it, and both ends hear of it once',
    async (t, rig) => {
      for (const closer of ['near', 'far'] as const) {
        const ends = await connect(rig);
        const [active, passive] = closer === 'near' ? [ends.near, ends.far] : [ends.far, ends.near];
        const before = passive.heard.length;
        for (let i = 0; i < 20; i++) active.link!.send(`last words ${i}`);
        active.link!.close();
        active.link!.close();
        active.link!.send('too late');
        await rig.until(() => active.closed.length > 0 && passive.closed.length > 0);
        t.is(passive.heard.length - before, 20);
        t.is(active.closed.length, 1);
        t.is(passive.closed.length, 1);
      }
    },
  );

  law('a target that cannot be reached is told by onClose', async (t, rig) => {
    const near = newEnd();
    rig.dialer.dial(rig.nobody, handlersOf(near)).send('anybody?');
    await rig.until(() => near.closed.length === 1);
    t.deepEqual(near.heard, []);
  });

  law('unreadable bytes end the link and nothing else', async (t, rig) => {
    const { near, far } = await connect(rig);
    near.link!.send('!');
    near.link!.send('after it');
    await rig.until(() => near.closed.length === 1 && far.closed.length === 1);
    t.deepEqual(far.heard, ['hello']);
    t.regex(far.closed[0]!, /unreadable/);
    const other = await connect(rig);
    t.is(other.far.closed.length, 0);
  });

  law('a peer that does not keep up loses the link, not our memory', async (t, rig) => {
    const { near } = await connect(rig);
    const big = 'x'.repeat(1024 * 1024);
    // All in one turn: nothing can leave meanwhile.
    for (let i = 0; i < 8; i++) near.link!.send(big);
    await rig.until(() => near.closed.length === 1);
    t.is(near.closed[0], 'the peer does not keep up');
  });

  law('no message comes after the close', async (t, rig) => {
    const { near, far } = await connect(rig);
    for (let i = 0; i < 50; i++) far.link!.send(`flood ${i}`);
    near.link!.close();
    const heard = near.heard.length;
    await rig.until(() => near.closed.length === 1 && far.closed.length === 1);
    t.is(near.heard.length, heard);
  });
}
