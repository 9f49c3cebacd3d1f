/**
 * What a command, its environment, a container and a check must look like before an agent hears of
 * them (contract 5.7 and 5.8). Each function gives the text of the first rule that is broken, in the
 * words that schedulers know, or undefined.
 */
import { unreachable } from '#internal/base/assert.ts';
import type {
  CheckInfo,
  CommandInfo,
  ContainerInfo,
  Environment_Variable,
  HealthCheck,
  Secret,
  Volume,
} from '#proto/gen/mesos/v1.ts';

export function commandFault(command: CommandInfo): string | undefined {
  return firstFault(command.environment?.variables ?? [], variableFault);
}

export function containerFault(container: ContainerInfo): string | undefined {
  const volume = firstFault(container.volumes ?? [], volumeFault);
  if (volume !== undefined) return volume;
  if (container.type !== 'DOCKER') return undefined;
  if (container.docker === undefined) {
    return "DockerInfo 'docker' is not set for DOCKER typed ContainerInfo";
  }
  // The name is how the containerizer finds its container again.
  const parameters = container.docker.parameters ?? [];
  return parameters.some(({ key }) => key === 'name')
    ? "Parameter in DockerInfo must not be 'name'"
    : undefined;
}

export function checkFault(check: CheckInfo): string | undefined {
  const { type } = check;
  if (type === undefined) return "CheckInfo must specify 'type'";
  if (type === 'UNKNOWN') return "'UNKNOWN' is not a valid check type";
  const times = [
    ['delay_seconds', check.delay_seconds],
    ['interval_seconds', check.interval_seconds],
    ['timeout_seconds', check.timeout_seconds],
  ] as const;
  return checkMemberFault(check, type) ?? negativeTimeFault(times);
}

export function healthCheckFault(check: HealthCheck): string | undefined {
  const { type } = check;
  if (type === undefined) return "HealthCheck must specify 'type'";
  if (type === 'UNKNOWN') return "'UNKNOWN' is not a valid health check type";
  const times = [
    ['delay_seconds', check.delay_seconds],
    ['grace_period_seconds', check.grace_period_seconds],
    ['interval_seconds', check.interval_seconds],
    ['timeout_seconds', check.timeout_seconds],
  ] as const;
  return healthCheckMemberFault(check, type) ?? negativeTimeFault(times);
}

/** A health check of old clients says by its members alone what it is (contract 4.1, step 4). */
export function withHealthCheckType(check: HealthCheck): HealthCheck {
  if (check.type !== undefined) return check;
  if (check.command !== undefined) return { ...check, type: 'COMMAND' };
  if (check.http !== undefined) return { ...check, type: 'HTTP' };
  return check;
}

