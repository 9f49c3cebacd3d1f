/** The rules of contract 5.7 and 5.8, each with a case that breaks it and one that does not. */
import test from 'ava';
import type {
  CheckInfo,
  CommandInfo,
  ContainerInfo,
  Environment_Variable,
  HealthCheck,
  Volume,
} from '#proto/gen/mesos/v1.ts';
import {
  checkFault,
  commandFault,
  containerFault,
  healthCheckFault,
  withHealthCheckType,
} from './validate-command.ts';

const secretValue = { type: 'VALUE', value: { data: new Uint8Array([1]) } } as const;
const reference = { name: 'n' };

const variables: readonly (readonly [Environment_Variable, string | undefined])[] = [
  [{ name: 'N', value: 'v' }, undefined],
  [{ name: 'N', value: '' }, undefined],
  [{ name: 'N' }, "Environment variable 'N' of type 'VALUE' must have a value set"],
  [
    { name: 'N', value: 'v', secret: secretValue },
    "Environment variable 'N' of type 'VALUE' must not have a secret set",
  ],
  [{ name: 'N', type: 'SECRET', secret: secretValue }, undefined],
  [
    { name: 'N', type: 'SECRET' },
    "Environment variable 'N' of type 'SECRET' must have a secret set",
  ],
  [
    { name: 'N', type: 'SECRET', secret: secretValue, value: 'v' },
    "Environment variable 'N' of type 'SECRET' must not have a value set",
  ],
  [
    { name: 'N', type: 'UNKNOWN', value: 'v' },
    "Environment variable of type 'UNKNOWN' is not allowed",
  ],
  [
    { name: 'N', type: 'SECRET', secret: { type: 'REFERENCE' } },
    "Environment variable 'N' specifies an invalid secret: Secret of type REFERENCE must have the 'reference' field set",
  ],
  [
    { name: 'N', type: 'SECRET', secret: { ...secretValue, type: 'REFERENCE', reference } },
    "Environment variable 'N' specifies an invalid secret: Secret 'n' of type REFERENCE must not have the 'value' field set",
  ],
  [
    { name: 'N', type: 'SECRET', secret: { type: 'VALUE' } },
    "Environment variable 'N' specifies an invalid secret: Secret of type VALUE must have the 'value' field set",
  ],
  [
    { name: 'N', type: 'SECRET', secret: { ...secretValue, reference } },
    "Environment variable 'N' specifies an invalid secret: Secret of type VALUE must not have the 'reference' field set",
  ],
  [
    { name: 'N', type: 'SECRET', secret: { type: 'VALUE', value: { data: new Uint8Array(1) } } },
    "Environment variable 'N' specifies a secret containing null bytes, which is not allowed in the environment",
  ],
];

const volume = { mode: 'RW', container_path: 'p' } as const;
const unset = (member: string, type: string): string =>
  `Invalid volume: 'source.${member}' is not set for ${type} volume`;
const volumes: readonly (readonly [Volume, string | undefined])[] = [
  [volume, undefined],
  [{ ...volume, host_path: '/h' }, undefined],
  [
    { ...volume, host_path: '/h', source: { type: 'HOST_PATH', host_path: { path: '/h' } } },
    "Invalid volume: Only one of them should be set: 'host_path', 'image' and 'source'",
  ],
  [{ ...volume, source: { type: 'DOCKER_VOLUME' } }, unset('docker_volume', 'DOCKER_VOLUME')],
  [{ ...volume, source: { type: 'HOST_PATH' } }, unset('host_path', 'HOST_PATH')],
  [{ ...volume, source: { type: 'SANDBOX_PATH' } }, unset('sandbox_path', 'SANDBOX_PATH')],
  [{ ...volume, source: { type: 'SECRET' } }, unset('secret', 'SECRET')],
  [{ ...volume, source: { type: 'CSI_VOLUME' } }, unset('csi_volume', 'CSI')],
  [{ ...volume, source: {} }, "Invalid volume: 'source.type' is unknown"],
];

