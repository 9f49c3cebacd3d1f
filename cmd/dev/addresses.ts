/** Where `altiplano dev` puts its programs, and where `altiplano run` looks when it is not told. */
export type DevAddresses = {
  readonly masters: readonly {
    readonly httpPort: number;
    readonly grpcPort: number;
    readonly peerPort: number;
  }[];
  readonly agents: readonly { readonly httpPort: number }[];
};

/** Mesos's own ports for the first of each kind. */
export const devAddresses: DevAddresses = {
  masters: [
    { httpPort: 5050, grpcPort: 5060, peerPort: 5061 },
    { httpPort: 5052, grpcPort: 5062, peerPort: 5063 },
    { httpPort: 5054, grpcPort: 5064, peerPort: 5065 },
  ],
  agents: [{ httpPort: 5051 }, { httpPort: 5053 }],
};

export const localMasters: readonly string[] = devAddresses.masters.map(
  ({ httpPort }) => `127.0.0.1:${httpPort}`,
);