/** The first thing that is wrong in a list. */
export function firstFault<Item>(
  list: readonly Item[],
  fault: (item: Item) => string | undefined,
): string | undefined {
  for (const item of list) {
    const found = fault(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function checkMemberFault(check: CheckInfo, type: 'COMMAND' | 'HTTP' | 'TCP'): string | undefined {
  if (type === 'COMMAND') {
    if (check.command === undefined) return "Expecting 'command' to be set for COMMAND check";
    const { command } = check.command;
    const value = missingValue(command);
    if (value !== undefined) return `Command check must contain ${value}`;
    const fault = commandFault(command);
    return fault === undefined ? undefined : `Check's \`CommandInfo\` is invalid: ${fault}`;
  }
  if (type === 'TCP') {
    return check.tcp === undefined ? "Expecting 'tcp' to be set for TCP check" : undefined;
  }
  if (check.http === undefined) return "Expecting 'http' to be set for HTTP check";
  const { path } = check.http;
  return path !== undefined && !path.startsWith('/')
    ? `The path '${path}' of HTTP check must start with '/'`
    : undefined;
}

function healthCheckMemberFault(
  check: HealthCheck,
  type: 'COMMAND' | 'HTTP' | 'TCP',
): string | undefined {
  if (type === 'COMMAND') {
    if (check.command === undefined)
      return "Expecting 'command' to be set for COMMAND health check";
    const value = missingValue(check.command);
    if (value !== undefined) return `Command health check must contain ${value}`;
    const fault = commandFault(check.command);
    return fault === undefined ? undefined : `Health check's \`CommandInfo\` is invalid: ${fault}`;
  }
  if (type === 'TCP') {
    return check.tcp === undefined ? "Expecting 'tcp' to be set for TCP health check" : undefined;
  }
  if (check.http === undefined) return "Expecting 'http' to be set for HTTP health check";
  const { scheme, path } = check.http;
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') {
    return `Unsupported HTTP health check scheme: '${scheme}'`;
  }
  return path !== undefined && !path.startsWith('/')
    ? `The path '${path}' of HTTP health check must start with '/'`
    : undefined;
}

function missingValue(command: CommandInfo): string | undefined {
  if (command.value !== undefined) return undefined;
  return (command.shell ?? true) ? "'shell command'" : "'executable path'";
}

function negativeTimeFault(
  times: readonly (readonly [name: string, seconds: number | undefined])[],
): string | undefined {
  return firstFault(times, ([name, seconds]) =>
    seconds !== undefined && seconds < 0 ? `Expecting '${name}' to be non-negative` : undefined,
  );
}

function variableFault(variable: Environment_Variable): string | undefined {
  const { name, value, secret } = variable;
  const type = variable.type ?? 'VALUE';
  if (type === 'UNKNOWN') return "Environment variable of type 'UNKNOWN' is not allowed";
  const says = (text: string): string => `Environment variable '${name}' of type '${type}' ${text}`;
  if (type === 'VALUE') {
    if (secret !== undefined) return says('must not have a secret set');
    return value === undefined ? says('must have a value set') : undefined;
  }
  if (value !== undefined) return says('must not have a value set');
  if (secret === undefined) return says('must have a secret set');
  const fault = secretFault(secret);
  if (fault !== undefined)
    return `Environment variable '${name}' specifies an invalid secret: ${fault}`;
  return secret.value?.data.includes(0) === true
    ? `Environment variable '${name}' specifies a secret containing null bytes, which is not allowed in the environment`
    : undefined;
}

function secretFault({ type, reference, value }: Secret): string | undefined {
  if (type === 'REFERENCE') {
    if (reference === undefined) {
      return "Secret of type REFERENCE must have the 'reference' field set";
    }
    return value === undefined
      ? undefined
      : `Secret '${reference.name}' of type REFERENCE must not have the 'value' field set`;
  }
  if (type !== 'VALUE') return undefined;
  if (value === undefined) return "Secret of type VALUE must have the 'value' field set";
  return reference === undefined
    ? undefined
    : "Secret of type VALUE must not have the 'reference' field set";
}

function volumeFault(volume: Volume): string | undefined {
  const { host_path: hostPath, image, source } = volume;
  const origins = [hostPath, image, source].filter((origin) => origin !== undefined);
  if (origins.length > 1) {
    return "Invalid volume: Only one of them should be set: 'host_path', 'image' and 'source'";
  }
  if (source === undefined) return undefined;
  switch (source.type) {
    case 'DOCKER_VOLUME':
      return source.docker_volume === undefined ? unset('docker_volume', source.type) : undefined;
    case 'HOST_PATH':
      return source.host_path === undefined ? unset('host_path', source.type) : undefined;
    case 'SANDBOX_PATH':
      return source.sandbox_path === undefined ? unset('sandbox_path', source.type) : undefined;
    case 'SECRET':
      return source.secret === undefined ? unset('secret', source.type) : undefined;
    case 'CSI_VOLUME':
      return source.csi_volume === undefined ? unset('csi_volume', 'CSI') : undefined;
    case 'UNKNOWN':
    case undefined:
      return "Invalid volume: 'source.type' is unknown";
    default:
      return unreachable(source.type);
  }
}

const unset = (member: string, type: string): string =>
  `Invalid volume: 'source.${member}' is not set for ${type} volume`;
