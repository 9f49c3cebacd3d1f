/** What an agent and a framework take of the heap, when nothing is offered yet. */
import { assert } from '#internal/base/assert.ts';
import type { Figure } from '../figure.ts';
import { newCluster } from './rounds.ts';
import type { Shape } from './workload.ts';

export function heapPerPart(shape: Shape): readonly Figure[] {
  const { agents, frameworks } = shape;
  const perAgent = grown({ ...shape, frameworks: 1 }, { ...shape, agents: 1, frameworks: 1 });
  const perFramework = grown({ ...shape, agents: 1 }, { ...shape, agents: 1, frameworks: 1 });
  return [
    { name: 'heap-per-agent', value: perAgent / agents, unit: 'bytes' },
    { name: 'heap-per-framework', value: perFramework / frameworks, unit: 'bytes' },
  ];
}

/** How much more a cluster of the larger shape takes. What its ids and resources take is in it. */
function grown(larger: Shape, smaller: Shape): number {
  const [more, less] = [larger, smaller].map((shape) => {
    const before = usedBytes();
    const kept = newCluster(shape);
    const after = usedBytes();
    assert(kept !== undefined, 'the cluster is kept until it is measured');
    return after - before;
  });
  return (more ?? NaN) - (less ?? NaN);
}

function usedBytes(): number {
  assert(globalThis.gc !== undefined, 'heap is measured with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
