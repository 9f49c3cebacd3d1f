/**
 * Milliseconds that this thread has had of a CPU. What else the machine does does not count, so that a
 * ratio of two of them holds on a busy machine, too.
 */
export function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
