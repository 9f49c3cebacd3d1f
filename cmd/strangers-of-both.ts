/**
 * Flags that a Mesos master and a Mesos agent have alike and that ours do not have, with what holds
 * instead.
 */
export const pluggable = 'there are no modules to choose from';

const toStderr = 'logs go to stderr, where a supervisor takes them up';

export const strangersOfBoth: Readonly<Record<string, string>> = {
  acls: 'who has authenticated may do everything; leave it out',
  advertise_port: 'put the port that is to be told into --port',
  external_log_file: toStderr,
  firewall_rules: 'close endpoints in what stands in front of it',
  hooks: pluggable,
  hostname_lookup: 'no name is looked up; say it with --hostname',
  initialize_driver_logging: 'there is no driver',
  ip_discovery_command: 'say the address with --ip, or --advertise-ip',
  log_dir: toStderr,
  logbufsecs: 'logs are not held back',
  modules: pluggable,
  modules_dir: pluggable,
  quiet: 'use --log-level=error',
  version: 'use `altiplano --version`',
};
