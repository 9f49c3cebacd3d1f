/** What users ask for: told beforehand in words, refused when it cannot be, done in one step. */
import { unreachable } from '#internal/base/assert.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { changedService, instanceKey, type InstanceRecord } from './records.ts';
import { type FoundVolume, takenUp } from './found-volumes.ts';
import { isSameTemplate, type ServiceSpec, type Template } from './service-spec.ts';
import {
  type Draft,
  instancesOf,
  newInstance,
  setInstance,
  setService,
  tell,
  type World,
} from './world.ts';

export type Change =
  /** Those services are wanted so; others stay as they are. */
  | {
      readonly kind: 'run';
      readonly services: readonly ServiceSpec[];
      readonly found: readonly FoundVolume[];
    }
  | {
      readonly kind: 'scale';
      readonly service: string;
      readonly instances: number;
      readonly found: readonly FoundVolume[];
    }
  /** Its tasks end; its volumes stay. */
  | { readonly kind: 'stop'; readonly service: string }
  | {
      readonly kind: 'destroy';
      readonly service: string;
      /** Of one that is being destroyed: volumes that cannot be reached are left to the operator. */
      readonly isForgetting: boolean;
    };

/** What would be done, a line each; none when all is so already. */
export type Plan = readonly string[];

/** The most instances of all services together. */
export const instancesMax = 2000;

export function planOf(world: World, change: Change): Result<Plan, readonly string[]> {
  switch (change.kind) {
    case 'run': {
      const faults = [
        ...change.services.flatMap((spec) => faultsOf(world, spec)),
        ...sizeFaults(world, change.services),
        ...change.services.flatMap((spec) => {
          const taken = takenUp(world, spec, change.found);
          return taken.ok ? [] : taken.refusal;
        }),
      ];
      if (faults.length > 0) return refuse(faults);
      return accept(
        change.services.flatMap((spec) => [
          ...runLines(world, spec),
          ...takenLines(world, spec, change.found),
        ]),
      );
    }
    case 'scale': {
      const spec = world.services.get(change.service)?.spec;
      if (spec === undefined) return refuse([unknownText(change.service)]);
      const services = [{ ...spec, instances: change.instances }];
      return planOf(world, { kind: 'run', services, found: change.found });
    }
    case 'stop':
      return stopPlan(world, change.service);
    case 'destroy':
      return destroyPlan(world, change);
    default:
      return unreachable(change);
  }
}

export function applyChange(draft: Draft, change: Change): void {
  switch (change.kind) {
    case 'run':
      for (const spec of change.services) run(draft, spec, change.found);
      return;
    case 'scale': {
      const before = draft.services.get(change.service);
      if (before === undefined) return;
      run(draft, { ...before.spec, instances: change.instances }, change.found);
      return;
    }
    case 'stop':
    case 'destroy': {
      const before = draft.services.get(change.service);
      if (before === undefined || before.wish === 'destroy') break;
      setService(draft, { ...before, wish: change.kind });
      break;
    }
    default:
      return unreachable(change);
  }
  if (change.kind === 'destroy' && change.isForgetting) forget(draft, change.service);
}

function run(draft: Draft, spec: ServiceSpec, found: readonly FoundVolume[]): void {
  const before = draft.services.get(spec.name);
  const next =
    before === undefined
      ? { spec, revision: 1, wish: 'run' as const }
      : changedService(before, spec);
  setService(draft, next);
  tell(draft, 'a service is wanted so', { service: spec.name, revision: next.revision });
  const taken = takenUp(draft, spec, found);
  for (const { index, binding } of taken.ok ? taken.value : []) {
    const key = instanceKey(spec.name, index);
    const instance = draft.instances.get(key) ?? newInstance(spec.name, index);
    tell(draft, 'volumes are taken up', { instance: key, host: binding.host });
    setInstance(draft, key, { ...instance, record: { ...instance.record, binding } });
  }
  // What could not run as it was may run as it is now: nobody waits for the end of a pause.
  if (before === undefined || next.revision === before.revision) return;
  for (const { record } of instancesOf(draft, spec.name)) {
    const key = instanceKey(record.service, record.index);
    const instance = draft.instances.get(key);
    if (instance !== undefined)
      setInstance(draft, key, { ...instance, notBeforeMs: 0, failures: 0 });
  }
}

function forget(draft: Draft, service: string): void {
  for (const instance of instancesOf(draft, service)) {
    const { binding, service: name, index } = instance.record;
    if (binding === undefined || !isOutOfReach(instance)) continue;
    tell(draft, 'volumes are left behind', { host: binding.host, agent: binding.agentId });
    setInstance(draft, instanceKey(name, index), {
      ...instance,
      record: { service: name, index },
      seen: { kind: 'nothing' },
      destroying: undefined,
    });
  }
}

/** Of a service that is being destroyed: nobody has offered its volumes yet. */
const isOutOfReach = ({
  record,
  seen,
}: {
  readonly record: InstanceRecord;
  readonly seen: { readonly kind: string };
}): boolean => record.task === undefined || seen.kind === 'unreachable';

const unknownText = (name: string): string => `there is no service '${name}'`;

