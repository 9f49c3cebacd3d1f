/**
 * The folders of persistent volumes, as a port. Data in them outlives tasks, frameworks and agents:
 * only an operation that destroys a volume removes them. Each has a manifest beside it, which outlives
 * the agent's checkpoint; what it says is never overwritten by who does not know it.
 *
 *     <disk>/volumes/roles/<role>/<id>              the data, as Mesos has it
 *     <disk>/volumes/manifests/<role>/<id>.json
 *     <disk>/volumes/trash/<number>                 data of destroyed ones, on their way out
 *     <work>/volumes/mounts/<root>.json             manifests of volumes that are a whole disk
 *     <work>/volumes/trash/<root>.json              the disk has to be cleaned
 *
 * What is in a trash folder was destroyed by an operation that is durable: it may be removed whenever
 * it is seen, which is what finishes a removal that a crash broke off.
 */
import type { FoundVolume } from '#internal/model/volume.ts';
import { reservationRole } from '#internal/resources/reservation.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import { isVolume } from '#internal/resources/volume.ts';
import { isWholeDisk, volumeName } from '#internal/resources/volume-place.ts';
import type { Files } from '#internal/runtime/files.ts';
import {
  type Manifest,
  namesIn,
  readManifest,
  removeManifest,
  VolumeError,
  writeManifest,
} from './volume-manifest.ts';

/** Who takes volumes in hand, and when. */
export type Holder = {
  readonly agentId: string;
  readonly clusterId: string | undefined;
  /** Wall time. */
  readonly nowMs: number;
};

export type NewVolume = {
  readonly volume: Resource;
  /** False for one that is there and has got another size, or has no manifest yet. */
  readonly isNew: boolean;
  readonly origin: string;
  readonly frameworkId: string | undefined;
};

/** A volume to be taken on, and the epochs that it has and gets. */
export type AdoptedVolume = {
  readonly volume: Resource;
  readonly origin: string;
  readonly foundEpoch: number;
  readonly epoch: number;
};

/** All calls reject with `FilesError`, and with `VolumeError` for what must not be. */
export type Volumes = {
  /**
   * Makes the folders and their manifests, durably; fine when they are there. What lies there of
   * another volume, or of nobody knows whom, is refused.
   */
  make(volumes: readonly NewVolume[], by: Holder): Promise<readonly FoundVolume[]>;
  /** Writes the agent into the manifest of one that was found. One that has changed is refused. */
  adopt(one: AdoptedVolume, by: Holder): Promise<FoundVolume>;
  /** A task is about to have them. Refuses those that are not there, or are another agent's. */
  use(volumes: Resources, by: Holder): Promise<readonly FoundVolume[]>;
  /**
   * They are found no more, durably. Fine when nothing is there. What has become another agent's in the
   * meantime stays: that one adopted it, and ours is only the name.
   */
  discard(volumes: Resources, by: Holder): Promise<void>;
  /** Removes the data of all that was discarded on the disks of these resources. */
  purge(disks: Resources): Promise<void>;
  /** All that have a manifest and data on the disks of these resources, and what cannot be read. */
  survey(disks: Resources): Promise<Survey>;
};

export type Survey = {
  readonly manifests: readonly Manifest[];
  readonly problems: readonly string[];
};

export function volumesIn(files: Files, workFolder: string): Volumes {
  const at = { files, workFolder };
  return {
    make: (volumes, by) => makeAll(at, volumes, by),
    adopt: (one, by) => adopt(at, one, by),
    use: (volumes, by) => inTurn(volumes, (one) => use(at, one, by)),
    async discard(volumes, by) {
      for (const volume of volumes) await discard(at, volume, by);
    },
    async purge(disks) {
      for (const root of rootsOf(workFolder, disks)) await emptyTrash(files, root);
      await cleanMounts(at);
    },
    survey: (disks) => survey(at, disks),
  };
}

type Place = { readonly files: Files; readonly workFolder: string };

async function inTurn<One>(
  all: readonly One[],
  each: (one: One) => Promise<FoundVolume>,
): Promise<readonly FoundVolume[]> {
  const done: FoundVolume[] = [];
  for (const one of all) done.push(await each(one));
  return done;
}

/** All or none of those that are new. */
async function makeAll(
  at: Place,
  volumes: readonly NewVolume[],
  by: Holder,
): Promise<readonly FoundVolume[]> {
  const done: FoundVolume[] = [];
  try {
    for (const one of volumes) done.push(await make(at, one, by));
    return done;
  } catch (error) {
    const fresh = new Set(volumes.filter(({ isNew }) => isNew).map(({ volume }) => volume));
    for (const { volume, usedMs } of done) {
      if (fresh.has(volume) && usedMs === undefined) await discard(at, volume, by);
    }
    throw error;
  }
}

