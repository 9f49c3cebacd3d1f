/**
 * Flags of a Mesos master that ours does not have, and what holds instead. Whoever starts us with the
 * command line of a Mesos master is told of each of them: none is passed over in silence.
 */
const raft = 'masters agree by a log of their own; see --peers, --node-id and --join';
const pluggable = 'there are no modules to choose from';
const fixedMemory = 'all masters have to forget alike, so what is remembered is part of the log: ';

export const masterStrangers: Readonly<Record<string, string>> = {
  acls: 'who has authenticated may do everything; leave it out',
  advertise_port: 'put the port that is to be told into --port',
  allocator: `${pluggable}; --role-sorter and --framework-sorter choose what is fair`,
  authenticate_frameworks: 'schedulers speak HTTP alone; use --authenticate-http-frameworks',
  authentication_v0_timeout: 'there is no driver of the old protocol to wait for',
  authenticators: `${pluggable}; see --authenticate-agents and --credentials`,
  authorizers: pluggable,
  domain: 'fault domains are not known yet; put region and zone into --attributes of the agents',
  external_log_file: 'logs go to stderr, where a supervisor takes them up',
  firewall_rules: 'close endpoints in what stands in front of the master',
  hooks: pluggable,
  hostname_lookup: 'no name is looked up; say it with --hostname',
  http_authenticators: `basic, or as ${pluggable}; see --credentials`,
  http_framework_authenticators: `basic, as ${pluggable}; see --authenticate-http-frameworks`,
  initialize_driver_logging: 'there is no driver',
  ip_discovery_command: 'say the address with --ip, or --advertise-ip',
  log_auto_initialize: 'a log of one disk begins by itself; see --join for masters that come later',
  log_dir: 'logs go to stderr, where a supervisor takes them up',
  logbufsecs: 'logs are not held back',
  master_contender: raft,
  master_detector: raft,
  max_completed_frameworks: `${fixedMemory}50 completed frameworks`,
  max_completed_tasks_per_framework: `${fixedMemory}1000 completed tasks of each framework`,
  max_executors_per_agent: 'agents have no such bound',
  max_unreachable_tasks_per_framework: `${fixedMemory}1000 unreachable tasks of each framework`,
  modules: pluggable,
  modules_dir: pluggable,
  publish_per_framework_metrics: 'metrics of single frameworks are not written',
  quiet: 'use --log-level=error',
  rate_limits:
    'calls are answered 503 when more come than the log takes; there are no other limits',
  registry: raft,
  registry_fetch_timeout: raft,
  registry_store_timeout: raft,
  require_agent_domain: 'fault domains are not known yet',
  roles: 'a role needs no permission to be used; weights and quotas are set over HTTP',
  root_submissions: 'as if it were on: tasks may run as root, unless their agent forbids it',
  version: 'use `altiplano --version`',
  webui_dir: 'the master has no pages to serve',
  weights: 'set them over HTTP with UPDATE_WEIGHTS: they are part of the log',
  whitelist: 'deactivate agents over HTTP with DEACTIVATE_AGENT',
  zk: raft,
  zk_session_timeout: `${raft}; --election-timeout is what comes closest`,
};