function faultsOf({ services, ...world }: World, spec: ServiceSpec): readonly string[] {
  const before = services.get(spec.name);
  if (before === undefined) return [];
  if (before.wish === 'destroy') return [`service '${spec.name}' is being destroyed`];
  const { template } = before.spec;
  const isHeld = instancesOf(world, spec.name).some(({ record }) => record.binding !== undefined);
  const isOther = JSON.stringify(template.volumes) !== JSON.stringify(spec.template.volumes);
  return isHeld && isOther
    ? [`service '${spec.name}' has volumes already: they cannot become others. Destroy it first`]
    : [];
}

function sizeFaults({ services }: World, wanted: readonly ServiceSpec[]): readonly string[] {
  const after = new Map([...services].map(([name, { spec }]) => [name, spec.instances]));
  for (const spec of wanted) after.set(spec.name, spec.instances);
  const sum = [...after.values()].reduce((all, one) => all + one, 0);
  return sum > instancesMax ? [`${sum} instances are more than ${instancesMax}`] : [];
}

function runLines(world: World, spec: ServiceSpec): readonly string[] {
  const { name, instances } = spec;
  const before = world.services.get(name);
  if (before === undefined) {
    const each = spec.template.volumes.map((one) => `${one.name} of ${one.sizeMb} MB`).join(', ');
    const kept = each === '' ? '' : `, each with ${each} of its own`;
    return [`start ${name}: ${counted(instances, 'instance')}${kept}`];
  }
  const old = before.spec;
  const isOther = !isSameTemplate(old.template, spec.template);
  return [
    ...(before.wish === 'stop' ? [`start ${name} again: ${counted(instances, 'instance')}`] : []),
    ...(old.instances < instances ? [`scale ${name} from ${old.instances} to ${instances}`] : []),
    ...(old.instances > instances
      ? [`scale ${name} from ${old.instances} to ${instances}: the highest end, volumes stay`]
      : []),
    ...(isOther
      ? [
          `update ${name} to revision ${before.revision + 1} (${differing(old.template, spec.template)}), ` +
            `with at most ${spec.update.maxUnavailable} away`,
        ]
      : []),
    ...(rulesOf(old) === rulesOf(spec)
      ? []
      : [`change the rules of ${name}: instances that run are not moved`]),
  ];
}

function takenLines(
  world: World,
  spec: ServiceSpec,
  found: readonly FoundVolume[],
): readonly string[] {
  const taken = takenUp(world, spec, found);
  return (taken.ok ? taken.value : []).map(({ index, binding: { host, volumes } }) => {
    const ids = volumes.map(({ id }) => id).join(', ');
    return `take up ${ids} on ${host} for ${instanceKey(spec.name, index)}, as they are`;
  });
}

const rulesOf = ({ constraints, restart, update }: ServiceSpec): string =>
  JSON.stringify([constraints, restart, update]);

const counted = (count: number, word: string): string =>
  `${count} ${word}${count === 1 ? '' : 's'}`;

/** The names of what is not as it was. */
function differing(one: Template, other: Template): string {
  const before = new Map<string, unknown>(Object.entries(one));
  const after = new Map<string, unknown>(Object.entries(other));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => JSON.stringify(before.get(key)) !== JSON.stringify(after.get(key)))
    .join(', ');
}

function stopPlan(world: World, name: string): Result<Plan, readonly string[]> {
  const service = world.services.get(name);
  if (service === undefined) return refuse([unknownText(name)]);
  if (service.wish === 'destroy') return refuse([`service '${name}' is being destroyed`]);
  if (service.wish === 'stop') return accept([]);
  const { tasks, volumes } = holdingsOf(world, name);
  return accept([`stop ${name}: ends ${tasks}, keeps ${volumes}`]);
}

function destroyPlan(
  world: World,
  { service: name, isForgetting }: Extract<Change, { kind: 'destroy' }>,
): Result<Plan, readonly string[]> {
  if (!world.services.has(name)) return refuse([unknownText(name)]);
  const isUnderWay = world.services.get(name)?.wish === 'destroy';
  if (isForgetting) {
    if (!isUnderWay) return refuse([`service '${name}' is not being destroyed yet`]);
    const left = instancesOf(world, name).filter(
      (one) => isOutOfReach(one) && one.record.binding !== undefined,
    );
    return accept(
      left.map(({ record: { index, binding } }) => {
        const ids = binding?.volumes.map(({ id }) => id).join(', ');
        return `leave ${ids} of ${name}/${index} behind on ${binding?.host}`;
      }),
    );
  }
  if (isUnderWay) return accept([]);
  const { tasks, volumes } = holdingsOf(world, name);
  return accept([`destroy ${name}: ends ${tasks}, DESTROYS ${volumes} with the data`]);
}

/** In words, counted. */
function holdingsOf(
  world: World,
  name: string,
): { readonly tasks: string; readonly volumes: string } {
  const instances = instancesOf(world, name).map(({ record }) => record);
  const tasks = instances.filter(({ task }) => task !== undefined).length;
  const volumes = instances.flatMap(({ binding }) => binding?.volumes ?? []).length;
  return { tasks: counted(tasks, 'task'), volumes: counted(volumes, 'volume') };
}
