/**
 * What a container with an image runs: the rules that Mesos has for a command that leaves something to
 * its image (its isolator docker/runtime). A command with a value is run as it is; without one, the
 * image's entry point takes the arguments of the task, or those of the image when the task has none.
 */
import type { ImageConfig } from '../images/image.ts';
import { type ContainerCommand, ContainerError } from '../containerizer.ts';

/** The program and its arguments. Throws `ContainerError` when neither task nor image names one. */
export function argumentsOf(
  command: ContainerCommand,
  image: ImageConfig | undefined,
): readonly string[] {
  if (command.kind === 'shell') return ['/bin/sh', '-c', command.line];
  if (command.kind === 'argv') return [command.path, ...command.arguments];
  const { entrypoint = [], command: usual = [] } = image ?? {};
  const own = command.arguments;
  if (entrypoint.length > 0) return [...entrypoint, ...(own.length > 0 ? own : usual)];
  const [path, ...rest] = usual;
  if (path === undefined) {
    throw new ContainerError('No executable is found: neither the task nor its image names one');
  }
  return [path, ...(own.length > 0 ? own : rest)];
}
