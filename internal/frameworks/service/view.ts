/** How services fare, as the framework tells it to people: plain values, ready for JSON. */
import { unreachable } from '#internal/base/assert.ts';
import type { Instance, World } from './world.ts';
import { instancesOf, isReady, isWanted, wantOf } from './world.ts';

export type ServiceView = {
  readonly name: string;
  /** What is wanted: `run`, `stop`, `destroy`. */
  readonly wish: string;
  readonly revision: number;
  readonly wanted: number;
  readonly ready: number;
  /** Of those wanted, how many run what is wanted now. */
  readonly updated: number;
  /** Nothing is left to do. */
  readonly isSettled: boolean;
  readonly instances: readonly InstanceView[];
};

export type InstanceView = {
  readonly index: number;
  /** `ready`, `running`, `ill`, `starting`, `killing`, `unreachable`, `asked`, `waiting`, `pausing`, `stopped`. */
  readonly state: string;
  readonly host: string | undefined;
  readonly task: string | undefined;
  readonly revision: number | undefined;
  readonly ports: Readonly<Record<string, number>>;
  readonly volumes: readonly string[];
  readonly failures: number;
  readonly lastEnd: string | undefined;
  /** What stands in its way, one sentence each. */
  readonly reasons: readonly string[];
};

export function servicesView(world: World, nowMs: number): readonly ServiceView[] {
  return [...world.services.keys()]
    .toSorted()
    .flatMap((name) => serviceView(world, name, nowMs) ?? []);
}

export function serviceView(world: World, name: string, nowMs: number): ServiceView | undefined {
  const service = world.services.get(name);
  if (service === undefined) return undefined;
  const { spec, wish, revision } = service;
  const all = instancesOf(world, name);
  const wanted = all.filter((one) => isWanted(service, one));
  const ready = wanted.filter((one) => isReady(one, spec, nowMs)).length;
  const updated = wanted.filter(({ record }) => record.task?.revision === revision);
  const isQuiet = all.every((one) => isWanted(service, one) || one.record.task === undefined);
  const target = wish === 'run' ? spec.instances : 0;
  return {
    name,
    wish,
    revision,
    wanted: target,
    ready,
    updated: updated.length,
    isSettled: wish !== 'destroy' && ready === target && updated.length === target && isQuiet,
    instances: all.map((one) => instanceView(world, one, nowMs)),
  };
}

function instanceView(world: World, instance: Instance, nowMs: number): InstanceView {
  const { record, failures, lastEnd } = instance;
  const { task, binding } = record;
  return {
    index: record.index,
    state: stateOf(world, instance, nowMs),
    host: task?.host ?? binding?.host,
    task: task?.id,
    revision: task?.revision,
    ports: task?.ports ?? {},
    volumes: (binding?.volumes ?? []).map(({ id }) => id),
    failures,
    lastEnd,
    reasons: reasonsOf(world, instance, nowMs),
  };
}

function stateOf(world: World, instance: Instance, nowMs: number): string {
  const { seen, record } = instance;
  const service = world.services.get(record.service);
  if (record.task?.isEnding === true) return 'killing';
  switch (seen.kind) {
    case 'running':
      if (seen.servingSinceMs === undefined) return seen.isHealthy === false ? 'ill' : 'running';
      return service !== undefined && isReady(instance, service.spec, nowMs) ? 'ready' : 'running';
    case 'starting':
    case 'killing':
    case 'unreachable':
      return seen.kind;
    case 'nothing':
      if (record.task !== undefined) return 'asked';
      if (wantOf(world, instance, nowMs) !== undefined) return 'waiting';
      return service !== undefined && isWanted(service, instance) ? 'pausing' : 'stopped';
    default:
      return unreachable(seen);
  }
}

function reasonsOf(world: World, instance: Instance, nowMs: number): readonly string[] {
  const { record, seen, notBeforeMs, failures, refusals } = instance;
  const { binding } = record;
  const place = binding === undefined ? '' : `${binding.host} (${binding.agentId})`;
  const want = wantOf(world, instance, nowMs);
  if (seen.kind === 'unreachable') return [`its agent, ${place}, is unreachable`];
  if (record.task !== undefined) return [];
  const pauseMs = notBeforeMs - nowMs;
  if (pauseMs > 0 && want === undefined) {
    return [`it ended ${failures} times: it starts again in ${Math.ceil(pauseMs / 1000)} s`];
  }
  if (want === undefined) return [];
  return [
    ...(place === '' ? [] : [`it waits for its volumes on ${place}`]),
    ...(refusals.length === 0 ? ['no offer has come yet'] : refusals),
  ];
}