async function make(at: Place, one: NewVolume, by: Holder): Promise<FoundVolume> {
  const { files, workFolder } = at;
  const { volume, origin, frameworkId } = one;
  const folder = volumeFolder(workFolder, volume);
  const path = manifestPath(workFolder, volume);
  const known = await readManifest(files, path);
  const isThere = (await files.stat(folder)) !== undefined;
  if (known !== undefined && isThere) {
    const isOurs = known.agentId === by.agentId && (!one.isNew || known.origin === origin);
    if (!isOurs) throw occupied(folder, known);
    // It has got another size, or was made before a crash.
    const next = { ...known, volume };
    await writeManifest(files, path, next);
    return next;
  }
  if (one.isNew) await makeRoom(at, volume, isThere);
  else if (!isThere) throw new VolumeError(`There is no volume at ${folder}`);
  const times = { madeMs: by.nowMs, usedMs: undefined };
  const { agentId, clusterId } = by;
  const manifest = { volume, origin, epoch: 1, clusterId, agentId, frameworkId, ...times };
  await makeDurably(files, parentOf(path), rootOfManifest(workFolder, volume));
  await writeManifest(files, path, manifest);
  return manifest;
}

const occupied = (folder: string, { origin }: Manifest): VolumeError =>
  new VolumeError(`Another volume lies in ${folder} already: ${origin}`);

/** What lies there without a manifest may be somebody's. */
async function makeRoom(at: Place, volume: Resource, isThere: boolean): Promise<void> {
  const { files, workFolder } = at;
  if (isWholeDisk(volume)) return await refuseUncleaned(at, volume);
  const folder = volumeFolder(workFolder, volume);
  if (isThere && (await files.list(folder)).length > 0) {
    throw new VolumeError(`Data that nobody knows lie in ${folder}`);
  }
  const disk = diskOf(workFolder, volume);
  await makeDurably(files, folder, disk);
  // A full disk has no room for a folder, and must be cleared nevertheless.
  const trash = `${disk}/volumes/trash`;
  if ((await files.stat(trash)) === undefined) await makeDurably(files, trash, disk);
}

async function adopt(at: Place, one: AdoptedVolume, by: Holder): Promise<FoundVolume> {
  const path = manifestPath(at.workFolder, one.volume);
  const known = await readManifest(at.files, path);
  if (known?.origin !== one.origin) {
    throw new VolumeError(`The volume ${one.origin} is not at ${path} any more`);
  }
  const isDone = known.agentId === by.agentId && known.epoch >= one.epoch;
  if (!isDone && known.epoch !== one.foundEpoch) {
    throw new VolumeError(
      `The volume ${one.origin} was used since it was found: its epoch is ${known.epoch}`,
    );
  }
  if (isDone) return known;
  const { agentId, clusterId } = by;
  const next = { ...known, agentId, clusterId, epoch: one.epoch };
  await writeManifest(at.files, path, next);
  return next;
}

async function use(at: Place, volume: Resource, by: Holder): Promise<FoundVolume> {
  const folder = volumeFolder(at.workFolder, volume);
  const path = manifestPath(at.workFolder, volume);
  if ((await at.files.stat(folder)) === undefined) {
    throw new VolumeError(`There is no volume at ${folder}`);
  }
  const known = await readManifest(at.files, path);
  if (known === undefined) throw new VolumeError(`The volume at ${folder} has no manifest`);
  if (known.agentId !== by.agentId) {
    const whose = known.agentId ?? 'nobody';
    throw new VolumeError(
      `The volume at ${folder} is that of agent ${whose} since epoch ${known.epoch}`,
    );
  }
  const { clusterId = known.clusterId, nowMs: usedMs } = by;
  const next = { ...known, clusterId, usedMs, epoch: known.epoch + 1 };
  await writeManifest(at.files, path, next);
  return next;
}

/** Data first: a manifest without data is nothing that is found. */
async function discard(
  { files, workFolder }: Place,
  volume: Resource,
  { agentId }: Holder,
): Promise<void> {
  const path = manifestPath(workFolder, volume);
  const owner = await ownerIn(files, path);
  if (owner !== undefined && owner !== agentId) return;
  const trash = `${rootOfManifest(workFolder, volume)}/volumes/trash`;
  if (isWholeDisk(volume)) {
    if ((await files.stat(path)) === undefined) return;
    await makeDurably(files, trash, workFolder);
    await files.rename(path, `${trash}/${nameOfMount(volume)}`);
    await files.syncFolder(trash);
    await files.syncFolder(parentOf(path));
    await cleanMounts({ files, workFolder });
    return;
  }
  const folder = volumeFolder(workFolder, volume);
  if ((await files.stat(folder)) !== undefined) {
    await makeDurably(files, trash, diskOf(workFolder, volume));
    await files.rename(folder, await freeName(files, trash));
    await files.syncFolder(trash);
    await files.syncFolder(parentOf(folder));
  }
  await removeManifest(files, path);
}

/** Undefined also of a manifest that cannot be read: then the checkpoint's word holds. */
async function ownerIn(files: Files, path: string): Promise<string | undefined> {
  try {
    return (await readManifest(files, path))?.agentId;
  } catch (error) {
    if (error instanceof VolumeError) return undefined;
    throw error;
  }
}

async function freeName(files: Files, trash: string): Promise<string> {
  for (let n = 1; ; n++) {
    const path = `${trash}/${n}`;
    if ((await files.stat(path)) === undefined) return path;
  }
}

