/** What a process of the key-value service is told, as JSON. */
export type KvPeer = {
  readonly id: number;
  readonly host: string;
  /** For other nodes, and for clients. */
  readonly port: number;
  readonly kvPort: number;
};

export type KvNodeOptions = {
  readonly id: number;
  readonly clusterId: string;
  readonly folder: string;
  /** All of them, this one too. */
  readonly peers: readonly KvPeer[];
  readonly tickMs: number;
  readonly electionTicks: number;
  readonly segmentBytes: number;
  /** The node runs in a thread of its own, as in a master. */
  readonly threaded?: boolean;
  /** The other peers are a cluster already: this one waits to be made a member. */
  readonly joins?: boolean;
  /** With it, snapshots are made, disks are told apart, and operators may change the members. */
  readonly snapshots?: { readonly everyBytes: number; readonly tailBytes: number };
};
