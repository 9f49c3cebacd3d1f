import test from 'ava';
import { parseFlags, rowsOf } from '#internal/config/flags.ts';
import { agentProgram } from './flags.ts';
import { agentStrangers } from './strangers.ts';

const refusals = (...argv: readonly string[]): readonly string[] => {
  const parsed = parseFlags(agentProgram, ['--work-dir=/w', '--masters=m:5060', ...argv]);
  return parsed.ok ? [] : parsed.refusal;
};

/** All that the manual of Mesos 1.11 lists for an agent. */
const flagsOfMesos = `
  advertise_ip advertise_port authenticate_http_readonly authenticate_http_readwrite
  firewall_rules domain help hooks hostname hostname_lookup http_authenticators ip
  ip_discovery_command modules modules_dir port version zk_session_timeout quiet log_dir
  logbufsecs logging_level initialize_driver_logging external_log_file master work_dir acls
  agent_features agent_subsystems effective_capabilities bounding_capabilities
  appc_simple_discovery_uri_prefix appc_store_dir attributes authenticate_http_executors
  authenticatee authentication_backoff_factor authentication_timeout_min
  authentication_timeout_max authorizer cgroups_cpu_enable_pids_and_tids_count
  cgroups_destroy_timeout cgroups_enable_cfs cgroups_hierarchy cgroups_limit_swap
  cgroups_net_cls_primary_handle cgroups_net_cls_secondary_handles allowed_devices cgroups_root
  check_agent_port_range_only container_disk_watch_interval container_logger
  container_ports_isolated_range container_ports_watch_interval containerizers credential
  default_container_dns default_container_info default_role default_container_shm_size
  disallow_sharing_agent_ipc_namespace disallow_sharing_agent_pid_namespace disk_profile_adaptor
  disk_watch_interval docker docker_config docker_ignore_runtime docker_kill_orphans
  docker_mesos_image docker_registry docker_remove_delay docker_socket docker_stop_timeout
  docker_store_dir docker_volume_checkpoint_dir docker_volume_chown domain_socket_location
  enforce_container_disk_quota enforce_container_ports executor_environment_variables
  executor_registration_timeout executor_reregistration_timeout
  executor_reregistration_retry_interval max_completed_executors_per_framework jwt_secret_key
  executor_shutdown_grace_period fetcher_cache_dir fetcher_cache_size fetcher_stall_timeout
  frameworks_home gc_delay gc_disk_headroom gc_non_executor_container_sandboxes hadoop_home
  host_path_volume_force_creation http_credentials http_command_executor
  http_executor_domain_sockets http_heartbeat_interval image_providers image_provisioner_backend
  image_gc_config ip6 ip6_discovery_command isolation launcher launcher_dir master_detector
  nvidia_gpu_devices network_cni_plugins_dir network_cni_config_dir network_cni_root_dir_persist
  network_cni_metrics oversubscribed_resources_interval perf_duration perf_events perf_interval
  qos_controller qos_correction_interval_min reconfiguration_policy recover recovery_timeout
  registration_backoff_factor resource_estimator resources resource_provider_config_dir
  csi_plugin_config_dir revocable_cpu_low_priority runtime_dir sandbox_directory strict
  secret_resolver switch_user systemd_enable_support systemd_runtime_directory volume_gid_range
  ephemeral_ports_per_container eth0_name lo_name egress_rate_limit_per_container
  egress_unique_flow_per_container egress_flow_classifier_parent
  network_enable_socket_statistics_summary network_enable_socket_statistics_details
  network_enable_snmp_statistics seccomp_config_dir seccomp_profile_name xfs_project_range
`;

const names = flagsOfMesos.split(/\s+/u).filter((word) => word !== '' && word !== 'help');

/** Of a module of Mesos, not of its agent. */
const ofModules: ReadonlySet<string> = new Set(['max_stdout_size', 'max_stderr_size']);

test('whoever comes with the command line of a Mesos agent is told of every flag that is not ours', (t) => {
  t.deepEqual(refusals(), []);
  t.true(names.length > 140);
  const ours = new Set(rowsOf(agentProgram).flatMap(([, { mesos }]) => mesos ?? []));
  for (const name of names) {
    t.true(ours.has(name) !== Object.hasOwn(agentStrangers, name), name);
    if (ours.has(name)) continue;
    const told = [`--${name} is a flag of Mesos alone: ${agentStrangers[name]}`];
    const dashed = name.replaceAll('_', '-');
    for (const word of [`--${name}`, `--${name}=x`, `--no-${name}`, `--${dashed}=1`]) {
      t.deepEqual(refusals(word), told);
    }
  }
  t.is(refusals('--launcher=linux', '--docker=docker', '--no-hostname_lookup').length, 3);
});

test('what is called a flag of Mesos is one', (t) => {
  const known = new Set(names);
  const said = rowsOf(agentProgram).flatMap(([, { mesos }]) => mesos ?? []);
  const unknown = [...said, ...Object.keys(agentStrangers)].filter((name) => !known.has(name));
  t.deepEqual(
    unknown.filter((name) => !ofModules.has(name)),
    [],
  );
});
