/**
 * What a restarted agent may have become and still be itself. `equal`: nothing else; `additive`: more
 * than it was, so that nobody who counted on it is let down (`--reconfiguration_policy`).
 */
import { formatResource, formatValue } from '#internal/resources/format.ts';
import { isSameThing } from '#internal/resources/identity.ts';
import { resources } from '#internal/resources/resources.ts';
import type { Resource } from '#internal/resources/resource.ts';
import { equalValues, includes } from '#internal/resources/value.ts';
import { resourcesAsWritten } from '#internal/wire/resources.ts';
import type { AgentInfo, Attribute } from '#proto/gen/mesos/v1.ts';

export type ReconfigurationPolicy = 'equal' | 'additive';

/** The parts of an agent's information that it brings itself. */
export type Configuration = Pick<
  AgentInfo,
  'hostname' | 'port' | 'resources' | 'attributes' | 'domain'
>;

/** All that the policy does not permit, a line each, for people; empty when all is well. */
export function incompatibilities(
  previous: Configuration,
  current: Configuration,
  policy: ReconfigurationPolicy,
): readonly string[] {
  const zones = [zoneOf(previous), zoneOf(current)] as const;
  const isZoneLost = zones[0] !== zones[1] && (policy === 'equal' || zones[0] !== 'none');
  return [
    ...changed('Hostname', previous.hostname, current.hostname),
    ...changed('Port', `${previous.port ?? defaultPort}`, `${current.port ?? defaultPort}`),
    ...(isZoneLost ? changed('Domain', ...zones) : []),
    ...resourceChanges(previous, current, policy),
    ...attributeChanges(previous.attributes ?? [], current.attributes ?? [], policy),
  ];
}

/** Of an agent that names none (contract 1.1). */
const defaultPort = 5051;

const changed = (what: string, from: string, to: string): readonly string[] =>
  from === to ? [] : [`${what} changed from ${from} to ${to}`];

function zoneOf({ domain }: Configuration): string {
  const zone = domain?.fault_domain;
  return zone === undefined ? 'none' : `${zone.region.name}/${zone.zone.name}`;
}

function resourceChanges(
  previous: Configuration,
  current: Configuration,
  policy: ReconfigurationPolicy,
): readonly string[] {
  const before = resources(resourcesAsWritten(previous.resources));
  const now = resources(resourcesAsWritten(current.resources));
  const lines = before.flatMap((one) => {
    const match = now.find((each) => isSameThing(each, one));
    return match === undefined
      ? [`Resource not found: ${formatResource(one)}`]
      : valueChange(one, match, policy);
  });
  if (policy === 'additive') return lines;
  const added = now.filter((each) => !before.some((one) => isSameThing(one, each)));
  return [...lines, ...added.map((each) => `Resource added: ${formatResource(each)}`)];
}

function valueChange(
  before: Resource,
  now: Resource,
  policy: ReconfigurationPolicy,
): readonly string[] {
  if (equalValues(before.value, now.value)) return [];
  if (policy === 'additive' && includes(now.value, before.value)) return [];
  const [from, to] = [formatValue(before.value), formatValue(now.value)];
  const { kind } = before.value;
  if (kind === 'scalar') {
    const verb = includes(now.value, before.value) ? 'increased' : 'decreased';
    return [`Value of scalar resource '${before.name}' ${verb} from ${from} to ${to}`];
  }
  if (policy === 'equal') {
    return [`Value of ${kind} resource '${before.name}' changed from ${from} to ${to}`];
  }
  const noun = kind === 'ranges' ? 'range' : 'set';
  return [
    `Previous value of ${noun} resource '${before.name}' (${from}) not included in current ${to}`,
  ];
}

function attributeChanges(
  before: readonly Attribute[],
  now: readonly Attribute[],
  policy: ReconfigurationPolicy,
): readonly string[] {
  const lines = before.flatMap((one) => {
    const namesakes = now.filter(({ name }) => name === one.name);
    if (namesakes.some((each) => isKept(one, each, policy))) return [];
    const [first] = namesakes;
    if (first === undefined) return [`Couldn't find attribute ${one.name}: ${attributeText(one)}`];
    if (first.type !== one.type) {
      return [`Type of attribute '${one.name}' changed from ${one.type} to ${first.type}`];
    }
    const [type, from, to] = [one.type.toLowerCase(), attributeText(one), attributeText(first)];
    return [`Value of ${type} attribute '${one.name}' changed from ${from} to ${to}`];
  });
  if (policy === 'additive') return lines;
  const added = now.filter(({ name }) => !before.some((one) => one.name === name));
  return [...lines, ...added.map((one) => `Attribute added: ${one.name}: ${attributeText(one)}`)];
}

function isKept(before: Attribute, now: Attribute, policy: ReconfigurationPolicy): boolean {
  if (before.type !== now.type) return false;
  if (attributeText(before) === attributeText(now)) return true;
  if (policy === 'equal' || before.type !== 'RANGES') return false;
  const wide = now.ranges?.range ?? [];
  return (before.ranges?.range ?? []).every(({ begin, end }) =>
    wide.some((range) => range.begin <= begin && end <= range.end),
  );
}

function attributeText({ scalar, ranges, set, text }: Attribute): string {
  if (scalar !== undefined) return `${scalar.value}`;
  if (ranges !== undefined) {
    return `[${(ranges.range ?? []).map(({ begin, end }) => `${begin}-${end}`).join(', ')}]`;
  }
  return set === undefined ? (text?.value ?? '') : `{${(set.item ?? []).join(', ')}}`;
}
