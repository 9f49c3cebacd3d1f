import test from 'ava';
import { optionalText, toggle } from '#internal/config/flag.ts';
import type { Program } from '#internal/config/flags.ts';
import { splitWords } from './split-words.ts';

type Values = { readonly tty: boolean; readonly framework: string | undefined };
const program: Program<Values> = {
  name: 'task exec',
  summary: '',
  flags: { tty: toggle({ meaning: '' }), framework: optionalText({ meaning: '' }) },
};

test('flags stand where people write them, and a command keeps its own', (t) => {
  const line = '-it --framework f web.1 --tty ls -l --tty -- x';
  t.deepEqual(splitWords(program, line.split(' '), 1), {
    flags: ['--interactive', '--tty', '--framework', 'f', '--tty'],
    names: ['web.1'],
    rest: ['ls', '-l', '--tty', '--', 'x'],
  });
});

test('after two dashes nothing is ours', (t) => {
  const { flags, names, rest } = splitWords(program, ['web.1', '--', '-f', '--tty'], 1);
  t.deepEqual({ flags, names, rest }, { flags: [], names: ['web.1'], rest: ['-f', '--tty'] });
});

test('a value that was forgotten is left to the reading of flags', (t) => {
  t.deepEqual(splitWords(program, ['web.1', '--framework'], 1).flags, ['--framework']);
  t.deepEqual(splitWords(program, ['-x', 'web.1'], 1).flags, ['-x']);
});
