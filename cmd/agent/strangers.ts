/**
 * Flags of a Mesos agent that ours does not have, and what holds instead. Whoever starts us with the
 * command line of a Mesos agent is told of each of them: none is passed over in silence.
 */
import { strangersOfBoth } from '../strangers-of-both.ts';

const openHttp = 'whoever reaches the port may ask: keep it to those who may';
const noDocker = 'no daemon is asked: containers of type DOCKER run by the same means as others';
const oneNetwork = "containers are in the machine's network; there is none of their own to set up";
const unlessAsked = 'tasks get what they ask for in their `linux_info`';
const runcMakesThem = 'containers with images are made by runc, without it';
const noOversubscription = 'resources are offered once, none as revocable';
const noProviders = 'disks come from --resources; there are no resource providers';
const noSampling = 'the kernel is not asked for performance events';
const noGroup = 'containers have no network class; mark their traffic by their control group';
const noAppc = 'images are of Docker or OCI; those of appc are not read';
const noMappedPorts = `${oneNetwork}, so no ports are mapped`;

const ofHttp: Readonly<Record<string, string>> = {
  authenticate_http_executors: openHttp,
  authenticate_http_readonly: openHttp,
  authenticate_http_readwrite: openHttp,
  authorizer: 'who reaches the port may do everything; there is none to choose',
  http_authenticators: openHttp,
  http_credentials: openHttp,
  jwt_secret_key: `executors bring no tokens; ${openHttp}`,
  domain_socket_location: 'executors speak HTTP to the port of the agent',
  http_executor_domain_sockets: 'executors speak HTTP to the port of the agent',
  http_heartbeat_interval: 'heartbeats on streams of containers come every 30 s',
  ip6: 'one address is listened on; say it with --ip',
  ip6_discovery_command: 'one address is listened on; say it with --ip',
};

const ofMasters: Readonly<Record<string, string>> = {
  agent_features: 'what an agent can do is what it is built to do; it says all of it',
  authenticatee: 'an agent shows its --credential when it dials; there is no other way',
  authentication_backoff_factor: '--credential is shown with each dial; it is not negotiated',
  authentication_timeout_max: '--credential is shown with each dial; it is not negotiated',
  authentication_timeout_min: '--credential is shown with each dial; it is not negotiated',
  master_detector: 'name all masters in --masters; the one that leads is found among them',
  registration_backoff_factor: 'as if it were 1secs: pauses between rounds grow up to 60 s',
  zk_session_timeout: 'name all masters in --masters; no ZooKeeper is asked',
};

const ofExecutors: Readonly<Record<string, string>> = {
  check_agent_port_range_only: 'ports in use are not watched',
  container_ports_isolated_range: 'ports in use are not watched',
  container_ports_watch_interval: 'ports in use are not watched',
  default_container_dns: 'containers see the /etc/resolv.conf of the machine',
  default_container_info: 'a task without `container` has none; let frameworks say it',
  default_container_shm_size: '64 MiB, unless `linux_info.shm_size` says otherwise',
  disallow_sharing_agent_ipc_namespace: unlessAsked,
  disallow_sharing_agent_pid_namespace: unlessAsked,
  bounding_capabilities: `${unlessAsked}; else what Docker gives`,
  effective_capabilities: `${unlessAsked}; else what Docker gives`,
  enforce_container_ports: 'ports in use are not watched',
  executor_environment_variables:
    'executors get PATH and what Mesos sets; let frameworks say the rest in their commands',
  executor_reregistration_retry_interval:
    'a restarted agent is looked for by executors; it need not ask them again',
  gc_non_executor_container_sandboxes: 'sandboxes of standalone containers go with the others',
  hadoop_home: 'URIs of HDFS are not fetched; put the files where HTTP reaches them',
  host_path_volume_force_creation: 'a path of the machine has to exist before a volume shows it',
  http_command_executor: 'commands run without an executor of their own between',
  launcher: 'processes are found by their session and, where there are any, their control groups',
  launcher_dir: 'the agent brings all that it starts',
  max_completed_executors_per_framework: 'the newest 150 of each framework are remembered',
  nvidia_gpu_devices: 'gpus are counted as --resources says; none is handed to a container',
  sandbox_directory: 'always /mnt/mesos/sandbox, in containers that have an image',
  secret_resolver: 'no secret is resolved: tasks whose variables are secrets fail',
  seccomp_config_dir: runcMakesThem,
  seccomp_profile_name: runcMakesThem,
  volume_gid_range: 'volumes belong to the user of the task that has them made',
  xfs_project_range: 'disk is measured, see --enforce-container-disk-quota; no filesystem is asked',
};

