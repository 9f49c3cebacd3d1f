/** The page of the manual about flags is made of the tables that the programs read. */
import test from 'ava';
import { exampleVariable, flagsSection } from '#internal/config/flag-page.ts';
import { parseFlags, rowsOf } from '#internal/config/flags.ts';
import { madeFile } from '#internal/testing/golden-files.ts';
import { agentProgram } from './agent/flags.ts';
import { masterProgram } from './master/flags.ts';
import { textFlags } from './text-flags.ts';

const path = 'docs/flags.md';

const introduction = `# Flags

Each flag is written \`--like-this\`, or as Mesos writes it, \`--like_this\`; where Mesos calls it
otherwise, its name is understood too. What is on or off is \`--name\` or \`--no-name\`. Durations are
\`500ms\`, \`10secs\`, \`2mins\`, \`1hrs\`, or a number of seconds.

A value comes from the command line; what that leaves open from the environment (\`--work-dir\` is
\`${exampleVariable}\`); what that leaves open from the file that \`--flags-file\` names, one
\`name=value\` a line. Wherever it comes from, \`file:///path\` stands for the content of that file.

This page is made of the tables that the programs read:
\`UPDATE=1 npx ava cmd/flags-page.test.ts\` writes it anew.

`;

test('the manual says of every flag what the program says', (t) => {
  const page = introduction + [flagsSection(masterProgram), flagsSection(agentProgram)].join('\n');
  t.is(madeFile(path, page), page);
});

test('what is in force is shown under the names of Mesos, and reads back as itself', (t) => {
  const argv = ['--work_dir=/w', '--agent_ping_timeout=90secs', '--peers=1=a:5061', '--join'];
  const parsed = parseFlags(masterProgram, argv);
  t.true(parsed.ok && parsed.value.kind === 'values');
  if (!parsed.ok || parsed.value.kind !== 'values') return;
  const { values } = parsed.value;
  const shown = textFlags(masterProgram, values);
  t.like(shown, { work_dir: '/w', agent_ping_timeout: '90secs', peers: '1=a:5061', join: 'true' });
  t.deepEqual(Object.keys(shown), Object.keys(shown).toSorted());
  const again = parseFlags(
    masterProgram,
    Object.entries(shown).map(([name, value]) => `--${name}=${value}`),
  );
  t.deepEqual(again, parsed);
});

for (const { name, rows } of [
  { name: 'master', rows: rowsOf(masterProgram) },
  { name: 'agent', rows: rowsOf(agentProgram) },
]) {
  test(`no two flags of a ${name} share a name, ours or that of Mesos`, (t) => {
    const dashed = (text: string): string => text.replaceAll('_', '-').toLowerCase();
    const names = rows.flatMap(([own, { mesos }]) => {
      const kebab = dashed(own.replace(/[A-Z]/g, (letter) => `-${letter}`));
      return mesos === undefined || dashed(mesos) === kebab ? [kebab] : [kebab, dashed(mesos)];
    });
    t.deepEqual(
      names.filter((one, n) => names.indexOf(one) !== n),
      [],
    );
    t.false(names.includes('flags-file'));
  });
}
