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
import type { MembershipOutcome } from '#raft/node/membership.ts';
import type { NodeId } from '#raft/core/types.ts';
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
  readonly id: NodeId;
  readonly voters: readonly NodeId[] | undefined;
  readonly isGivenUp: boolean;
  changeVoters(voters: readonly NodeId[]): Promise<MembershipOutcome> | undefined;
  start(): void;
  giveUp(): void;
};

type Dependencies = {
  readonly world: SimulatedWorld;
  readonly masters: readonly Asked[];
  /** Masters that may join: they are not started before they are wanted. */
  readonly spares: readonly Asked[];
};

type Options = {
  readonly every: Span | undefined;
  /** How often it wants other masters. */
  readonly membership: Span | undefined;
  /** The chance that what it asks for is wrong. */
  readonly mistakes: number;
};

const tidyingMs = 500;

export class ClusterOperator {
  readonly counts: {
    'operator-calls': number;
    'operator-calls-refused': number;
    'adoptions-asked-for': number;
    'mistakes-refused': number;
    'membership-asked-for': number;
    'membership-changed': number;
    'membership-refused': number;
    'masters-retired': number;
  } = {
    'adoptions-asked-for': 0,
    'mistakes-refused': 0,
    'membership-asked-for': 0,
    'membership-changed': 0,
    'membership-refused': 0,
    'masters-retired': 0,
    'operator-calls': 0,
    'operator-calls-refused': 0,
  };
  readonly #world: SimulatedWorld;
  readonly #masters: readonly Asked[];
  readonly #spares: readonly Asked[];
  readonly #options: Options;
  readonly #random: Random;
  /** For what agents have found. */
  readonly #luckOfVolumes: Random;
  readonly #luckOfMasters: Random;
  readonly #luckOfMistakes: Random;
  #isTidying = false;

  constructor({ world, masters, spares }: Dependencies, options: Options) {
    this.#world = world;
    this.#masters = masters;
    this.#spares = spares;
    this.#options = options;
    this.#luckOfMasters = world.random('operator of masters');
    this.#luckOfMistakes = world.random('mistakes of the operator');
    this.#random = world.random('operator');
    this.#luckOfVolumes = world.random('operator of volumes');
  }

  begin(): void {
    const { every, membership } = this.#options;
    if (every !== undefined) this.#decide(every);
    if (membership !== undefined) this.#replaceNowAndThen(membership);
  }

  #decide(every: Span): void {
    this.#world.schedule(drawMs(this.#random, every), 'an operator decides', () => {
      if (this.#isTidying) return;
      this.#meddle();
      if (this.#luckOfMistakes.chance(this.#options.mistakes)) this.#err();
      this.#decide(every);
    });
  }

  #replaceNowAndThen(every: Span): void {
    this.#world.schedule(drawMs(this.#luckOfMasters, every), 'an operator of masters', () => {
      if (this.#isTidying) return;
      this.#replaceMaster();
      this.#replaceNowAndThen(every);
    });
  }

  /** Puts a new machine in the place of some master, or asks once more for what was not done. */
  #replaceMaster(): void {
    const voters = this.#leader?.voters;
    const spare = this.#spares.find(
      ({ id, isGivenUp }) => !isGivenUp && voters?.includes(id) === false,
    );
    if (voters === undefined || spare === undefined) return;
    spare.start();
    const old = voters[this.#luckOfMasters.below(voters.length)];
    const wanted = [...voters.filter((id) => id !== old), spare.id];
    this.counts['membership-asked-for']++;
    const settle = ({ kind }: MembershipOutcome): void => {
      this.counts[kind === 'done' ? 'membership-changed' : 'membership-refused']++;
      const retired = this.#masters.find(({ id }) => id === old);
      // Some are turned off, and some stay and annoy.
      if (kind !== 'done' || retired === undefined || !this.#luckOfMasters.oneIn(2)) return;
      this.counts['masters-retired']++;
      retired.giveUp();
    };
    this.#leader?.changeVoters(wanted)?.then(settle, (reason: unknown) => {
      throw reason;
    });
  }

  /** What no cluster can do. It has to be refused, by whoever leads. */
  #err(): void {
    const wrong = mistakes[this.#luckOfMistakes.below(mistakes.length)];
    const answer = wrong && this.#leader?.operate(wrong);
    const judge = ({ status, text }: Answer): void => {
      if (status === 200 || status === 202) throw new Error(`${wrong?.type} was taken: ${text}`);
      // Who does not lead any more says so.
      this.counts['mistakes-refused']++;
    };
    answer?.then(judge, (reason: unknown) => {
      throw reason;
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

const stranger = { value: 'nobody-knows-me' };

const mistakes: readonly Call[] = [
  { type: 'MARK_AGENT_GONE', mark_agent_gone: { agent_id: stranger } },
  { type: 'DRAIN_AGENT', drain_agent: { agent_id: stranger } },
  { type: 'DEACTIVATE_AGENT', deactivate_agent: { agent_id: stranger } },
  { type: 'REACTIVATE_AGENT', reactivate_agent: { agent_id: stranger } },
  { type: 'START_MAINTENANCE', start_maintenance: { machines: [{ hostname: 'nowhere' }] } },
  { type: 'STOP_MAINTENANCE', stop_maintenance: { machines: [{ hostname: 'nowhere' }] } },
  { type: 'UPDATE_WEIGHTS', update_weights: { weight_infos: [{ role: '*', weight: -1 }] } },
  {
    type: 'UPDATE_QUOTA',
    update_quota: {
      quota_configs: [
        { role: 'a', guarantees: { cpus: { value: 2 } }, limits: { cpus: { value: 1 } } },
      ],
    },
  },
  { type: 'TEARDOWN', teardown: { framework_id: stranger } },
];

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
