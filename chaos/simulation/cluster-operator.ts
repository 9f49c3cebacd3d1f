/**
 * An operator who cannot leave a cluster alone: sets weights and quotas, schedules maintenance and takes
 * machines down, takes agents out of service, drains them and gives them up, at times of chance and
 * whoever leads. In the end all of it is
 * taken back, so that what was held up goes on.
 */
import type { Random } from '#internal/base/random.ts';
import type { Answer } from '#internal/master/door.ts';
import type { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { State } from '#internal/state/state.ts';
import type { AgentId } from '#internal/model/ids.ts';
import type { MachineId } from '#internal/model/policy.ts';
import type { MachineID } from '#proto/gen/mesos/v1.ts';
import type { Schedule } from '#proto/gen/mesos/v1/maintenance.ts';
import type { Call } from '#proto/gen/mesos/v1/master.ts';
import { rationedRole } from './temperaments/rationed.ts';
import { drawMs, type Span } from './raft-faults.ts';

/** A master as the operator sees it. */
type Asked = {
  readonly isLeader: boolean;
  readonly state: State | undefined;
  operate(call: Call): Promise<Answer> | undefined;
  adoptVolume(agentId: AgentId, origin: string): Promise<Answer> | undefined;
};

type Dependencies = { readonly world: SimulatedWorld; readonly masters: readonly Asked[] };

const tidyingMs = 500;

export class ClusterOperator {
  readonly counts: {
    'operator-calls': number;
    'operator-calls-refused': number;
    'adoptions-asked-for': number;
  } = {
    'adoptions-asked-for': 0,
    'operator-calls': 0,
    'operator-calls-refused': 0,
  };
  readonly #world: SimulatedWorld;
  readonly #masters: readonly Asked[];
  readonly #every: Span | undefined;
  readonly #random: Random;
  /** For what agents have found. */
  readonly #luckOfVolumes: Random;
  #isTidying = false;

  constructor({ world, masters }: Dependencies, options: { readonly every: Span | undefined }) {
    this.#world = world;
    this.#masters = masters;
    this.#every = options.every;
    this.#random = world.random('operator');
    this.#luckOfVolumes = world.random('operator of volumes');
  }

  begin(): void {
    const every = this.#every;
    if (every === undefined) return;
    this.#world.schedule(drawMs(this.#random, every), 'an operator decides', () => {
      if (this.#isTidying) return;
      this.#meddle();
      this.begin();
    });
  }

  /** Takes everything back, and asks until it is. */
  finish(): void {
    this.#isTidying = true;
    for (const call of this.#remedies()) this.#ask(call);
    this.#world.schedule(tidyingMs, 'an operator tidies up', () => this.finish());
  }

  #meddle(): void {
    const state = this.#leader?.state;
    if (state === undefined) return;
    const agents = [...state.agents.values()];
    const { id, hostname } = agents[this.#random.below(Math.max(1, agents.length))] ?? nobody;
    const agent_id = { value: id };
    const down = state.maintenance.down.map(machineToWire);
    const scheduled = state.maintenance.windows.flatMap(({ machines }) => machines);
    const draws: readonly (() => Call)[] = [
      ...policyDraws(this.#random),
      () => ({ type: 'DEACTIVATE_AGENT', deactivate_agent: { agent_id } }),
      () => ({ type: 'REACTIVATE_AGENT', reactivate_agent: { agent_id } }),
      () => this.#drain(id),
      () => this.#drain(id),
      () => ({ type: 'MARK_AGENT_GONE', mark_agent_gone: { agent_id } }),
      () => ({
        type: 'UPDATE_MAINTENANCE_SCHEDULE',
        update_maintenance_schedule: { schedule: scheduleOf([{ hostname }, ...down]) },
      }),
      () => ({
        type: 'START_MAINTENANCE',
        start_maintenance: { machines: scheduled.map(machineToWire) },
      }),
      () => ({ type: 'STOP_MAINTENANCE', stop_maintenance: { machines: down } }),
    ];
    const call = draws[this.#random.below(draws.length)]?.();
    if (call !== undefined) this.#ask(call);
    if (this.#luckOfVolumes.oneIn(2)) this.#adopt(state);
  }

  /** One that some agent has found, whoever else may have it. */
  #adopt({ agents }: State): void {
    const found = [...agents.values()].flatMap(({ id, orphans }) =>
      orphans.map(({ origin }) => ({ id, origin })),
    );
    const one = found[this.#luckOfVolumes.below(Math.max(1, found.length))];
    if (one === undefined) return;
    this.counts['adoptions-asked-for']++;
    this.#await(this.#leader?.adoptVolume(one.id, one.origin));
  }

  #drain(id: string): Call {
    const drain_agent = {
      agent_id: { value: id },
      max_grace_period: { seconds: 1n },
      mark_gone: this.#random.oneIn(3),
    };
    return { type: 'DRAIN_AGENT', drain_agent };
  }

  #ask(call: Call): void {
    this.#await(this.#leader?.operate(call));
  }

  #await(answer: Promise<Answer> | undefined): void {
    if (answer === undefined) return;
    this.counts['operator-calls']++;
    const count = ({ status }: Answer): void => {
      if (status !== 200 && status !== 202) this.counts['operator-calls-refused']++;
    };
    answer.then(count, (reason: unknown) => {
      throw reason;
    });
  }

  get #leader(): Asked | undefined {
    return this.#masters.find(({ isLeader }) => isLeader);
  }

  #remedies(): readonly Call[] {
    const state = this.#leader?.state;
    if (state === undefined) return [];
    const idle = [...state.agents.values()].filter(
      ({ deactivation }) => deactivation !== undefined && deactivation.kind !== 'draining',
    );
    // Whoever forgot itself never comes back: its machine has another agent.
    const lost = [...state.agents.values()].filter(
      ({ reach, id, hostname }) =>
        reach.kind === 'unreachable' &&
        [...state.agents.values()].some((one) => one.id !== id && one.hostname === hostname),
    );
    const limited = state.quotas.filter(({ limits }) => limits.milliMaxOf.size > 0);
    const down = state.maintenance.down.map(machineToWire);
    const quota_configs = [...limited.keys()].map((role) => ({ role }));
    return [
      ...idle.map(({ id }): Call => ({
        type: 'REACTIVATE_AGENT',
        reactivate_agent: { agent_id: { value: id } },
      })),
      ...lost.map(({ id }): Call => ({
        type: 'MARK_AGENT_GONE',
        mark_agent_gone: { agent_id: { value: id } },
      })),
      ...(down.length > 0
        ? [{ type: 'STOP_MAINTENANCE', stop_maintenance: { machines: down } } as const]
        : []),
      ...(quota_configs.length > 0
        ? [{ type: 'UPDATE_QUOTA', update_quota: { quota_configs } } as const]
        : []),
    ];
  }
}

const nobody = { id: 'nobody', hostname: 'nobody' };

function policyDraws(random: Random): readonly (() => Call)[] {
  const role = random.oneIn(2) ? '*' : rationedRole;
  const cpus = { value: random.below(4) };
  return [
    () => ({
      type: 'UPDATE_WEIGHTS',
      update_weights: { weight_infos: [{ role, weight: 1 + cpus.value }] },
    }),
    () => ({
      type: 'UPDATE_QUOTA',
      update_quota: { force: true, quota_configs: [{ role, limits: { cpus } }] },
    }),
  ];
}

const machineToWire = ({ hostname, ip }: MachineId): MachineID => ({
  ...(hostname === undefined ? {} : { hostname }),
  ...(ip === undefined ? {} : { ip }),
});

/** A window that has no end. */
const scheduleOf = (machine_ids: readonly MachineID[]): Schedule => ({
  windows: [{ machine_ids, unavailability: { start: { nanoseconds: 0n } } }],
});
