/** Operations of chance, as leaders propose them and agents tell of them. */
import type { Random } from '#internal/base/random.ts';
import type { AgentId, FrameworkId } from '#internal/model/ids.ts';
import { operationId } from '#internal/model/ids.ts';
import { encoded } from '#internal/model/encoded.ts';
import { isOver, type Operation, type OperationState } from '#internal/model/operation.ts';
import { conversionsOf, type ResourceOperation } from '#internal/resources/operation.ts';
import { parseResources } from '#internal/resources/parse.ts';
import { isReserved, pushReservation } from '#internal/resources/reservation.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import { isVolume } from '#internal/resources/volume.ts';
import type { OperationCommand } from '#internal/state/operation-command.ts';
import type { State } from '#internal/state/state.ts';

type Asked = { readonly agentId: AgentId; readonly frameworkId: FrameworkId };

/** Most of them can be carried out; some are for what is not there. */
export function randomOperation(random: Random, state: State, asked: Asked): OperationCommand {
  const { agentId } = asked;
  const known = [...(state.operations.get(agentId)?.values() ?? [])];
  const one = known[random.below(known.length + 1)];
  if (one !== undefined && !isOver(one.state) && random.oneIn(2)) return updateOf(random, one);
  if (one?.id !== undefined && one.frameworkId !== undefined && !random.oneIn(4)) {
    const { frameworkId, id } = one;
    const uuid = one.updates.at(-1)?.uuid ?? anyUuid(random);
    return { kind: 'acknowledge-operation', frameworkId, agentId, operationId: id, uuid };
  }
  return { kind: 'apply-operation', operation: anyOperation(random, state, asked) };
}

/** What a returning agent knows of its operations. */
export function randomKnown(random: Random, state: State, agentId: AgentId): readonly string[] {
  const known = [...(state.operations.get(agentId)?.keys() ?? [])];
  return known.toSorted().filter(() => !random.oneIn(3));
}

const ends = ['finished', 'finished', 'failed', 'dropped'] as const;

function updateOf(random: Random, operation: Operation): OperationCommand {
  const { agentId, uuid: operationUuid, updates } = operation;
  const again = updates.at(-1);
  const state: OperationState = ends[random.below(ends.length)] ?? 'finished';
  const said = { state, uuid: anyUuid(random), message: undefined, atMs: 1 };
  const update = again?.uuid !== undefined && random.oneIn(3) ? again : said;
  const isKnown = !random.oneIn(10);
  return {
    kind: 'update-operation',
    agentId,
    operationUuid: isKnown ? operationUuid : anyUuid(random),
    update,
  };
}

function anyOperation(random: Random, state: State, { agentId, frameworkId }: Asked): Operation {
  const total = state.agents.get(agentId)?.total ?? [];
  const made = conversionsOf(anyChange(random, total));
  const isOperators = random.oneIn(5);
  return {
    uuid: anyUuid(random),
    agentId,
    frameworkId: isOperators ? undefined : frameworkId,
    id: isOperators || random.oneIn(3) ? undefined : operationId(`o${random.below(1000)}`),
    info: encoded<'mesos.v1.Offer.Operation'>(random.bytes(4)),
    conversions: made.ok ? made.value : [],
    ordinal: 0,
    state: 'pending',
    updates: [],
  };
}

function anyChange(random: Random, total: Resources): ResourceOperation {
  const volume = total.find(isVolume);
  const reserved = total.find((one) => isReserved(one) && isDynamic(one) && !isVolume(one));
  if (volume !== undefined && random.oneIn(2)) return { kind: 'destroy', volumes: [volume] };
  if (reserved !== undefined && random.oneIn(3)) {
    return reserved.name === 'disk'
      ? { kind: 'create', volumes: [volumeOf(random, reserved)] }
      : { kind: 'unreserve', resources: [reserved] };
  }
  const text = ['cpus:0.5', 'mem:64', 'disk:32', 'ports:[7-9]', 'cpus:2.5'][random.below(5)];
  const resources = amount(text ?? 'cpus:1').map((one) =>
    pushReservation(one, { kind: 'dynamic', role: 'a', principal: undefined, labels: undefined }),
  );
  return { kind: 'reserve', resources };
}

const isDynamic = ({ reservations }: Resource): boolean => reservations.at(-1)?.kind === 'dynamic';

function volumeOf(random: Random, disk: Resource): Resource {
  const persistence = { id: `v${random.below(50)}`, principal: undefined };
  const volume = { mode: 'rw', containerPath: 'data', hostPath: undefined } as const;
  return { ...disk, disk: { source: undefined, persistence, volume } };
}

const anyUuid = (random: Random): string =>
  `00000000-0000-4000-9000-${String(random.below(1e9)).padStart(12, '0')}`;

function amount(text: string): Resources {
  const parsed = parseResources(text);
  if (!parsed.ok) throw new Error(parsed.refusal);
  return parsed.value;
}
