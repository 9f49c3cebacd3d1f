/** The flags of an agent about containers with images and volumes, which `runc` makes. */
import {
  type ImageGarbageSettings,
  imageGcConfigText,
  parseImageGcConfig,
} from '#internal/agent/images/image-garbage.ts';
import { durationMs, list, optional, optionalText, parsed, text } from '#internal/config/flag.ts';
import type { Program } from '#internal/config/flags.ts';

/** Durations in milliseconds. */
export type ImageFlags = {
  readonly containerizers: readonly string[];
  readonly dockerRegistry: string;
  readonly dockerStoreDir: string | undefined;
  readonly imagePullTimeout: number;
  readonly imageGcConfig: ImageGarbageSettings | undefined;
};

export const imageFlags: Program<ImageFlags>['flags'] = {
  containerizers: list({
    mesos: 'containerizers',
    meaning:
      'mesos runs containers with and without images; with docker, those of type DOCKER run as well, by the same means',
    fallback: ['mesos'],
  }),
  dockerRegistry: text({
    mesos: 'docker_registry',
    meaning:
      'where images come from: the URL of a registry, or a folder with archives (name.tar) and OCI layouts',
    fallback: 'https://registry-1.docker.io',
  }),
  dockerStoreDir: optionalText({
    mesos: 'docker_store_dir',
    meaning: 'where the layers of images are kept, of one agent alone; else in its work directory',
  }),
  imagePullTimeout: durationMs({
    meaning: 'how long the pull of an image, or the layout of one of its layers, may take',
    fallback: 600_000,
  }),
  imageGcConfig: optional(
    parsed({
      mesos: 'image_gc_config',
      placeholder: 'JSON',
      meaning:
        'images that no container has go when the disk is too full: {"image_disk_headroom": 0.1, "image_disk_watch_interval": {"nanoseconds": 3600000000000}, "excluded_images": []}; without it they stay until an operator calls PRUNE_IMAGES',
      parse: parseImageGcConfig,
      show: imageGcConfigText,
    }),
  ),
};
