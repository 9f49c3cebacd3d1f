/** What this machine is and has, as a port: an agent describes itself by it. */
export type Machine = {
  readonly hostname: string;
  /** Hardware threads; undefined where the machine does not say. */
  readonly cpus: number | undefined;
  readonly memoryBytes: number | undefined;
  /** Whole size of the filesystem that holds `path`, undefined where it does not say. */
  diskBytes(path: string): Promise<number | undefined>;
};
