/** What a process of the key-value service is told, as JSON. */
export type KvNodeOptions = {
  readonly id: number;
  readonly clusterId: string;
  readonly folder: string;
  /** All of them, this one too. */
  readonly peers: readonly { readonly id: number; readonly host: string; readonly port: number }[];
  readonly tickMs: number;
  readonly electionTicks: number;
  readonly segmentBytes: number;
};
