/**
 * Operations on what the agent has (contract 8). An operation and what it makes are durable before
 * anybody hears of it, and it is told how it went until a master acknowledges that: after 10 s, 20 s,
 * … 10 min, and at each registration.
 *
 * Volumes are made before it is said that they are there, and out of sight before it is said that they
 * are destroyed. Those are doomed in the same write: whatever happens to the agent, their data are
 * removed in the end.
 */
import { uuidV4 } from '#internal/base/uuid.ts';
import { originOf } from '#internal/model/volume.ts';
import { type Conversion, convert, volumesMadeBy } from '#internal/resources/conversion.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import { nothing } from '#internal/resources/resources.ts';
import { isVolume } from '#internal/resources/volume.ts';
import { volumeName } from '#internal/resources/volume-place.ts';
import { adoptionFromWire, adoptionToWire } from '#internal/wire/volume.ts';
import { conversionFromWire, conversionToWire } from '#internal/wire/operation-record.ts';
import { resourcesToWire } from '#internal/wire/resources.ts';
import type { AcknowledgeOperation, ApplyOperation } from '#proto/gen/altiplano/agent/v1.ts';
import type { OperationStatus } from '#proto/gen/mesos/v1.ts';
import type { NewVolume } from '../volumes.ts';
import { joinCluster } from './identity.ts';
import type { Input } from './input.ts';
import { introduction } from './introduction.ts';
import { changedPart } from './resources.ts';
import type { Operation } from './state.ts';
import { act, change, note, tell, type Turn } from './turn.ts';
import { remember as rememberVolumes } from './volumes.ts';

export function applyOperation(turn: Turn, asked: ApplyOperation): void {
  const { uuid, framework_id, info, conversions = [] } = asked;
  const known = turn.state.operations.get(uuid);
  if (known !== undefined) return send(turn, known);
  if (asked.cluster_id !== undefined) joinCluster(turn, asked.cluster_id);
  const meant = conversions.map(conversionFromWire);
  const adopts = asked.adopts && adoptionFromWire(asked.adopts);
  const { total } = turn.state;
  const next = convert(total, meant);
  const operation: Operation = {
    uuid,
    frameworkId: framework_id?.value,
    info,
    conversions: meant,
    adopts,
    status: statusOf(turn, info.id, 'OPERATION_PENDING'),
    retryMs: turn.settings.updateRetryMs,
  };
  if (!next.ok) return fail(turn, operation, next.refusal);
  const doomed = volumesOf(total, next.value);
  const laid = laidOut(operation, next.value);
  changeResources(turn, next.value, [...turn.state.doomed, ...doomed]);
  if (doomed.length > 0) {
    act(turn, { kind: 'remove-volumes', volumes: doomed });
    concludeOvertaken(turn);
  }
  const isOfVolumes = doomed.length + laid.length > 0 || adopts !== undefined;
  if (!isOfVolumes) return conclude(turn, operation, 'OPERATION_FINISHED');
  keep(turn, operation);
  return layOut(turn, operation, laid);
}

/** Volumes that are new, and those that have got another size. One that is adopted is there. */
function laidOut(
  { uuid, frameworkId, conversions, adopts }: Operation,
  total: Resources,
): readonly NewVolume[] {
  if (adopts !== undefined) return [];
  const made = volumesMadeBy(conversions).map(volumeName);
  const converted = new Set(
    conversions.flatMap((each) => each.converted.filter(isVolume).map(volumeName)),
  );
  return total
    .filter((one) => isVolume(one) && converted.has(volumeName(one)))
    .map((volume) => {
      const at = made.indexOf(volumeName(volume));
      return { volume, origin: originOf(uuid, Math.max(at, 0)), frameworkId, isNew: at >= 0 };
    });
}

function layOut(turn: Turn, operation: Operation, volumes: readonly NewVolume[]): void {
  const { uuid, adopts } = operation;
  const volume = operation.conversions.flatMap(({ converted }) => converted).find(isVolume);
  const adopted = adopts === undefined || volume === undefined ? undefined : { ...adopts, volume };
  act(turn, { kind: 'make-volumes', operation: uuid, volumes, adopted });
}