const ofImages: Readonly<Record<string, string>> = {
  appc_simple_discovery_uri_prefix: noAppc,
  appc_store_dir: noAppc,
  docker: noDocker,
  docker_config: 'registries are asked without a name; put images that need one into a folder',
  docker_ignore_runtime: 'what an image says of its command holds unless a task says otherwise',
  docker_kill_orphans: noDocker,
  docker_mesos_image: noDocker,
  docker_remove_delay: noDocker,
  docker_socket: noDocker,
  docker_stop_timeout: `${noDocker}; see the kill policy of tasks`,
  docker_volume_checkpoint_dir: 'volumes of drivers of Docker are refused',
  docker_volume_chown: 'volumes of drivers of Docker are refused',
  image_providers: 'images of Docker and OCI run wherever runc is; nothing is to be turned on',
  image_provisioner_backend: 'layers are laid over each other by overlayfs',
};

const ofMachines: Readonly<Record<string, string>> = {
  agent_subsystems: 'control groups are for containers alone; let the supervisor bound the agent',
  allowed_devices: 'containers with images see the devices that Docker gives, others the machine',
  cgroups_cpu_enable_pids_and_tids_count: 'see --container-processes-max, which bounds them',
  cgroups_destroy_timeout: 'what cannot be ended is tried again until it is',
  cgroups_hierarchy: 'control groups are looked for at /sys/fs/cgroup',
  cgroups_net_cls_primary_handle: noGroup,
  cgroups_net_cls_secondary_handles: noGroup,
  csi_plugin_config_dir: noProviders,
  disk_profile_adaptor: noProviders,
  egress_flow_classifier_parent: noMappedPorts,
  egress_rate_limit_per_container: noMappedPorts,
  egress_unique_flow_per_container: noMappedPorts,
  ephemeral_ports_per_container: noMappedPorts,
  eth0_name: noMappedPorts,
  lo_name: noMappedPorts,
  network_cni_config_dir: oneNetwork,
  network_cni_metrics: oneNetwork,
  network_cni_plugins_dir: oneNetwork,
  network_cni_root_dir_persist: oneNetwork,
  network_enable_snmp_statistics: noMappedPorts,
  network_enable_socket_statistics_details: noMappedPorts,
  network_enable_socket_statistics_summary: noMappedPorts,
  oversubscribed_resources_interval: noOversubscription,
  perf_duration: noSampling,
  perf_events: noSampling,
  perf_interval: noSampling,
  qos_controller: noOversubscription,
  qos_correction_interval_min: noOversubscription,
  resource_estimator: noOversubscription,
  resource_provider_config_dir: noProviders,
  revocable_cpu_low_priority: noOversubscription,
  runtime_dir: 'all that an agent needs to find again is in its --work-dir',
  systemd_enable_support: 'containers outlive the agent; let its unit say KillMode=process',
  systemd_runtime_directory: 'containers outlive the agent; let its unit say KillMode=process',
};

export const agentStrangers: Readonly<Record<string, string>> = {
  ...strangersOfBoth,
  ...ofMasters,
  ...ofHttp,
  ...ofExecutors,
  ...ofImages,
  ...ofMachines,
};
