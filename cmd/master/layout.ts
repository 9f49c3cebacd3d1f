/** Where a master keeps what, under its work directory, and in pieces of which size. */

export type Layout = {
  readonly log: string;
  readonly snapshots: string;
  readonly peers: string;
  /** The applied state; may be lost, since it follows from the two above. */
  readonly state: string;
};

export const layoutOf = (workDir: string): Layout => ({
  log: `${workDir}/log`,
  snapshots: `${workDir}/snapshots`,
  peers: `${workDir}/peers`,
  state: `${workDir}/state`,
});

export const segmentBytes: number = 64 * 1024 * 1024;
export const snapshotChunkBytes: number = 256 * 1024;
