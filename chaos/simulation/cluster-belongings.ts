/** What agents say they have, against what the masters say that they have. */
import { agentId as asAgentId } from '#internal/model/ids.ts';
import { format } from '#internal/resources/format.ts';
import { equals } from '#internal/resources/resources.ts';
import type { State } from '#internal/state/state.ts';
import type { AgentMachine } from './cluster-agent.ts';

/** The first agent about which they are not of one mind, or of which an operation is under way. */
export function unsettledResources(
  agents: readonly AgentMachine[],
  state: State | undefined,
): string | undefined {
  for (const { name, belongings } of agents) {
    const known = state?.agents.get(asAgentId(belongings?.agentId ?? ''));
    if (known === undefined || belongings === undefined) continue;
    if (!equals(known.total, belongings.total)) {
      const both = `${format(belongings.total)}, the masters say ${format(known.total)}`;
      return `${name} says it has ${both}`;
    }
    const { size } = belongings.operations;
    if (size > 0) return `${name} was not acknowledged ${size} operations`;
  }
  const [waiting] = state?.operations.keys() ?? [];
  return (
    (waiting && `the masters wait for operations of ${waiting}`) ?? strayExecutor(agents, state)
  );
}

/**
 * When all tasks have ended, so have the agents' own executors, and what those held is free. Those that
 * frameworks brought live until they are told to end: masters count them where they are, and nowhere else.
 */
function strayExecutor(
  agents: readonly AgentMachine[],
  state: State | undefined,
): string | undefined {
  const there = new Set(
    agents.flatMap(({ belongings }) =>
      [...(belongings?.executors.values() ?? [])]
        .filter(({ own }) => own !== undefined)
        .map(({ frameworkId, info }) =>
          nameOf(frameworkId, belongings?.agentId ?? '', info.executor_id.value),
        ),
    ),
  );
  for (const [frameworkId, { executors }] of state?.frameworks ?? []) {
    for (const { id, agentId } of executors.values()) {
      if (!there.delete(nameOf(frameworkId, agentId, id))) {
        return `the masters still count the executor ${id} on ${agentId}`;
      }
    }
  }
  const [uncounted] = there;
  return uncounted && `the masters do not count the executor ${uncounted}`;
}

const nameOf = (framework: string, agent: string, executor: string): string =>
  `${executor} of ${framework} on ${agent}`;