const containers: readonly (readonly [ContainerInfo, string | undefined])[] = [
  [{ type: 'MESOS' }, undefined],
  [{ type: 'DOCKER' }, "DockerInfo 'docker' is not set for DOCKER typed ContainerInfo"],
  [{ type: 'DOCKER', docker: { image: 'i' } }, undefined],
  [
    { type: 'DOCKER', docker: { image: 'i', parameters: [{ key: 'name', value: 'x' }] } },
    "Parameter in DockerInfo must not be 'name'",
  ],
];

const badCommand: CommandInfo = { value: 'v', environment: { variables: [{ name: 'N' }] } };
const badText = "Environment variable 'N' of type 'VALUE' must have a value set";

const checks: readonly (readonly [CheckInfo, string | undefined])[] = [
  [{}, "CheckInfo must specify 'type'"],
  [{ type: 'UNKNOWN' }, "'UNKNOWN' is not a valid check type"],
  [{ type: 'COMMAND' }, "Expecting 'command' to be set for COMMAND check"],
  [{ type: 'HTTP' }, "Expecting 'http' to be set for HTTP check"],
  [{ type: 'TCP' }, "Expecting 'tcp' to be set for TCP check"],
  [{ type: 'COMMAND', command: { command: {} } }, "Command check must contain 'shell command'"],
  [
    { type: 'COMMAND', command: { command: { shell: false } } },
    "Command check must contain 'executable path'",
  ],
  [
    { type: 'COMMAND', command: { command: badCommand } },
    `Check's \`CommandInfo\` is invalid: ${badText}`,
  ],
  [
    { type: 'HTTP', http: { port: 1, path: 'x' } },
    "The path 'x' of HTTP check must start with '/'",
  ],
  [
    { type: 'TCP', tcp: { port: 1 }, interval_seconds: -1 },
    "Expecting 'interval_seconds' to be non-negative",
  ],
  [{ type: 'TCP', tcp: { port: 1 }, delay_seconds: 0, timeout_seconds: 1 }, undefined],
];

const healthChecks: readonly (readonly [HealthCheck, string | undefined])[] = [
  [{}, "HealthCheck must specify 'type'"],
  [{ type: 'UNKNOWN' }, "'UNKNOWN' is not a valid health check type"],
  [{ type: 'COMMAND' }, "Expecting 'command' to be set for COMMAND health check"],
  [{ type: 'HTTP' }, "Expecting 'http' to be set for HTTP health check"],
  [{ type: 'TCP' }, "Expecting 'tcp' to be set for TCP health check"],
  [
    { type: 'COMMAND', command: { shell: false } },
    "Command health check must contain 'executable path'",
  ],
  [
    { type: 'COMMAND', command: badCommand },
    `Health check's \`CommandInfo\` is invalid: ${badText}`,
  ],
  [
    { type: 'HTTP', http: { port: 1, scheme: 'ftp' } },
    "Unsupported HTTP health check scheme: 'ftp'",
  ],
  [
    { type: 'HTTP', http: { port: 1, path: 'x' } },
    "The path 'x' of HTTP health check must start with '/'",
  ],
  [
    { type: 'TCP', tcp: { port: 1 }, grace_period_seconds: -1 },
    "Expecting 'grace_period_seconds' to be non-negative",
  ],
  [{ type: 'HTTP', http: { port: 1, scheme: 'https', path: '/' } }, undefined],
];

test('commands, containers and checks are judged by the rules of Mesos, in its words', (t) => {
  for (const [variable, text] of variables) {
    t.is(commandFault({ environment: { variables: [variable] } }), text);
  }
  for (const [one, text] of volumes) t.is(containerFault({ type: 'MESOS', volumes: [one] }), text);
  for (const [container, text] of containers) t.is(containerFault(container), text);
  for (const [check, text] of checks) t.is(checkFault(check), text);
  for (const [check, text] of healthChecks) t.is(healthCheckFault(check), text);
});

test('a health check of an old client is what its members say', (t) => {
  const command = { value: 'true' };
  t.is(withHealthCheckType({ command }).type, 'COMMAND');
  t.is(withHealthCheckType({ http: { port: 1 } }).type, 'HTTP');
  t.is(withHealthCheckType({ type: 'TCP', command }).type, 'TCP');
  t.is(withHealthCheckType({}).type, undefined);
});
