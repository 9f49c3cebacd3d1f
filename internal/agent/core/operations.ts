/**
 * Operations on what the agent has (contract 8). An operation and what it makes are durable before
 * anybody hears of it, and it is told how it went until a master acknowledges that: after 10 s, 20 s,
 * … 10 min, and at each registration.
 *
 * Volumes are made before it is said that they are there. Those that were destroyed are doomed in the
 * same write: whatever happens to the agent, their data are removed in the end.
 */
import { uuidV4 } from '#internal/base/uuid.ts';
import { type Conversion, convert } from '#internal/resources/conversion.ts';
import { reservationRole } from '#internal/resources/reservation.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import { nothing } from '#internal/resources/resources.ts';
import { isVolume } from '#internal/resources/volume.ts';
import { conversionFromWire, conversionToWire } from '#internal/wire/operation-record.ts';
import { resourcesToWire } from '#internal/wire/resources.ts';
import type { AcknowledgeOperation, ApplyOperation } from '#proto/gen/altiplano/agent/v1.ts';
import type { OperationStatus } from '#proto/gen/mesos/v1.ts';
import { introduction } from './introduction.ts';
import { changedPart } from './resources.ts';
import type { Operation } from './state.ts';
import { act, change, note, tell, type Turn } from './turn.ts';

export function applyOperation(turn: Turn, asked: ApplyOperation): void {
  const { uuid, framework_id, info, conversions = [] } = asked;
  const known = turn.state.operations.get(uuid);
  if (known !== undefined) return send(turn, known);
  const meant = conversions.map(conversionFromWire);
  const { total } = turn.state;
  const next = convert(total, meant);
  const operation: Operation = {
    uuid,
    frameworkId: framework_id?.value,
    info,
    conversions: meant,
    status: statusOf(turn, info.id, 'OPERATION_PENDING'),
    retryMs: turn.settings.updateRetryMs,
  };
  if (!next.ok) return fail(turn, operation, next.refusal);
  const made = volumesOf(next.value, total);
  const doomed = volumesOf(total, next.value);
  changeResources(turn, next.value, [...turn.state.doomed, ...doomed]);
  if (doomed.length > 0) act(turn, { kind: 'remove-volumes', volumes: doomed });
  if (made.length === 0) return conclude(turn, operation, 'OPERATION_FINISHED');
  keep(turn, operation);
  return act(turn, { kind: 'make-volumes', operation: uuid, volumes: made });
}

/** The folders of its volumes are there, or cannot be: then it is undone. */
export function volumesMade(turn: Turn, uuid: string, fault: string | undefined): void {
  const operation = turn.state.operations.get(uuid);
  if (operation?.status.state !== 'OPERATION_PENDING') return;
  const remains = operation.conversions
    .flatMap(({ converted }) => converted)
    .some((one) => isVolume(one) && isDoomed(turn, one));
  // What lies in the folder belongs to nobody any more, and must not become this volume's.
  const problem = fault ?? (remains ? 'The data of an earlier volume are still there' : undefined);
  const undone = convert(turn.state.total, operation.conversions.map(reversed).toReversed());
  if (problem === undefined || !undone.ok) {
    // What came after it has undone it already: destroyed it again, say.
    if (problem !== undefined) note(turn, 'warn', 'volume not made', { operation: uuid, problem });
    return conclude(turn, operation, 'OPERATION_FINISHED');
  }
  changeResources(turn, undone.value, turn.state.doomed);
  return fail(turn, operation, problem);
}

const isDoomed = ({ state }: Turn, volume: Resource): boolean =>
  state.doomed.some((one) => nameOf(one) === nameOf(volume));

export function volumesRemoved(turn: Turn, volumes: Resources): void {
  const gone = new Set(volumes.map(nameOf));
  const { total, doomed } = turn.state;
  changeResources(
    turn,
    total,
    doomed.filter((one) => !gone.has(nameOf(one))),
  );
}

/** What an earlier life of the agent did not come to the end of. */
export function resumeVolumes(turn: Turn): void {
  const { doomed, operations, total } = turn.state;
  if (doomed.length > 0) act(turn, { kind: 'remove-volumes', volumes: doomed });
  for (const { uuid, status, conversions } of operations.values()) {
    if (status.state !== 'OPERATION_PENDING') continue;
    const made = conversions.flatMap(({ converted }) => converted).filter(isVolume);
    const volumes = made.filter((one) => total.some((other) => nameOf(other) === nameOf(one)));
    act(turn, { kind: 'make-volumes', operation: uuid, volumes });
  }
}

