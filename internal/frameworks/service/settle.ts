/**
 * What follows from what is wanted and what is there, after every input: instances come to be and go,
 * tasks are killed that are not wanted or not wanted so, offers are asked for or not.
 *
 * The bound of an update: a task that serves is killed for another revision only while fewer than
 * `maxUnavailable` of the others are not ready. What does not serve costs nobody anything.
 */
import { isReady, isServing, isWanted, newInstance, setInstance, tell, wantOf } from './world.ts';
import { call, type Draft, type Instance, instancesOf, removeService } from './world.ts';
import { instanceKey, type ServiceRecord } from './records.ts';

/** A question, or a kill, that nobody has answered is repeated after so long. */
const askAgainMs = 10_000;

export function settle(draft: Draft): void {
  for (const service of draft.services.values()) {
    addInstances(draft, service);
    endUnwanted(draft, service);
    roll(draft, service);
    if (service.wish === 'destroy') forgetService(draft, service.spec.name);
  }
  dropEmpty(draft);
  askForOffers(draft);
}

/** After a new subscription: what became of every task, and of what was asked for before. */
export function askForAll(draft: Draft): void {
  call(draft, { type: 'RECONCILE', reconcile: { tasks: [] } });
  for (const [key, instance] of draft.instances) ask(draft, key, instance);
}

/** Repeats what has not been answered. */
export function nudge(draft: Draft): void {
  const { nowMs } = draft.context;
  for (const [key, instance] of draft.instances) {
    const { seen, record } = instance;
    if (nowMs - instance.askedMs < askAgainMs) continue;
    const { task, binding } = record;
    const isTaskOpen = task !== undefined && (seen.kind !== 'running' || task.isEnding);
    if (isTaskOpen || binding?.creating !== undefined) ask(draft, key, instance);
  }
}

function ask(draft: Draft, key: string, instance: Instance): void {
  const { task, binding } = instance.record;
  setInstance(draft, key, { ...instance, askedMs: draft.context.nowMs });
  if (task !== undefined) {
    const task_id = { value: task.id };
    const agent_id = { value: task.agentId };
    call(draft, { type: 'RECONCILE', reconcile: { tasks: [{ task_id, agent_id }] } });
    if (task.isEnding) call(draft, { type: 'KILL', kill: { task_id, agent_id } });
  }
  if (binding?.creating === undefined) return;
  const operation = {
    operation_id: { value: binding.creating },
    agent_id: { value: binding.agentId },
  };
  call(draft, { type: 'RECONCILE_OPERATIONS', reconcile_operations: { operations: [operation] } });
}

function addInstances(draft: Draft, { spec, wish }: ServiceRecord): void {
  if (wish !== 'run') return;
  for (let index = 0; index < spec.instances; index++) {
    const key = instanceKey(spec.name, index);
    if (!draft.instances.has(key)) draft.instances.set(key, newInstance(spec.name, index));
  }
}

function endUnwanted(draft: Draft, service: ServiceRecord): void {
  for (const instance of instancesOf(draft, service.spec.name)) {
    if (!isWanted(service, instance)) kill(draft, instance, 'it is not wanted any more');
  }
}

function roll(draft: Draft, service: ServiceRecord): void {
  const { spec, revision } = service;
  const { nowMs } = draft.context;
  const wanted = instancesOf(draft, spec.name).filter((one) => isWanted(service, one));
  const isThere = (one: Instance): boolean => isReady(one, spec, nowMs);
  let away = wanted.filter((one) => !isThere(one)).length;
  for (const instance of wanted) {
    const { task } = instance.record;
    if (task === undefined || task.isEnding || task.revision === revision) continue;
    if (!isKnown(instance)) continue;
    const othersAway = isThere(instance) ? away : away - 1;
    if (isServing(instance) && othersAway >= spec.update.maxUnavailable) continue;
    if (isThere(instance)) away++;
    kill(draft, instance, `revision ${revision} replaces ${task.revision}`);
  }
}

/** Whether we have been told how its task fares: nothing is done to what may be well. */
const isKnown = ({ seen }: Instance): boolean =>
  seen.kind !== 'nothing' && seen.kind !== 'unreachable';

function kill(draft: Draft, instance: Instance, reason: string): void {
  const { record } = instance;
  const { task } = record;
  if (task === undefined || task.isEnding) return;
  const key = instanceKey(record.service, record.index);
  tell(draft, 'an instance is killed', { instance: key, task: task.id, reason });
  setInstance(draft, key, {
    ...instance,
    record: { ...record, task: { ...task, isEnding: true } },
    askedMs: draft.context.nowMs,
  });
  const task_id = { value: task.id };
  call(draft, { type: 'KILL', kill: { task_id, agent_id: { value: task.agentId } } });
}

function forgetService(draft: Draft, name: string): void {
  if (instancesOf(draft, name).some(holdsSomething)) return;
  removeService(draft, name);
  tell(draft, 'a service is destroyed', { service: name });
}

const holdsSomething = ({ record }: Instance): boolean =>
  record.task !== undefined || record.binding !== undefined;

/** Those that hold nothing and are not wanted leave no trace. */
function dropEmpty(draft: Draft): void {
  for (const [key, instance] of draft.instances) {
    const service = draft.services.get(instance.record.service);
    const isOfUse = service !== undefined && isWanted(service, instance);
    const isEmpty = !holdsSomething(instance) && instance.strays.length === 0;
    if (!isOfUse && isEmpty) draft.instances.delete(key);
  }
}

/** Whoever begins to wait is not to wait for the end of a filter, and nobody waiting needs no offers. */
function askForOffers(draft: Draft): void {
  const { nowMs } = draft.context;
  if (draft.wanting === undefined) return;
  const wanting = new Set(
    [...draft.instances]
      .filter(([, instance]) => wantOf(draft, instance, nowMs) !== undefined)
      .map(([key]) => key),
  );
  const isNew = [...wanting].some((key) => !draft.wanting?.has(key));
  const isOver = wanting.size === 0 && draft.wanting.size > 0;
  if (isNew) call(draft, { type: 'REVIVE' });
  else if (isOver) call(draft, { type: 'SUPPRESS' });
  draft.wanting = wanting;
}