/** The folders of its volumes are there, or cannot be: then it is undone. */
export function volumesMade(
  turn: Turn,
  { operation: uuid, made, fault }: Extract<Input, { readonly kind: 'volumes-made' }>,
): void {
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
    const total = new Set(turn.state.total.filter(isVolume).map(volumeName));
    rememberVolumes(
      turn,
      made.filter(({ volume }) => total.has(volumeName(volume))),
    );
    return conclude(turn, operation, 'OPERATION_FINISHED');
  }
  changeResources(turn, undone.value, turn.state.doomed);
  return fail(turn, operation, problem);
}

/**
 * Operations whose volumes are destroyed before they are made have come to their end: whatever gets
 * their names later is no work of theirs, and must not be undone with them.
 */
function concludeOvertaken(turn: Turn): void {
  const there = new Set(turn.state.total.filter(isVolume).map(volumeName));
  for (const operation of turn.state.operations.values()) {
    if (operation.status.state !== 'OPERATION_PENDING') continue;
    const names = operation.conversions
      .flatMap(({ converted }) => converted.filter(isVolume))
      .map(volumeName);
    if (names.length === 0 || names.some((name) => there.has(name))) continue;
    conclude(turn, operation, 'OPERATION_FINISHED');
  }
}

const isDoomed = ({ state }: Turn, volume: Resource): boolean =>
  state.doomed.some((one) => volumeName(one) === volumeName(volume));

export function volumesRemoved(turn: Turn, volumes: Resources): void {
  const gone = new Set(volumes.map(volumeName));
  const { total, doomed } = turn.state;
  changeResources(
    turn,
    total,
    doomed.filter((one) => !gone.has(volumeName(one))),
  );
}

/** What an earlier life of the agent did not come to the end of. */
export function resumeVolumes(turn: Turn): void {
  const { doomed, operations, total } = turn.state;
  if (doomed.length > 0) act(turn, { kind: 'remove-volumes', volumes: doomed });
  for (const operation of operations.values()) {
    if (operation.status.state !== 'OPERATION_PENDING') continue;
    // mark: volumes that a dead agent had begun to make
    layOut(turn, operation, laidOut(operation, total));
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
  // mark: an operation was told again after its time
  const retryMs = Math.min(operation.retryMs * 2, turn.settings.updateRetryMsMax);
  const patient = { ...operation, retryMs };
  remember(turn, patient);
  send(turn, patient);
}

/** The agent will be another, to which its volumes are those of nobody. Their data stay. */
export function forgetResources(turn: Turn): void {
  const { total, doomed, operations } = turn.state;
  for (const uuid of operations.keys()) turn.writes.push({ kind: 'remove-operation', uuid });
  change(turn, { operations: operations.clear() });
  if (changedPart(total).length === 0) return;
  const record = { changed: [], doomed: resourcesToWire(doomed, 'new') };
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
  const { uuid, frameworkId, info, status, conversions, adopts } = operation;
  const isPending = status.state === 'OPERATION_PENDING';
  const record = {
    uuid,
    ...(frameworkId !== undefined && { framework_id: frameworkId }),
    info,
    status,
    ...(isPending && { conversions: conversions.map(conversionToWire) }),
    ...(isPending && adopts !== undefined && { adopts: adoptionToWire(adopts) }),
  };
  turn.writes.push({ kind: 'operation', record });
}

function changeResources(turn: Turn, total: Resources, doomed: Resources): void {
  const left = new Set(total.filter(isVolume).map(volumeName));
  change(turn, { total, doomed, held: turn.state.held.filter((_, name) => left.has(name)) });
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
  const known = new Set(other.filter(isVolume).map(volumeName));
  const found = list.filter((one) => isVolume(one) && !known.has(volumeName(one)));
  return found.length === 0 ? nothing : found;
}

const isSame = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);