export function acknowledgeOperation(turn: Turn, message: AcknowledgeOperation): void {
  const { operation_uuid: uuid, uuid: ofUpdate } = message;
  const known = turn.state.operations.get(uuid);
  const said = known?.status.uuid?.value;
  if (known === undefined || said === undefined || !isSame(said, ofUpdate)) {
    note(turn, 'debug', 'acknowledgement of no pending operation', { operation: uuid });
    return;
  }
  if (known.status.state === 'OPERATION_PENDING') return;
  turn.writes.push({ kind: 'remove-operation', uuid });
  change(turn, { operations: turn.state.operations.remove(uuid) });
  act(turn, { kind: 'cancel-timer', timer: { kind: 'retry-operation', operation: uuid } });
}

export function resendOperations(turn: Turn): void {
  const { updateRetryMs: retryMs } = turn.settings;
  for (const operation of turn.state.operations.values()) {
    const fresh = { ...operation, retryMs };
    remember(turn, fresh);
    send(turn, fresh);
  }
}

/** The wait for an acknowledgement is over. */
export function retryOperation(turn: Turn, uuid: string): void {
  const operation = turn.state.operations.get(uuid);
  if (operation === undefined || turn.state.session.kind !== 'registered') return;
  const retryMs = Math.min(operation.retryMs * 2, turn.settings.updateRetryMsMax);
  const patient = { ...operation, retryMs };
  remember(turn, patient);
  send(turn, patient);
}

/** The agent will be another: nothing is left of what was made of its resources. */
export function forgetResources(turn: Turn): void {
  const { total, doomed, operations } = turn.state;
  for (const uuid of operations.keys()) turn.writes.push({ kind: 'remove-operation', uuid });
  change(turn, { operations: operations.clear() });
  if (changedPart(total).length === 0) return;
  const volumes = [...doomed, ...total.filter(isVolume)];
  const record = { changed: [], doomed: resourcesToWire(volumes, 'new') };
  turn.writes.push({ kind: 'resources', record });
}

/** What the masters made of the total was not so: they are told first what there is. */
function fail(turn: Turn, operation: Operation, message: string): void {
  note(turn, 'warn', 'operation failed', { operation: operation.uuid, message });
  const failed = { ...operation, status: statusOf(turn, operation.info.id, 'OPERATION_FAILED') };
  const told = { ...failed, status: { ...failed.status, message } };
  keep(turn, told);
  tell(turn, introduction(turn));
  send(turn, told);
}

function conclude(turn: Turn, operation: Operation, state: OperationStatus['state']): void {
  const concluded = { ...operation, status: statusOf(turn, operation.info.id, state) };
  keep(turn, concluded);
  send(turn, concluded);
}

function statusOf(
  { moment, state: { agentId = '' } }: Turn,
  id: OperationStatus['operation_id'],
  state: OperationStatus['state'],
): OperationStatus {
  return {
    ...(id !== undefined && { operation_id: id }),
    state,
    uuid: { value: uuidV4(moment.random) },
    agent_id: { value: agentId },
  };
}

/** Nothing while its volumes are being made. */
function send(turn: Turn, { uuid, status, retryMs }: Operation): void {
  if (status.state === 'OPERATION_PENDING' || turn.state.session.kind !== 'registered') return;
  tell(turn, { operation_update: { operation_uuid: uuid, status } });
  const timer = { kind: 'retry-operation', operation: uuid } as const;
  act(turn, { kind: 'set-timer', timer, delayMs: retryMs });
}

function remember(turn: Turn, operation: Operation): void {
  change(turn, { operations: turn.state.operations.set(operation.uuid, operation) });
}

function keep(turn: Turn, operation: Operation): void {
  remember(turn, operation);
  const { uuid, frameworkId, info, status, conversions } = operation;
  const isPending = status.state === 'OPERATION_PENDING';
  const record = {
    uuid,
    ...(frameworkId !== undefined && { framework_id: frameworkId }),
    info,
    status,
    ...(isPending && { conversions: conversions.map(conversionToWire) }),
  };
  turn.writes.push({ kind: 'operation', record });
}

function changeResources(turn: Turn, total: Resources, doomed: Resources): void {
  change(turn, { total, doomed });
  const changed = resourcesToWire(changedPart(total), 'new');
  const record = { changed, doomed: resourcesToWire(doomed, 'new') };
  turn.writes.push({ kind: 'resources', record });
}

const reversed = ({ consumed, converted }: Conversion): Conversion => ({
  consumed: converted,
  converted: consumed,
  destroyed: undefined,
});

/** The volumes of one list that the other has not, whatever size they have there. */
function volumesOf(list: Resources, other: Resources): Resources {
  const known = new Set(other.filter(isVolume).map(nameOf));
  const found = list.filter((one) => isVolume(one) && !known.has(nameOf(one)));
  return found.length === 0 ? nothing : found;
}

/** Where it lies: a folder is one volume. */
const nameOf = (one: Resource): string =>
  JSON.stringify([
    one.disk?.source?.root ?? '',
    reservationRole(one),
    one.disk?.persistence?.id ?? '',
  ]);

const isSame = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);
