/**
 * Whether somebody listens at an address, as a port. `real/connector.ts` asks the machine,
 * `simulated/connector.ts` the simulated network.
 */
export type Connector = {
  /**
   * Connects, and hangs up without a word. False when nobody takes the connection, whatever the reason;
   * rejects with the signal's reason when that fires first.
   */
  reaches(address: Address, options: { readonly signal: AbortSignal }): Promise<boolean>;
};

export type Address = { readonly host: string; readonly port: number };
