/**
 * Settles down: reserves what it is offered, lays volumes out, launches on both, and takes it all away
 * again, often several steps in one ACCEPT. Every operation has an id, and is waited for until it comes
 * to an end; what nobody knows any more never came to be, or was told and lost on its way.
 */
import { isEnd, isOfAgent } from '#chaos/checkers/cluster-operations.ts';
import type {
  Offer,
  Offer_Operation,
  OperationStatus,
  Resource,
  TaskInfo,
} from '#proto/gen/mesos/v1.ts';
import { modernFramework } from './framework.ts';
import type { Body, Mind, Temperament } from './temperament.ts';

type Own = {
  readonly agentId: string;
  isOver: boolean;
  /** Nobody knows it: it is not asked for any more, and any later word counts more. */
  isUnknown: boolean;
};

const askAgainMs = 4000;
const volumeMb = 50;
const tasksMax = 4;

export const settler: Temperament = {
  name: 'settler',
  figures: ['operations-asked-for', 'operations-finished', 'operations-refused', 'settled-tasks'],
  newMind: (body) => newSettler(body),
};

function newSettler(body: Body): Mind {
  const known = new Map<string, Own>();
  const open = (): readonly (readonly [string, Own])[] =>
    [...known].filter(([, { isOver, isUnknown }]) => !isOver && !isUnknown);
  let asking = 0;
  const ask = (turn: number): void => {
    if (turn !== asking) return;
    reconcile(body, open());
    body.after(askAgainMs, () => ask(turn));
  };
  const named = (agentId: string, operation: Offer_Operation): Offer_Operation => {
    const value = `${body.name}-o${known.size + 1}`;
    known.set(value, { agentId, isOver: false, isUnknown: false });
    body.count('operations-asked-for');
    return { ...operation, id: { value } };
  };
  return {
    framework: () => modernFramework([body.name]),
    onSubscribed: () => ask(++asking),
    onOffer: (offer) => useOffer(body, offer, (one) => named(offer.agent_id.value, one)),
    onEvent: ({ update_operation_status: update }) => {
      if (update !== undefined) note(body, known, update.status);
    },
    unsettled: () => {
      const [first] = open();
      return first && `${body.name} was not told how operation ${first[0]} went`;
    },
  };
}

/** An end is told again until it is acknowledged. */
function note(body: Body, known: ReadonlyMap<string, Own>, status: OperationStatus): void {
  const { operation_id, state, uuid, agent_id } = status;
  if (operation_id !== undefined && uuid !== undefined && agent_id !== undefined) {
    const acknowledge_operation_status = { operation_id, uuid: uuid.value, agent_id };
    body.call({ type: 'ACKNOWLEDGE_OPERATION_STATUS', acknowledge_operation_status });
  }
  const own = known.get(operation_id?.value ?? '');
  if (own === undefined) return;
  if (isOfAgent(status)) {
    own.isUnknown = state === 'OPERATION_UNKNOWN' || state === 'OPERATION_GONE_BY_OPERATOR';
    return;
  }
  own.isUnknown = false;
  if (own.isOver || !isEnd(state)) return;
  own.isOver = true;
  body.count(state === 'OPERATION_FINISHED' ? 'operations-finished' : 'operations-refused');
}

function reconcile(body: Body, open: readonly (readonly [string, Own])[]): void {
  if (open.length === 0) return;
  const operations = open.map(([id, { agentId }]) => ({
    operation_id: { value: id },
    agent_id: { value: agentId },
  }));
  body.call({ type: 'RECONCILE_OPERATIONS', reconcile_operations: { operations } });
}

type Named = (operation: Offer_Operation) => Offer_Operation;

function useOffer(body: Body, offer: Offer, named: Named): void {
  const { random } = body;
  const operations = body.isFinishing ? [] : planned(body, offer, named);
  const refuse_seconds = random.below(3);
  if (operations.length === 0) {
    body.decline([offer], refuse_seconds);
    return;
  }
  const filters = { refuse_seconds };
  body.call({ type: 'ACCEPT', accept: { offer_ids: [offer.id], operations, filters } });
}

function planned(body: Body, offer: Offer, named: Named): readonly Offer_Operation[] {
  const { random } = body;
  const { resources = [] } = offer;
  const volume = resources.find(({ disk }) => disk !== undefined);
  const reserved = resources.filter((one) => isReserved(one) && one.disk === undefined);
  if (volume !== undefined && random.chance(0.3)) {
    return [named({ type: 'DESTROY', destroy: { volumes: [volume] } })];
  }
  if (reserved.length > 0 && random.chance(0.3)) {
    return [named({ type: 'UNRESERVE', unreserve: { resources: reserved } })];
  }
  if (volume !== undefined && reserved.some(({ name }) => name === 'disk') && random.chance(0.2)) {
    return [named(resized(volume, reserved))];
  }
  return settled(body, offer, named);
}

const isReserved = ({ reservations = [] }: Resource): boolean => reservations.length > 0;

function resized(volume: Resource, reserved: readonly Resource[]): Offer_Operation {
  const size = volume.scalar?.value ?? 0;
  const addition = reserved.find(({ name }) => name === 'disk');
  if (addition === undefined || size > volumeMb) {
    const subtract = { value: size / 2 };
    return { type: 'SHRINK_VOLUME', shrink_volume: { volume, subtract } };
  }
  return { type: 'GROW_VOLUME', grow_volume: { volume, addition } };
}

/** Reserves for a task, lays a volume out for it, and launches it: all in one, or as far as it likes. */
function settled(body: Body, offer: Offer, named: Named): readonly Offer_Operation[] {
  const { random, name } = body;
  const { resources = [] } = offer;
  const hasDisk = resources.some((one) => one.name === 'disk' && !isReserved(one));
  const operations: Offer_Operation[] = [];
  const [task] = body.tasks.open.length < tasksMax ? body.pack([offer], 1) : [];
  if (task === undefined) return [];
  const cpus = task.resources?.find((one) => one.name === 'cpus');
  const wanted = [...(cpus === undefined ? [] : [cpus]), ...(hasDisk ? [disk(volumeMb)] : [])];
  const own = wanted.map((one) => reservedFor(name, one));
  operations.push(named({ type: 'RESERVE', reserve: { resources: own } }));
  const volumes = own
    .filter((one) => one.name === 'disk')
    .map((one) => volumeOn(one, `v${random.below(4)}`));
  if (volumes.length > 0) operations.push(named({ type: 'CREATE', create: { volumes } }));
  body.count('settled-tasks');
  return [
    ...operations,
    launchOf(onOwn(task, [...own.filter((one) => one.name === 'cpus'), ...volumes])),
  ];
}

function onOwn(task: TaskInfo, own: readonly Resource[]): TaskInfo {
  const names = new Set(own.map(({ name }) => name));
  const rest = (task.resources ?? []).filter((one) => !names.has(one.name));
  return { ...task, resources: [...rest, ...own] };
}

const launchOf = (task: TaskInfo): Offer_Operation => ({
  type: 'LAUNCH',
  launch: { task_infos: [task] },
});

const disk = (value: number): Resource => ({ name: 'disk', type: 'SCALAR', scalar: { value } });

const reservedFor = (role: string, one: Resource): Resource => ({
  ...one,
  reservations: [{ type: 'DYNAMIC', role }],
});

const volumeOn = (one: Resource, id: string): Resource => ({
  ...one,
  disk: { persistence: { id }, volume: { mode: 'RW', container_path: 'data' } },
});
