/** The leader's way into the log keeps order, a bound, and quiet after the first failure. */
import test from 'ava';
import { frameworkId } from '#internal/model/ids.ts';
import type { Command } from '#internal/state/command.ts';
import type { Proposal } from '../replicated.ts';
import { Journal } from './journal.ts';

const command = (id: string): Command => ({
  kind: 'remove-framework',
  atMs: 0,
  frameworkId: frameworkId(id),
});

const applied: Proposal = { kind: 'applied', index: 1, term: 1 };

function newJournal({ inFlightMax = 2, entryBytesMax = 10 } = {}) {
  const proposed: { readonly text: string; readonly answer: (proposal: Proposal) => void }[] = [];
  const broken: string[] = [];
  const journal = new Journal(
    {
      replicated: {
        propose: (data) => {
          const { promise, resolve: answer } = Promise.withResolvers<Proposal>();
          proposed.push({ text: new TextDecoder().decode(data), answer });
          return promise;
        },
      },
      encode: (one) => new TextEncoder().encode('frameworkId' in one ? one.frameworkId : ''),
      broken: (reason) => void broken.push(reason),
    },
    { inFlightMax, entryBytesMax },
  );
  return { journal, proposed, broken };
}

const texts = (list: readonly { readonly text: string }[]): readonly string[] =>
  list.map(({ text }) => text);

test('entries go in the order in which they were decided, so many at a time', async (t) => {
  const { journal, proposed } = newJournal();
  const done: string[] = [];
  for (const id of ['a', 'b', 'c', 'd']) {
    t.true(journal.propose(command(id), () => void done.push(id)));
  }
  t.deepEqual(texts(proposed), ['a', 'b']);
  t.is(journal.backlog, 4);
  proposed[0]!.answer(applied);
  await Promise.resolve();
  t.deepEqual(texts(proposed), ['a', 'b', 'c']);
  t.deepEqual(done, ['a']);
  t.is(journal.backlog, 3);
});

test('after the first entry that is not applied, nothing more is proposed or said', async (t) => {
  for (const reason of ['not-leader', 'busy', 'too-large', 'lost', 'unknown'] as const) {
    const { journal, proposed, broken } = newJournal();
    const done: string[] = [];
    for (const id of ['a', 'b', 'c']) journal.propose(command(id), () => void done.push(id));
    proposed[0]!.answer({ kind: 'refused', reason });
    await Promise.resolve();
    proposed[1]!.answer(applied);
    await Promise.resolve();
    journal.propose(command('d'));
    t.deepEqual(texts(proposed), ['a', 'b'], reason);
    t.deepEqual(broken, [reason]);
    t.deepEqual(done, []);
  }
});

test('a command that is too large is refused before it is proposed', (t) => {
  const { journal, proposed } = newJournal({ entryBytesMax: 3 });
  t.false(journal.propose(command('long')));
  t.true(journal.propose(command('ok')));
  t.deepEqual(texts(proposed), ['ok']);
});

test('a closed journal is silent', async (t) => {
  const { journal, proposed, broken } = newJournal();
  journal.propose(command('a'));
  journal.close();
  proposed[0]!.answer({ kind: 'refused', reason: 'lost' });
  await Promise.resolve();
  t.deepEqual(broken, []);
});
