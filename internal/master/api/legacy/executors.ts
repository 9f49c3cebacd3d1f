/** Executors in `/state` and `/frameworks` (contract 13.4: "executor"). */
import { resourcesFromWire } from '#internal/wire/resources.ts';
import { toJson } from '#internal/wire/json.ts';
import type { CommandInfo } from '#proto/gen/mesos/v1.ts';
import type { ExecutorEntry } from '../executors.ts';
import { type Json, Written } from './json-text.ts';
import { shortResources } from './short-resources.ts';
import { labelsJson } from './tasks.ts';

export function executorJson({ info, task }: ExecutorEntry): Json {
  const resources = resourcesFromWire(info.resources ?? []);
  return {
    executor_id: info.executor_id.value,
    name: info.name ?? '',
    framework_id: task.frameworkId,
    command: info.command && commandJson(info.command),
    resources: shortResources(resources.ok ? resources.value : []),
    labels: info.labels && labelsJson(info.labels),
    type: info.type,
    source: info.source,
    slave_id: task.agentId,
  };
}

function commandJson({
  shell,
  value,
  arguments: argv = [],
  environment,
  uris = [],
}: CommandInfo): Json {
  return {
    shell: shell ?? true,
    value,
    argv,
    environment: environment && new Written(toJson('mesos.v1.Environment', environment)),
    uris: uris.map(({ value: from, executable }) => ({ value: from, executable })),
  };
}