async function emptyTrash(files: Files, root: string): Promise<void> {
  const trash = `${root}/volumes/trash`;
  for (const name of await namesIn(files, trash)) {
    if (!name.endsWith('.json')) await files.remove(`${trash}/${name}`);
  }
}

/** The disks stay, and what was in them goes; then nobody has to clean them any more. */
async function cleanMounts({ files, workFolder }: Place): Promise<void> {
  const trash = `${workFolder}/volumes/trash`;
  for (const name of await namesIn(files, trash)) {
    if (!name.endsWith('.json')) continue;
    const known = await readManifest(files, `${trash}/${name}`);
    if (known === undefined) continue;
    const root = volumeFolder(workFolder, known.volume);
    for (const inside of await namesIn(files, root)) await files.remove(`${root}/${inside}`);
    await files.syncFolder(root);
    await removeManifest(files, `${trash}/${name}`);
  }
}

async function refuseUncleaned({ files, workFolder }: Place, volume: Resource): Promise<void> {
  const left = `${workFolder}/volumes/trash/${nameOfMount(volume)}`;
  if ((await files.stat(left)) === undefined) return;
  throw new VolumeError(`The data of an earlier volume are still at ${volumeFolder('', volume)}`);
}

async function survey({ files, workFolder }: Place, disks: Resources): Promise<Survey> {
  const manifests: Manifest[] = [];
  const problems: string[] = [];
  const look = async (path: string, isHere: (volume: Resource) => boolean): Promise<void> => {
    try {
      const found = await readManifest(files, path);
      if (found === undefined || !isHere(found.volume)) return;
      const folder = volumeFolder(workFolder, found.volume);
      if ((await files.stat(folder)) !== undefined) manifests.push(found);
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      problems.push(error.message);
    }
  };
  for (const path of await manifestsIn(files, rootsOf(workFolder, disks))) {
    await look(path, (volume) => manifestPath(workFolder, volume) === path);
  }
  const mounts = `${workFolder}/volumes/mounts`;
  const roots = new Set(disks.filter(isWholeDisk).map((disk) => volumeFolder(workFolder, disk)));
  for (const name of await namesIn(files, mounts)) {
    if (!name.endsWith('.json')) continue;
    await look(`${mounts}/${name}`, (volume) => roots.has(volumeFolder(workFolder, volume)));
  }
  return { manifests: manifests.toSorted(byName), problems };
}

const byName = (one: Manifest, other: Manifest): number =>
  volumeName(one.volume) < volumeName(other.volume) ? -1 : 1;

async function manifestsIn(files: Files, roots: readonly string[]): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const root of roots) {
    const top = `${root}/volumes/manifests`;
    for (const role of await namesIn(files, top)) {
      for (const name of await namesIn(files, `${top}/${role}`)) {
        if (name.endsWith('.json')) paths.push(`${top}/${role}/${name}`);
      }
    }
  }
  return paths;
}

/** The disks on which volumes are folders: that of the work folder, and those that are paths. */
function rootsOf(workFolder: string, disks: Resources): readonly string[] {
  const paths = disks.filter(({ disk }) => disk?.source?.kind === 'path');
  return [...new Set([workFolder, ...paths.map((disk) => diskOf(workFolder, disk))])];
}

/** `<disk>/volumes/roles/<role>/<id>`; a volume on a disk of its own is all of that (contract 4.2). */
export function volumeFolder(workFolder: string, volume: Resource): string {
  if (!isVolume(volume) || isWholeDisk(volume)) return diskOf(workFolder, volume);
  const { persistence } = volume.disk ?? {};
  return `${diskOf(workFolder, volume)}/volumes/roles/${folderOfRole(volume)}/${persistence?.id ?? ''}`;
}

function manifestPath(workFolder: string, volume: Resource): string {
  if (isWholeDisk(volume)) return `${workFolder}/volumes/mounts/${nameOfMount(volume)}`;
  const id = volume.disk?.persistence?.id ?? '';
  return `${diskOf(workFolder, volume)}/volumes/manifests/${folderOfRole(volume)}/${id}.json`;
}

/** Where the folders of its manifest begin. */
const rootOfManifest = (workFolder: string, volume: Resource): string =>
  isWholeDisk(volume) ? workFolder : diskOf(workFolder, volume);

/** A role is one folder, whatever stands above it. */
const folderOfRole = (volume: Resource): string => reservationRole(volume).replaceAll('/', ' ');

const nameOfMount = ({ disk }: Resource): string =>
  `${encodeURIComponent(disk?.source?.root ?? '')}.json`;

function diskOf(workFolder: string, { disk }: Resource): string {
  const given = disk?.source?.root ?? '';
  return given.startsWith('/')
    ? given
    : [workFolder, given].filter((part) => part !== '').join('/');
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

/** The folder and those above it, down from `root`, which is there for as long as the agent is. */
async function makeDurably(files: Files, folder: string, root: string): Promise<void> {
  await files.makeFolder(folder);
  for (let above = parentOf(folder); above.length >= root.length; above = parentOf(above)) {
    await files.syncFolder(above);
    if (above === root) return;
  }
}
