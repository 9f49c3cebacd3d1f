import test from 'ava';
import { parseArguments } from './arguments.ts';

const parse = (line: string): unknown => parseArguments(line.split(' '), 4);

test('a sweep of 500 seeds of Raft on all cores is meant when nothing is said', (t) => {
  t.like(parse('sim'), {
    world: 'raft',
    from: 0,
    seeds: 500,
    jobs: 4,
    complete: false,
    patienceMs: 600_000,
  });
  t.like(parse('sim --cluster --seeds 1000'), { world: 'cluster', seeds: 1000 });
  t.like(parse('sim --mutants --list'), { mutants: true, list: true });
  t.like(parse('sim --mutants'), { mutants: true, seeds: 200 });
  t.like(parse('sim --mutant quorum-of-two --from 7'), {
    mutant: { name: 'quorum-of-two' },
    from: 7,
  });
});

const wrong: Record<string, RegExp> = {
  'sim --flag': /^Unknown option '--flag'\nusage: /,
  'sim --seeds': /^Option '--seeds <value>' argument missing\nusage: /,
  'sim --seeds many': /^--seeds "many" is not a whole number\n/,
  'sim --seeds -1': /^Option '--seeds' argument is ambiguous/,
  'sim --jobs 0': /^--jobs 0 would never end\n/,
  'sim --world flat': /^there is no world "flat"; there are raft, cluster\n/,
  'sim --cluster --world raft': /^--cluster is not --world raft\n/,
  'sim --list': /^--list is of --mutants\n/,
  'sim --mutant none': /^there is no mutant "none"; there are /,
  'sim --mutants --mutant quorum-of-two': /not both\n/,
  'sim twice': /^"sim twice" means nothing\n/,
  '--seeds 3': /^"" means nothing\n/,
};

for (const [line, message] of Object.entries(wrong)) {
  test(`is refused with words: ${line}`, (t) => {
    t.throws(() => parse(line), { name: 'UsageError', message });
  });
}
