/** The process of `load.ts`, as a function. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Wrap } from './clusters.ts';
import type { LoadOrder, LoadReport } from './load.ts';

export type Generator = Disposable & { run(order: LoadOrder): Promise<LoadReport> };

export function startGenerator(run: Wrap): Generator {
  const { command, args } = run({
    command: process.execPath,
    args: [join(import.meta.dirname, 'load.ts')],
  });
  const child = spawn(command, [...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const replies = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    run: async (order) => {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      const reply = await replies.next();
      if (reply.done === true) throw new Error('the generator of load has ended');
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends are ours.
      return JSON.parse(reply.value) as LoadReport;
    },
    [Symbol.dispose]: () => void child.kill(),
  };
}
