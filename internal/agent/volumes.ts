/**
 * The folders of persistent volumes, as a port. Data in them outlives tasks, frameworks and agents:
 * only an operation that destroys a volume removes them.
 */
import { reservationRole } from '#internal/resources/reservation.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import type { Files } from '#internal/runtime/files.ts';

export type Volumes = {
  /** Makes the folders, durably; fine when they are there. Rejects with `FilesError`. */
  make(volumes: Resources): Promise<void>;
  /** Removes them with all that is in them; fine when nothing is there. Rejects with `FilesError`. */
  remove(volumes: Resources): Promise<void>;
};

export function volumesIn(files: Files, workFolder: string): Volumes {
  return {
    async make(volumes) {
      for (const volume of volumes) {
        const folder = volumeFolder(workFolder, volume);
        if (isWholeDisk(volume)) continue;
        await files.makeFolder(folder);
        for (const above of foldersAbove(folder)) await files.syncFolder(above);
      }
    },
    async remove(volumes) {
      for (const volume of volumes) {
        const folder = volumeFolder(workFolder, volume);
        if ((await files.stat(folder)) === undefined) continue;
        if (isWholeDisk(volume)) await removeAllIn(files, folder);
        else {
          await files.remove(folder);
          await files.syncFolder(parentOf(folder));
        }
      }
    },
  };
}

/** `<disk>/volumes/roles/<role>/<id>`; a volume on a disk of its own is all of that (contract 4.2). */
export function volumeFolder(workFolder: string, volume: Resource): string {
  const { source, persistence } = volume.disk ?? {};
  const given = source?.root ?? '';
  const root = given.startsWith('/') ? given : [workFolder, given].filter(isThere).join('/');
  if (isWholeDisk(volume)) return root;
  // A role is one folder, whatever stands above it.
  const role = reservationRole(volume).replaceAll('/', ' ');
  return `${root}/volumes/roles/${role}/${persistence?.id ?? ''}`;
}

const isThere = (part: string): boolean => part !== '';

const isWholeDisk = ({ disk }: Resource): boolean => disk?.source?.kind === 'mount';

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

/** The folder of its role, that of all roles, that of all volumes, and the disk. */
function foldersAbove(folder: string): readonly string[] {
  const role = parentOf(folder);
  const roles = parentOf(role);
  const volumes = parentOf(roles);
  return [role, roles, volumes, parentOf(volumes)];
}

/** The disk stays. */
async function removeAllIn(files: Files, folder: string): Promise<void> {
  for (const name of await files.list(folder)) await files.remove(`${folder}/${name}`);
}
