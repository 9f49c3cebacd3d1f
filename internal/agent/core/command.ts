/** What a task or an executor is to run, as whom, and with which variables of its own. */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { CommandInfo, FrameworkInfo, TaskInfo } from '#proto/gen/mesos/v1.ts';
import type { ContainerCommand } from '../containerizer.ts';

/** Of the command, else of its framework. An empty one leaves the choice to us. */
export const userOf = (
  command: CommandInfo | undefined,
  framework: FrameworkInfo | undefined,
): string | undefined =>
  [command?.user, framework?.user].find((name) => name !== undefined && name !== '');

/** The command of a task or an executor, or why this agent cannot run it. */
export function commandOf(
  { command, container }: Pick<TaskInfo, 'command' | 'container'>,
  what: 'task' | 'executor',
): Result<ContainerCommand, string> {
  const hasImage = container?.type === 'DOCKER' || container?.mesos?.image !== undefined;
  if (command === undefined) return refuse(`The command of the ${what} has no value`);
  const leavesItToImage = hasImage && command.shell === false;
  if (command.value === undefined && !leavesItToImage) {
    return refuse(`The command of the ${what} has no value`);
  }
  const secret = command.environment?.variables?.find(({ type }) => type === 'SECRET');
  if (secret !== undefined) {
    return refuse(`This agent cannot resolve the secret of variable '${secret.name}'`);
  }
  return accept(argvOf(command));
}

export function argvOf({
  shell = true,
  value,
  arguments: all = [],
}: CommandInfo): ContainerCommand {
  if (shell) return { kind: 'shell', line: value ?? '' };
  if (value === undefined) return { kind: 'image', arguments: all };
  // The list starts with what the program shall see as its own name, which a shell cannot give it.
  const [, ...rest] = all;
  return { kind: 'argv', path: value, arguments: rest };
}

export function variables(command: CommandInfo | undefined): Readonly<Record<string, string>> {
  const list = command?.environment?.variables ?? [];
  return Object.fromEntries(list.map(({ name, value = '' }) => [name, value]));
}

export function allocationRole({ resources = [] }: Pick<TaskInfo, 'resources'>): string {
  return (
    resources.find(({ allocation_info: info }) => info !== undefined)?.allocation_info?.role ?? '*'
  );
}
