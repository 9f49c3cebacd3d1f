import test from 'ava';
import { frameworkId } from '#internal/model/ids.ts';
import type { Command } from '#internal/state/command.ts';
import { encodeCommand } from '#internal/wire/state-codec.ts';
import { ProposedCommands } from './proposed-commands.ts';

const launch = (atMs: number): Command => ({ kind: 'launch-tasks', atMs, tasks: [] });
const bytesOf = (command: Command): Uint8Array => encodeCommand(command);

test('what comes back in its order is known, what is anybody else’s is not', (t) => {
  const proposed = new ProposedCommands();
  const [first, second, third] = [launch(1), launch(2), launch(3)] as const;
  const other: Command = { kind: 'remove-framework', atMs: 1, frameworkId: frameworkId('f') };
  for (const command of [first, other, second, third]) proposed.expect(bytesOf(command), command);
  t.is(proposed.take(bytesOf(launch(9))), undefined);
  t.is(proposed.take(bytesOf(first)), first);
  t.is(proposed.take(bytesOf(first)), undefined, 'it came once');
  t.is(proposed.take(bytesOf(other)), undefined, 'it has to be read');
  t.is(proposed.take(bytesOf(third)), undefined, 'it is not the next');
  t.is(proposed.take(bytesOf(second)), second);
  proposed.clear();
  t.is(proposed.take(bytesOf(third)), undefined);
});

test('of more than a leader has on its way the oldest are forgotten', (t) => {
  const proposed = new ProposedCommands();
  const commands = Array.from({ length: 2050 }, (_, n) => launch(n));
  for (const command of commands) proposed.expect(bytesOf(command), command);
  t.is(proposed.take(bytesOf(launch(1))), undefined);
  t.is(proposed.take(bytesOf(launch(2))), commands[2]);
});
