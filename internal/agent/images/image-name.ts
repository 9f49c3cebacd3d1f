/**
 * Which image a container asks for. What this agent cannot serve is refused in words for the task's
 * owner, never passed over.
 */
import type { ContainerInfo } from '#proto/gen/mesos/v1.ts';
import { ContainerError } from '../containerizer.ts';

export type ImageName = {
  /** As it was written, for people. */
  readonly text: string;
  /** `library/alpine`, without a registry. */
  readonly repository: string;
  /** `host` or `host:port`; undefined: the one that the agent is set to. */
  readonly registry: string | undefined;
  readonly reference: ImageReference;
  /** False: what lies ready under the name is not good enough. */
  readonly mayBeCached: boolean;
};

export type ImageReference =
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'digest'; readonly digest: string };

/** Undefined when it needs none. Throws `ContainerError`. */
export function imageNameOf(container: ContainerInfo | undefined): ImageName | undefined {
  if (container?.type === 'DOCKER') return dockerImage(container);
  const image = container?.mesos?.image;
  if (image === undefined) return undefined;
  if (image.type === 'APPC') throw new ContainerError('AppC images are not supported');
  const name = image.docker?.name;
  if (name === undefined) throw new ContainerError("'image.docker' is not set for a DOCKER image");
  if (image.docker?.config !== undefined || image.docker?.credential !== undefined) {
    throw new ContainerError(`Image '${name}': credentials for registries are not supported`);
  }
  return { ...parseImageName(name), mayBeCached: image.cached ?? true };
}

/** What was meant for Docker's own daemon runs by the same means as any image. */
function dockerImage({ docker }: ContainerInfo): ImageName {
  if (docker === undefined) {
    throw new ContainerError("DockerInfo 'docker' is not set for DOCKER typed ContainerInfo");
  }
  const { network = 'HOST', image, privileged = false } = docker;
  const unserved = [
    ...(network === 'HOST' ? [] : [`network ${network}`]),
    ...(privileged ? ['privileged containers'] : []),
    ...(docker.parameters ?? []).map(({ key }) => `parameter '${key}'`),
    ...((docker.port_mappings ?? []).length > 0 ? ['port mappings'] : []),
    ...(docker.volume_driver === undefined ? [] : ['volume drivers']),
  ];
  if (unserved.length > 0) {
    throw new ContainerError(`This agent has no Docker daemon to ask for ${unserved.join(', ')}`);
  }
  return { ...parseImageName(image), mayBeCached: docker.force_pull_image !== true };
}

/** As Docker reads them: `[host[:port]/]path[:tag|@digest]`. Throws `ContainerError`. */
export function parseImageName(text: string): Omit<ImageName, 'mayBeCached'> {
  const [, path = '', tag, digest] =
    /^([^@]*?)(?::(\w[\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/u.exec(text) ?? [];
  const [first = '', ...rest] = path.split('/');
  const isHost = rest.length > 0 && (/[.:]/u.test(first) || first === 'localhost');
  const names = isHost ? rest : [first, ...rest];
  if (!names.every(isName) || (isHost && !/^[\w.-]+(?::\d{1,5})?$/u.test(first))) {
    throw new ContainerError(`Failed to parse docker image '${text}'`);
  }
  return {
    text,
    repository: names.join('/'),
    registry: isHost ? first : undefined,
    reference:
      digest === undefined ? { kind: 'tag', tag: tag ?? 'latest' } : { kind: 'digest', digest },
  };
}

const isName = (name: string): boolean => /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/u.test(name);
