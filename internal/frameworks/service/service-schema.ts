/**
 * What a file of services may say, as JSON Schema: `docs/service.schema.json` is this, for editors, and
 * `altiplano service schema` prints it.
 */
import type { JsonSchema } from './complaints.ts';

const name = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$';
const variable = '^[A-Za-z_][A-Za-z0-9_]*$';
const secondsMax = 86_400;

const port: JsonSchema = {
  type: 'object',
  description:
    'a port of the machine for each instance; its number is in PORT_NAME and PORT0, PORT1 …',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: { type: 'string', pattern: '^[a-z]([a-z0-9_-]{0,30}[a-z0-9])?$' },
    number: {
      type: 'integer',
      minimum: 1,
      maximum: 65_535,
      description: 'this very port; without it, any that is offered',
    },
  },
};

const volume: JsonSchema = {
  type: 'object',
  description:
    'disk that is reserved and made at the first start of an instance, and stays its own until destroyed',
  additionalProperties: false,
  required: ['name', 'path', 'size'],
  properties: {
    name: { type: 'string', pattern: '^[a-z0-9]([a-z0-9_-]{0,30}[a-z0-9])?$' },
    path: {
      type: 'string',
      pattern: '^[A-Za-z0-9._-][A-Za-z0-9._/-]*$',
      maxLength: 200,
      description: 'where the task finds it, below its working folder',
    },
    size: { type: 'number', minimum: 1, maximum: 1e9, description: 'in MB' },
  },
};

const health: JsonSchema = {
  type: 'object',
  description: 'how the agent finds out whether an instance is well: one of command, http, tcp',
  additionalProperties: false,
  properties: {
    command: {
      type: 'string',
      minLength: 1,
      description: 'a shell command beside the task; 0 is well',
    },
    http: {
      type: 'object',
      additionalProperties: false,
      required: ['port'],
      properties: {
        port: { type: 'string', description: 'the name of a port' },
        path: { type: 'string', pattern: '^/', default: '/' },
      },
    },
    tcp: {
      type: 'object',
      additionalProperties: false,
      required: ['port'],
      properties: { port: { type: 'string', description: 'the name of a port' } },
    },
    delaySeconds: { type: 'number', minimum: 0, maximum: secondsMax, default: 0 },
    graceSeconds: { type: 'number', minimum: 0, maximum: secondsMax, default: 30 },
    intervalSeconds: { type: 'number', minimum: 0.1, maximum: secondsMax, default: 5 },
    timeoutSeconds: { type: 'number', minimum: 0.1, maximum: secondsMax, default: 5 },
    failures: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: 3,
      description: 'so many in a row and the instance is killed, and started again',
    },
  },
};

const constraint: JsonSchema = {
  type: 'object',
  description: 'unique: no two instances on one host; or an attribute of the agent and its values',
  additionalProperties: false,
  properties: {
    unique: { type: 'string', pattern: '^host$' },
    attribute: { type: 'string', minLength: 1, description: "an attribute's name, or 'host'" },
    equals: { type: 'string' },
    in: { type: 'array', minItems: 1, maxItems: 100, items: { type: 'string' } },
  },
};

const restart: JsonSchema = {
  type: 'object',
  description: 'the pause before an instance that ended is started again: doubled with each end',
  additionalProperties: false,
  properties: {
    firstSeconds: { type: 'number', minimum: 0.1, maximum: secondsMax, default: 1 },
    mostSeconds: { type: 'number', minimum: 0.1, maximum: secondsMax, default: 60 },
    resetSeconds: {
      type: 'number',
      minimum: 0,
      maximum: secondsMax,
      default: 60,
      description: 'an instance that ran so long begins with the first pause again',
    },
  },
};

const service: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['command', 'cpus', 'mem'],
  properties: {
    instances: { type: 'integer', minimum: 0, maximum: 1000, default: 1 },
    command: { type: 'string', minLength: 1, maxLength: 65_536, description: 'for sh -c' },
    image: {
      type: 'string',
      minLength: 1,
      maxLength: 512,
      description: 'of a registry: debian:12',
    },
    user: { type: 'string', minLength: 1, maxLength: 64, description: 'the user of the task' },
    cpus: { type: 'number', minimum: 0.001, maximum: 1e6 },
    mem: { type: 'number', minimum: 1, maximum: 1e9, description: 'in MB' },
    disk: {
      type: 'number',
      minimum: 0,
      maximum: 1e9,
      default: 0,
      description: 'in MB, of the sandbox',
    },
    ports: { type: 'array', maxItems: 100, items: port },
    environment: {
      type: 'object',
      propertyNames: { pattern: variable },
      maxProperties: 1000,
      additionalProperties: { type: 'string', maxLength: 65_536 },
    },
    volumes: { type: 'array', maxItems: 10, items: volume },
    health,
    constraints: { type: 'array', maxItems: 20, items: constraint },
    restart,
    update: {
      type: 'object',
      additionalProperties: false,
      properties: {
        maxUnavailable: {
          type: 'integer',
          minimum: 1,
          maximum: 1000,
          default: 1,
          description: 'an update takes no instance away while so many are away',
        },
        readySeconds: {
          type: 'number',
          minimum: 0,
          maximum: secondsMax,
          default: 5,
          description: 'so long an instance has to run, and be well, before it counts as there',
        },
      },
    },
    killGraceSeconds: {
      type: 'number',
      minimum: 0,
      maximum: secondsMax,
      default: 10,
      description: 'between SIGTERM and SIGKILL',
    },
  },
};

export const serviceFileSchema: JsonSchema & {
  readonly $schema: string;
  readonly title: string;
} = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Services of Altiplano',
  type: 'object',
  additionalProperties: false,
  required: ['services'],
  properties: {
    services: {
      type: 'object',
      description: 'by name',
      propertyNames: { pattern: name },
      minProperties: 1,
      maxProperties: 100,
      additionalProperties: service,
    },
  },
};
