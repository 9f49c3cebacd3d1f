/**
 * `run` as a pure machine: one command, once, whatever happens to masters in between.
 *
 * The task id is drawn before the first launch and never changes. After a lost connection the machine
 * asks for the truth (reconciliation); when the cluster says that it does not know the task, it is
 * launched again under the same id. A launch that did arrive after all is refused as a duplicate, so
 * the command never starts twice.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { Offer, TaskInfo, TaskStatus } from '#proto/gen/mesos/v1.ts';
import type { Call, Event } from '#proto/gen/mesos/v1/scheduler.ts';
import { endOf, isTerminal, type End } from './task-end.ts';
import { fits, type Need, taskInfo } from './task-info.ts';

export type RunPlan = {
  readonly need: Need;
  readonly phase:
    /** For an offer that fits; `nudges` so many times in vain. */
    | { readonly kind: 'waiting'; readonly nudges: number }
    /** Asked for on an offer of this agent; it is known once the cluster has said so. */
    | { readonly kind: 'launched'; readonly place: Place; readonly isKnown: boolean }
    | { readonly kind: 'running'; readonly place: Place }
    | { readonly kind: 'over' };
  /** `host:port` of every agent that an offer has shown us, by agent id. */
  readonly agents: ReadonlyMap<string, string>;
  /** Why the task is to be killed, once it is. */
  readonly ending: 'timed-out' | 'interrupted' | undefined;
  /** How often in a row the cluster has said of a task that it knew that it does not know it. */
  readonly denials: number;
};

/** An agent that was written off may still come back with the task; after so many answers it is over. */
const denialsMax = 3;

/** Calls overtake each other: offers that were asked for may have been declined after that. */
const nudgesToRevive = 6;

/** Where the task runs. `agent` is `host:port`, undefined when no offer has shown it. */
export type Place = { readonly agentId: string; readonly agent: string | undefined };

export type Input =
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'interrupted' }
  /** A while went by without an answer to what was asked. */
  | { readonly kind: 'nudged' };

export type Effect =
  | { readonly kind: 'call'; readonly call: Call }
  /** The task runs, so its sandbox has output to show. */
  | { readonly kind: 'follow'; readonly place: Place }
  | { readonly kind: 'finish'; readonly end: End };

export type Step = { readonly plan: RunPlan; readonly effects: readonly Effect[] };

export const newRunPlan = (need: Need): RunPlan => ({
  need,
  phase: { kind: 'waiting', nudges: 0 },
  agents: new Map(),
  ending: undefined,
  denials: 0,
});

export function step(plan: RunPlan, input: Input): Step {
  if (plan.phase.kind === 'over') return { plan, effects: [] };
  switch (input.kind) {
    case 'event':
      return onEvent(plan, input.event);
    case 'timed-out':
      return end(plan, 'timed-out');
    case 'interrupted':
      return end(plan, 'interrupted');
    case 'nudged':
      return onNudge(plan);
    default:
      return unreachable(input);
  }
}

function onEvent(plan: RunPlan, event: Event): Step {
  if (event.type === 'SUBSCRIBED') return { plan, effects: askAgain(plan) };
  if (event.offers !== undefined) return onOffers(plan, event.offers.offers ?? []);
  if (event.update !== undefined) return onUpdate(plan, event.update.status);
  return { plan, effects: [] };
}

function onNudge(plan: RunPlan): Step {
  if (plan.phase.kind !== 'waiting') return { plan, effects: askAgain(plan) };
  const nudges = plan.phase.nudges + 1;
  const isOverdue = nudges >= nudgesToRevive;
  return {
    plan: { ...plan, phase: { kind: 'waiting', nudges: isOverdue ? 0 : nudges } },
    effects: isOverdue ? [{ kind: 'call', call: { type: 'REVIVE' } }] : [],
  };
}

/** After a new subscription, or when an answer is overdue: what is true, and what was asked for. */
function askAgain(plan: RunPlan): readonly Effect[] {
  const { phase } = plan;
  if (phase.kind === 'waiting' || phase.kind === 'over') return [];
  const task = {
    task_id: { value: plan.need.taskId },
    agent_id: { value: phase.place.agentId },
  };
  const reconcile: Call = { type: 'RECONCILE', reconcile: { tasks: [task] } };
  const effects: Effect[] = [{ kind: 'call', call: reconcile }];
  return plan.ending === undefined ? effects : [...effects, killCall(plan)];
}

function onOffers(before: RunPlan, offers: readonly Offer[]): Step {
  const addresses = offers.map((offer) => [offer.agent_id.value, agentAddress(offer)] as const);
  const plan: RunPlan = { ...before, agents: new Map([...before.agents, ...addresses]) };
  const isWaiting = plan.phase.kind === 'waiting';
  const chosen = isWaiting ? offers.find((offer) => fits(offer, plan.need)) : undefined;
  const others = offers.filter((offer) => offer !== chosen);
  // Too small an offer is looked at again soon: more may have become free next to it.
  const stillWaiting = isWaiting && chosen === undefined;
  const declined = others.length === 0 ? [] : [decline(others, stillWaiting ? 1 : 3600)];
  if (chosen === undefined) return { plan, effects: declined };
  return {
    plan: {
      ...plan,
      phase: { kind: 'launched', place: placeOf(plan, chosen.agent_id.value), isKnown: false },
    },
    effects: [
      { kind: 'call', call: launch(chosen, taskInfo(chosen, plan.need)) },
      ...declined,
      { kind: 'call', call: { type: 'SUPPRESS' } },
    ],
  };
}

