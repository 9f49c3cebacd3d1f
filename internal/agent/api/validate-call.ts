/** What a call of the agent operator API must bring (contract 1.7 row 10, 5.2 and 12.1). */
import { parseId } from '#internal/model/ids.ts';
import type { Call, Call_LaunchContainer } from '#proto/gen/mesos/v1/agent.ts';
import type { ContainerID, ContainerInfo, Resource } from '#proto/gen/mesos/v1.ts';

type Part = Exclude<keyof Call, 'type'>;

/** The part that a call of such a type cannot do without. */
const parts: ReadonlyMap<Call['type'], Part> = new Map([
  ['SET_LOGGING_LEVEL', 'set_logging_level'],
  ['LIST_FILES', 'list_files'],
  ['READ_FILE', 'read_file'],
  ['LAUNCH_NESTED_CONTAINER', 'launch_nested_container'],
  ['WAIT_NESTED_CONTAINER', 'wait_nested_container'],
  ['KILL_NESTED_CONTAINER', 'kill_nested_container'],
  ['REMOVE_NESTED_CONTAINER', 'remove_nested_container'],
  ['LAUNCH_NESTED_CONTAINER_SESSION', 'launch_nested_container_session'],
  ['ATTACH_CONTAINER_INPUT', 'attach_container_input'],
  ['ATTACH_CONTAINER_OUTPUT', 'attach_container_output'],
  ['LAUNCH_CONTAINER', 'launch_container'],
  ['WAIT_CONTAINER', 'wait_container'],
  ['KILL_CONTAINER', 'kill_container'],
  ['REMOVE_CONTAINER', 'remove_container'],
  ['ADD_RESOURCE_PROVIDER_CONFIG', 'add_resource_provider_config'],
  ['UPDATE_RESOURCE_PROVIDER_CONFIG', 'update_resource_provider_config'],
  ['REMOVE_RESOURCE_PROVIDER_CONFIG', 'remove_resource_provider_config'],
  ['MARK_RESOURCE_PROVIDER_GONE', 'mark_resource_provider_gone'],
] as const);

/** Undefined when nothing is amiss. */
export function structuralFault(call: Call): string | undefined {
  if (call.type === undefined) return expecting('type');
  const part = parts.get(call.type);
  if (part === undefined) return undefined;
  if (call[part] === undefined) return expecting(part);
  return containerFault(call, part) ?? specialFault(call);
}

const expecting = (name: string): string => `Expecting '${name}' to be present`;

const familyOfNested: ReadonlySet<Part> = new Set<Part>([
  'launch_nested_container',
  'wait_nested_container',
  'kill_nested_container',
  'remove_nested_container',
  'launch_nested_container_session',
]);

/** Of every call that names a container. */
function containerFault(call: Call, part: Part): string | undefined {
  const body = call[part];
  if (body === undefined || !('container_id' in body) || body.container_id === undefined) {
    return undefined;
  }
  const wrong = containerIdFault(body.container_id);
  if (wrong !== undefined) return `'${part}.container_id' is invalid: ${wrong}`;
  if (!familyOfNested.has(part) || body.container_id.parent !== undefined) return undefined;
  return expecting(`${part}.container_id.parent`);
}

/** Also of ids that callers nest without end: whoever is deeper than this is nobody. */
const depthMax = 32;
/** Longer ones leave no room for the names of what lies beside a sandbox. */
const containerIdBytesMax = 242;

function containerIdFault(id: ContainerID, depth = 1): string | undefined {
  const { value, parent } = id;
  const known = parseId(value);
  if (!known.ok) return known.refusal;
  if (new TextEncoder().encode(value).length > containerIdBytesMax) {
    return `'ContainerID.value' '${value}' exceeds the maximum length (${containerIdBytesMax})`;
  }
  if (/[. ]/u.test(value)) return `'ContainerID.value' '${value}' contains invalid characters`;
  if (parent === undefined) return undefined;
  if (depth === depthMax) return `'ContainerID' is nested deeper than ${depthMax}`;
  const above = containerIdFault(parent, depth + 1);
  return above === undefined ? undefined : `'ContainerID.parent' is invalid: ${above}`;
}

function specialFault(call: Call): string | undefined {
  const { launch_container: launch, launch_nested_container_session: session } = call;
  if (call.type === 'LAUNCH_CONTAINER') return launch && launchFault(launch);
  if (call.type === 'LAUNCH_NESTED_CONTAINER_SESSION') {
    return sharesCgroups(session?.container) === false
      ? "'launch_nested_container_session.container.linux_info' is invalid: " +
          "'share_cgroups' cannot be set to 'false' for nested container sessions"
      : undefined;
  }
  if (call.type === 'ATTACH_CONTAINER_INPUT') return inputFault(call);
  const isAdd = call.type === 'ADD_RESOURCE_PROVIDER_CONFIG';
  const part = isAdd ? 'add_resource_provider_config' : 'update_resource_provider_config';
  if (!isAdd && call.type !== 'UPDATE_RESOURCE_PROVIDER_CONFIG') return undefined;
  return call[part]?.info.id === undefined ? undefined : `Expecting '${part}.info.id' to be unset`;
}

const sharesCgroups = (container: ContainerInfo | undefined): boolean | undefined =>
  container?.linux_info?.share_cgroups;

function launchFault(launch: Call_LaunchContainer): string | undefined {
  const { container_id: id, resources = [], limits = {}, container } = launch;
  if (id.parent?.parent !== undefined) {
    const deep = 'containers nested at the second level or greater cannot';
    if (resources.length > 0) return invalid(`${deep} specify resources`);
    if (Object.keys(limits).length > 0) return invalid(`${deep} specify resource limits`);
    if (sharesCgroups(container) === false) {
      return invalid(`${deep} set 'share_cgroups' to 'false'`);
    }
  }
  if (id.parent !== undefined) return undefined;
  if (sharesCgroups(container) === true) {
    return invalid("containers without a parent cannot set 'share_cgroups' to 'true'");
  }
  return resourcesFault(resources);
}

const invalid = (text: string): string => `'launch_container' is invalid: ${text}`;

/** What a standalone container takes is nobody's, and nobody offered it. */
function resourcesFault(resources: readonly Resource[]): string | undefined {
  const name = "'launch_container.resources'";
  if (resources.some(isReserved)) return `${name} must be unreserved`;
  if (resources.some(({ disk }) => disk?.persistence !== undefined)) {
    return `${name} may not use persistent volumes`;
  }
  if (resources.some(({ revocable }) => revocable !== undefined)) {
    return `${name} must be non-revocable`;
  }
  return undefined;
}

const isReserved = ({ role = '*', reservation, reservations = [] }: Resource): boolean =>
  role !== '*' || reservation !== undefined || reservations.length > 0;

function inputFault({ attach_container_input: input }: Call): string | undefined {
  if (input?.type !== 'CONTAINER_ID') {
    return "Expecting 'attach_container_input.type' to be CONTAINER_ID";
  }
  return input.container_id === undefined
    ? expecting('attach_container_input.container_id')
    : undefined;
}
