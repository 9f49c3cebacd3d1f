/**
 * One end of a pipe between two threads of a process, or what is as separate as they are: what goes in
 * is copied, and arrives at the other end once and in order. `real/thread.ts` is the platform's,
 * `simulated/message-port.ts` runs in virtual time; both pass `message-port.suite.ts`.
 */
export type MessagePort<Sent, Received> = {
  /**
   * Returns at once. `moved` are buffers that are not copied: they are the other end's afterwards, and
   * empty here. There is no bound but the caller's.
   */
  post(message: Sent, moved?: readonly ArrayBuffer[]): void;
  /** Called once; what arrived before waits for it. */
  listen(onMessage: (message: Received) => void): void;
  /** Nothing arrives here any more. */
  close(): void;
};
