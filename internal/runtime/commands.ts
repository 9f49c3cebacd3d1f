/** Short runs of other programs, to their end, as a port: what `mount`, `tar` or `runc` are asked for. */
export type Commands = {
  /**
   * Runs a program with nothing on its standard input and with our own environment. Resolves however
   * it ends; one that cannot be started, or that was killed because it took too long, has the status
   * `undefined` and says why on its standard error.
   */
  run(command: Command): Promise<CommandEnd>;
};

export type Command = {
  readonly path: string;
  readonly arguments: readonly string[];
  readonly timeoutMs: number;
};

export type CommandEnd = {
  readonly status: number | undefined;
  /** No more than the first mebibyte; a program that says more is killed. */
  readonly stdout: string;
  readonly stderr: string;
};
