/**
 * Flags of a Mesos master that ours does not have, and what holds instead. Whoever starts us with the
 * command line of a Mesos master is told of each of them: none is passed over in silence.
 */
import { pluggable, strangersOfBoth } from '../strangers-of-both.ts';

const raft = 'masters agree by a log of their own; see --peers, --node-id and --join';

export const masterStrangers: Readonly<Record<string, string>> = {
  ...strangersOfBoth,
  allocator: `${pluggable}; --role-sorter and --framework-sorter choose what is fair`,
  authenticate_frameworks: 'schedulers speak HTTP alone; use --authenticate-http-frameworks',
  authentication_v0_timeout: 'there is no driver of the old protocol to wait for',
  authenticators: `${pluggable}; see --authenticate-agents and --credentials`,
  authorizers: pluggable,
  http_authenticators: `basic, or as ${pluggable}; see --credentials`,
  http_framework_authenticators: `basic, as ${pluggable}; see --authenticate-http-frameworks`,
  log_auto_initialize: 'a log of one disk begins by itself; see --join for masters that come later',
  master_contender: raft,
  master_detector: raft,
  max_executors_per_agent: 'agents have no such bound',
  publish_per_framework_metrics: 'metrics of single frameworks are not written',
  rate_limits:
    'calls are answered 503 when more come than the log takes; there are no other limits',
  registry: raft,
  registry_fetch_timeout: raft,
  registry_store_timeout: raft,
  roles: 'a role needs no permission to be used; weights and quotas are set over HTTP',
  webui_dir: 'the master has no pages to serve',
  weights: 'set them over HTTP with UPDATE_WEIGHTS: they are part of the log',
  whitelist: 'deactivate agents over HTTP with DEACTIVATE_AGENT',
  zk: raft,
  zk_session_timeout: `${raft}; --election-timeout is what comes closest`,
};
