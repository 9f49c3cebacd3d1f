/**
 * Volumes of agents, looked for on their disks: whatever an agent says it has, or has made, is a folder
 * there that no power cut takes away.
 */
import { Violation } from './violation.ts';

export class VolumeFolderLaws {
  #looked = 0;

  /** Volumes that were looked for. */
  get looked(): number {
    return this.#looked;
  }

  /** `agent` speaks of a volume as one that is there. */
  claimed(agent: string, folder: string, isDurable: boolean): void {
    this.#looked++;
    if (isDurable) return;
    throw new Violation('volume-there', `${agent} speaks of a volume, and ${folder} may be lost`);
  }
}
