/** The task that an instance runs. */
import type { HealthCheck, Resource, TaskInfo } from '#proto/gen/mesos/v1.ts';
import { type HealthSpec, type Template, variableOf } from './service-spec.ts';

export type Placed = {
  readonly taskId: string;
  readonly service: string;
  readonly index: number;
  readonly agentId: string;
  readonly host: string;
  readonly resources: readonly Resource[];
  /** In the order of the template's. */
  readonly ports: readonly number[];
};

export function taskOf(template: Template, placed: Placed): TaskInfo {
  const { command, image, user, health, killGraceSeconds } = template;
  return {
    name: placed.service,
    task_id: { value: placed.taskId },
    agent_id: { value: placed.agentId },
    resources: placed.resources,
    command: {
      shell: true,
      value: command,
      environment: { variables: variablesOf(template, placed) },
      ...(user !== undefined && { user }),
    },
    ...(image !== undefined && {
      container: {
        type: 'MESOS' as const,
        mesos: { image: { type: 'DOCKER' as const, docker: { name: image } } },
      },
    }),
    ...(health !== undefined && { health_check: healthCheckOf(health, template, placed) }),
    kill_policy: { grace_period: { nanoseconds: BigInt(Math.round(killGraceSeconds * 1e9)) } },
    labels: {
      labels: [
        { key: 'service', value: placed.service },
        { key: 'instance', value: String(placed.index) },
      ],
    },
  };
}

/** What the user says comes last, so that he has the last word. */
function variablesOf(
  { environment, ports }: Template,
  { service, index, host, ports: numbers }: Placed,
): readonly { readonly name: string; readonly value: string }[] {
  const given: Readonly<Record<string, string>> = {
    ALTIPLANO_SERVICE: service,
    ALTIPLANO_INSTANCE: String(index),
    HOST: host,
    ...Object.fromEntries(
      ports.flatMap(({ name }, n) => [
        [`PORT${n}`, String(numbers[n])],
        [`PORT_${variableOf(name)}`, String(numbers[n])],
      ]),
    ),
    ...environment,
  };
  return Object.entries(given).map(([name, value]) => ({ name, value }));
}

function healthCheckOf(
  health: HealthSpec,
  { ports, user }: Template,
  { ports: numbers }: Placed,
): HealthCheck {
  const numberOf = (name: string): number =>
    numbers[ports.findIndex((port) => port.name === name)] ?? 0;
  const times = {
    delay_seconds: health.delaySeconds,
    grace_period_seconds: health.graceSeconds,
    interval_seconds: health.intervalSeconds,
    timeout_seconds: health.timeoutSeconds,
    consecutive_failures: health.failures,
  };
  const { how } = health;
  if (how.kind === 'tcp') return { ...times, type: 'TCP', tcp: { port: numberOf(how.port) } };
  if (how.kind === 'http') {
    return { ...times, type: 'HTTP', http: { port: numberOf(how.port), path: how.path } };
  }
  const command = { shell: true, value: how.command, ...(user !== undefined && { user }) };
  return { ...times, type: 'COMMAND', command };
}
