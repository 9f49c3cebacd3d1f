/** What operators of chance decide: on few roles, and on the machines that `random-commands.ts` has. */
import type { Random } from '#internal/base/random.ts';
import { type AgentId, role } from '#internal/model/ids.ts';
import type { MachineId, MaintenanceWindow } from '#internal/model/policy.ts';
import { limits } from '#internal/resources/limits.ts';
import { quantities } from '#internal/resources/quantities.ts';
import type { PolicyCommand } from '#internal/state/command.ts';
import type { State } from '#internal/state/state.ts';

type Maker = (random: Random, state: State, agentId: AgentId) => PolicyCommand;

/** `agentId` is the agent that it is about, if it is about one. */
export function randomPolicy(random: Random, state: State, agentId: AgentId): PolicyCommand {
  const make = makers[random.below(makers.length)];
  if (make === undefined) throw new Error('no such policy');
  return make(random, state, agentId);
}

const makers: readonly Maker[] = [
  (random) => ({
    kind: 'update-weights',
    weights: roles(random).map((one) => ({ role: one, weight: 0.5 + random.below(4) })),
  }),
  (random) => ({
    kind: 'update-quotas',
    quotas: roles(random).map((one) => {
      const milli = 1000 * random.below(4);
      const isLifted = random.oneIn(3);
      const guarantees = quantities(isLifted ? [] : [['cpus', milli]]);
      return {
        role: one,
        quota: { guarantees, limits: limits(isLifted ? [] : [['cpus', milli]]) },
      };
    }),
  }),
  (random) => ({
    kind: 'schedule-maintenance',
    windows: random.oneIn(4) ? [] : [window(random), window(random)],
  }),
  (random, { maintenance }) => ({
    kind: 'start-maintenance',
    machines: some(random, [
      ...maintenance.windows.flatMap(({ machines }) => machines),
      machine(random),
    ]),
  }),
  (random, { maintenance }) => ({
    kind: 'stop-maintenance',
    machines: some(random, [...maintenance.down, machine(random)]),
  }),
  (random, _state, agentId) => ({
    kind: 'drain-agent',
    agentId,
    maxGraceMs: random.oneIn(2) ? undefined : random.below(10_000),
    isGoneThen: random.oneIn(4),
  }),
  (_random, _state, agentId) => ({ kind: 'finish-drain', agentId }),
  (_random, _state, agentId) => ({ kind: 'deactivate-agent', agentId }),
  (_random, _state, agentId) => ({ kind: 'reactivate-agent', agentId }),
  (random, _state, agentId) => ({
    kind: random.oneIn(3) ? 'mark-agent-gone' : 'reactivate-agent',
    agentId,
  }),
];

const roles = (random: Random): readonly ReturnType<typeof role>[] =>
  some(random, ['a', 'b', 'c/d', '*']).map(role);

const some = <Item>(random: Random, items: readonly Item[]): readonly Item[] =>
  items.filter(() => random.oneIn(2));

const machine = (random: Random): MachineId => ({
  hostname: `host-S${random.below(3)}`,
  ip: random.oneIn(3) ? undefined : '10.0.0.2',
});

const window = (random: Random): MaintenanceWindow => ({
  machines: [machine(random)],
  unavailability: {
    startNs: BigInt(random.below(1e9)) * 256n,
    durationNs: random.oneIn(2) ? undefined : 3_600_000_000_000n,
  },
});