function onUpdate(before: RunPlan, status: TaskStatus): Step {
  if (status.task_id.value !== before.need.taskId) return { plan: before, effects: [] };
  const plan = heedLaunch(countDenials(before, status), status);
  const effects: readonly Effect[] = acknowledgement(status);
  const { phase, ending } = plan;
  if (phase.kind === 'waiting' || phase.kind === 'over') return { plan, effects };
  if (isDuplicate(status)) return { plan, effects: [...effects, ...askAgain(plan)] };
  if (phase.kind === 'launched' && neverStarted(phase, status)) {
    if (ending !== undefined) return over(plan, { kind: ending, started: false }, effects);
    const again: Effect = { kind: 'call', call: { type: 'REVIVE' } };
    return {
      plan: { ...plan, phase: { kind: 'waiting', nudges: 0 } },
      effects: [...effects, again],
    };
  }
  // How things stand says nothing of the exit status: the agent's own word is still to come.
  if (isHearsay(status)) return { plan, effects };
  const isForgotten = plan.denials >= denialsMax;
  if (isTerminal(status.state) || isForgotten) return over(plan, endOf(status, ending), effects);
  if (status.state !== 'TASK_RUNNING' || phase.kind === 'running') return { plan, effects };
  const place = placeOf(plan, status.agent_id?.value ?? phase.place.agentId);
  return {
    plan: { ...plan, phase: { kind: 'running', place } },
    effects: [...effects, { kind: 'follow', place }],
  };
}

function countDenials(plan: RunPlan, status: TaskStatus): RunPlan {
  const { phase } = plan;
  const isKnown = phase.kind === 'running' || (phase.kind === 'launched' && phase.isKnown);
  const isDenied = isKnown && status.state === 'TASK_UNKNOWN';
  return { ...plan, denials: isDenied ? plan.denials + 1 : 0 };
}

/**
 * The cluster has the task, and no other may start under its id. It may have denied it before: a
 * question that overtook the launch is answered before it.
 */
function heedLaunch(plan: RunPlan, status: TaskStatus): RunPlan {
  const { phase } = plan;
  if (phase.kind === 'running' || phase.kind === 'over') return plan;
  if (isDenial(status)) return plan;
  const agentId = status.agent_id?.value;
  if (phase.kind === 'launched') return { ...plan, phase: { ...phase, isKnown: true } };
  if (agentId === undefined) return plan;
  return { ...plan, phase: { kind: 'launched', place: placeOf(plan, agentId), isKnown: true } };
}

const placeOf = (plan: RunPlan, agentId: string): Place => ({
  agentId,
  agent: plan.agents.get(agentId),
});

/** The cluster says that this task is not there. */
const isDenial = ({ state, reason }: TaskStatus): boolean =>
  state === 'TASK_DROPPED' ||
  (reason === 'REASON_RECONCILIATION' && (state === 'TASK_UNKNOWN' || state === 'TASK_GONE'));

/** So it says, and it never told us that it had it; or it was dropped before it could start. */
const neverStarted = ({ isKnown }: { readonly isKnown: boolean }, status: TaskStatus): boolean =>
  isDenial(status) && (!isKnown || status.state === 'TASK_DROPPED');

/** Our launch did arrive, so a second one under its id was refused: the first one counts. */
const isDuplicate = ({ state, message = '' }: TaskStatus): boolean =>
  state === 'TASK_ERROR' && /duplicate ID/.test(message);

/** The end of a command, told by a master that was asked, and not by the agent that saw it. */
const isHearsay = ({ state, reason }: TaskStatus): boolean =>
  reason === 'REASON_RECONCILIATION' && (state === 'TASK_FAILED' || state === 'TASK_KILLED');

function end(plan: RunPlan, why: 'timed-out' | 'interrupted'): Step {
  const next: RunPlan = { ...plan, ending: plan.ending ?? why };
  if (plan.phase.kind === 'waiting') return over(next, { kind: why, started: false }, []);
  return { plan: next, effects: [killCall(plan)] };
}

function over(plan: RunPlan, result: End, effects: readonly Effect[]): Step {
  return {
    plan: { ...plan, phase: { kind: 'over' } },
    effects: [...effects, { kind: 'finish', end: result }],
  };
}

const killCall = (plan: RunPlan): Effect => ({
  kind: 'call',
  call: { type: 'KILL', kill: { task_id: { value: plan.need.taskId } } },
});

const launch = (offer: Offer, task: TaskInfo): Call => ({
  type: 'ACCEPT',
  accept: {
    offer_ids: [offer.id],
    operations: [{ type: 'LAUNCH', launch: { task_infos: [task] } }],
  },
});

const decline = (offers: readonly Offer[], refuseSeconds: number): Effect => ({
  kind: 'call',
  call: {
    type: 'DECLINE',
    decline: {
      offer_ids: offers.map(({ id }) => id),
      filters: { refuse_seconds: refuseSeconds },
    },
  },
});

function acknowledgement(status: TaskStatus): Effect[] {
  const { agent_id, task_id, uuid } = status;
  if (uuid === undefined || agent_id === undefined) return [];
  return [
    { kind: 'call', call: { type: 'ACKNOWLEDGE', acknowledge: { agent_id, task_id, uuid } } },
  ];
}

function agentAddress(offer: Offer): string {
  const address = offer.url?.address;
  const host = address?.ip ?? address?.hostname ?? offer.hostname;
  return `${host}:${address?.port ?? 5051}`;
}
