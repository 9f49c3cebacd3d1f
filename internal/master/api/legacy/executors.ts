/** Executors in `/state` and `/frameworks` (contract 13.4: "executor"). */
import type { Executor } from '#internal/model/cluster.ts';
import { toJson } from '#internal/wire/json.ts';
import { decode } from '#internal/wire/protobuf.ts';
import type { CommandInfo } from '#proto/gen/mesos/v1.ts';
import { type Json, Written } from './json-text.ts';
import { shortResources } from './short-resources.ts';
import { labelsJson } from './tasks.ts';

export function executorJson(executor: Executor): Json {
  const info = decode('mesos.v1.ExecutorInfo', executor.info);
  return {
    executor_id: executor.id,
    name: info.name ?? '',
    framework_id: executor.frameworkId,
    command: info.command && commandJson(info.command),
    resources: shortResources(executor.resources),
    labels: info.labels && labelsJson(info.labels),
    type: info.type,
    source: info.source,
    slave_id: executor.agentId,
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
