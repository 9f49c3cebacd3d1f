// Made by `npm run generate` from the .proto files of this folder; not to be edited.

export type Status = 'DRIVER_NOT_STARTED' | 'DRIVER_RUNNING' | 'DRIVER_ABORTED' | 'DRIVER_STOPPED';

/**
 * Terminal are FINISHED, FAILED, KILLED, ERROR, LOST, DROPPED, GONE and GONE_BY_OPERATOR. A
 * framework that is not PARTITION_AWARE sees LOST for DROPPED, UNREACHABLE, GONE,
 * GONE_BY_OPERATOR and UNKNOWN.
 */
export type TaskState =
  | 'TASK_STAGING'
  | 'TASK_STARTING'
  | 'TASK_RUNNING'
  | 'TASK_KILLING'
  | 'TASK_FINISHED'
  | 'TASK_FAILED'
  | 'TASK_KILLED'
  | 'TASK_ERROR'
  | 'TASK_LOST'
  | 'TASK_DROPPED'
  | 'TASK_UNREACHABLE'
  | 'TASK_GONE'
  | 'TASK_GONE_BY_OPERATOR'
  | 'TASK_UNKNOWN';

/** How far an operation on offered resources is. Only with an id does a framework hear of it. */
export type OperationState =
  | 'OPERATION_UNSUPPORTED'
  | 'OPERATION_PENDING'
  | 'OPERATION_FINISHED'
  | 'OPERATION_FAILED'
  | 'OPERATION_ERROR'
  | 'OPERATION_DROPPED'
  | 'OPERATION_UNREACHABLE'
  | 'OPERATION_GONE_BY_OPERATOR'
  | 'OPERATION_RECOVERING'
  | 'OPERATION_UNKNOWN';

/** DRAINED means that nothing runs on the agent any more. */
export type DrainState = 'UNKNOWN' | 'DRAINING' | 'DRAINED';

export type MachineInfo_Mode = 'UP' | 'DRAINING' | 'DOWN';

export type FrameworkInfo_Capability_Type =
  | 'UNKNOWN'
  | 'REVOCABLE_RESOURCES'
  | 'TASK_KILLING_STATE'
  | 'GPU_RESOURCES'
  | 'SHARED_RESOURCES'
  | 'PARTITION_AWARE'
  | 'MULTI_ROLE'
  | 'RESERVATION_REFINEMENT'
  | 'REGION_AWARE';

export type CheckInfo_Type = 'UNKNOWN' | 'COMMAND' | 'HTTP' | 'TCP';

export type HealthCheck_Type = 'UNKNOWN' | 'COMMAND' | 'HTTP' | 'TCP';

export type ExecutorInfo_Type = 'UNKNOWN' | 'DEFAULT' | 'CUSTOM';

export type MasterInfo_Capability_Type = 'UNKNOWN' | 'AGENT_UPDATE' | 'AGENT_DRAINING' | 'QUOTA_V2';

export type AgentInfo_Capability_Type =
  | 'UNKNOWN'
  | 'MULTI_ROLE'
  | 'HIERARCHICAL_ROLE'
  | 'RESERVATION_REFINEMENT'
  | 'RESOURCE_PROVIDER'
  | 'RESIZE_VOLUME'
  | 'AGENT_OPERATION_FEEDBACK'
  | 'AGENT_DRAINING'
  | 'TASK_RESOURCE_LIMITS';

export type CSIPluginContainerInfo_Service = 'UNKNOWN' | 'CONTROLLER_SERVICE' | 'NODE_SERVICE';

export type Value_Type = 'SCALAR' | 'RANGES' | 'SET' | 'TEXT';

export type Resource_ReservationInfo_Type = 'UNKNOWN' | 'STATIC' | 'DYNAMIC';

export type Resource_DiskInfo_Source_Type = 'UNKNOWN' | 'PATH' | 'MOUNT' | 'BLOCK' | 'RAW';

export type Offer_Operation_Type =
  | 'UNKNOWN'
  | 'LAUNCH'
  | 'LAUNCH_GROUP'
  | 'RESERVE'
  | 'UNRESERVE'
  | 'CREATE'
  | 'DESTROY'
  | 'GROW_VOLUME'
  | 'SHRINK_VOLUME'
  | 'CREATE_DISK'
  | 'DESTROY_DISK';

export type TaskStatus_Source = 'SOURCE_MASTER' | 'SOURCE_AGENT' | 'SOURCE_EXECUTOR';

export type TaskStatus_Reason =
  | 'REASON_COMMAND_EXECUTOR_FAILED'
  | 'REASON_CONTAINER_LAUNCH_FAILED'
  | 'REASON_CONTAINER_LIMITATION'
  | 'REASON_CONTAINER_LIMITATION_DISK'
  | 'REASON_CONTAINER_LIMITATION_MEMORY'
  | 'REASON_CONTAINER_PREEMPTED'
  | 'REASON_CONTAINER_UPDATE_FAILED'
  | 'REASON_MAX_COMPLETION_TIME_REACHED'
  | 'REASON_EXECUTOR_REGISTRATION_TIMEOUT'
  | 'REASON_EXECUTOR_REREGISTRATION_TIMEOUT'
  | 'REASON_EXECUTOR_TERMINATED'
  | 'REASON_EXECUTOR_UNREGISTERED'
  | 'REASON_FRAMEWORK_REMOVED'
  | 'REASON_GC_ERROR'
  | 'REASON_INVALID_FRAMEWORKID'
  | 'REASON_INVALID_OFFERS'
  | 'REASON_IO_SWITCHBOARD_EXITED'
  | 'REASON_MASTER_DISCONNECTED'
  | 'REASON_RECONCILIATION'
  | 'REASON_RESOURCES_UNKNOWN'
  | 'REASON_AGENT_DISCONNECTED'
  | 'REASON_AGENT_DRAINING'
  | 'REASON_AGENT_REMOVED'
  | 'REASON_AGENT_REMOVED_BY_OPERATOR'
  | 'REASON_AGENT_REREGISTERED'
  | 'REASON_AGENT_RESTARTED'
  | 'REASON_AGENT_UNKNOWN'
  | 'REASON_TASK_KILLED_DURING_LAUNCH'
  | 'REASON_TASK_CHECK_STATUS_UPDATED'
  | 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED'
  | 'REASON_TASK_GROUP_INVALID'
  | 'REASON_TASK_GROUP_UNAUTHORIZED'
  | 'REASON_TASK_INVALID'
  | 'REASON_TASK_UNAUTHORIZED'
  | 'REASON_TASK_UNKNOWN';

export type Environment_Variable_Type = 'UNKNOWN' | 'VALUE' | 'SECRET';

export type Secret_Type = 'UNKNOWN' | 'REFERENCE' | 'VALUE';

export type Image_Type = 'APPC' | 'DOCKER';

export type MountPropagation_Mode = 'UNKNOWN' | 'HOST_TO_CONTAINER' | 'BIDIRECTIONAL';

export type Volume_Mode = 'RW' | 'RO';

export type Volume_Source_Type =
  | 'UNKNOWN'
  | 'DOCKER_VOLUME'
  | 'HOST_PATH'
  | 'SANDBOX_PATH'
  | 'SECRET'
  | 'CSI_VOLUME';

export type Volume_Source_SandboxPath_Type = 'UNKNOWN' | 'SELF' | 'PARENT';

export type Volume_Source_CSIVolume_VolumeCapability_AccessMode_Mode =
  | 'UNKNOWN'
  | 'SINGLE_NODE_WRITER'
  | 'SINGLE_NODE_READER_ONLY'
  | 'MULTI_NODE_READER_ONLY'
  | 'MULTI_NODE_SINGLE_WRITER'
  | 'MULTI_NODE_MULTI_WRITER';

export type NetworkInfo_Protocol = 'IPv4' | 'IPv6';

/** Numbers are those of linux/capability.h plus 1000. */
export type CapabilityInfo_Capability =
  | 'UNKNOWN'
  | 'CHOWN'
  | 'DAC_OVERRIDE'
  | 'DAC_READ_SEARCH'
  | 'FOWNER'
  | 'FSETID'
  | 'KILL'
  | 'SETGID'
  | 'SETUID'
  | 'SETPCAP'
  | 'LINUX_IMMUTABLE'
  | 'NET_BIND_SERVICE'
  | 'NET_BROADCAST'
  | 'NET_ADMIN'
  | 'NET_RAW'
  | 'IPC_LOCK'
  | 'IPC_OWNER'
  | 'SYS_MODULE'
  | 'SYS_RAWIO'
  | 'SYS_CHROOT'
  | 'SYS_PTRACE'
  | 'SYS_PACCT'
  | 'SYS_ADMIN'
  | 'SYS_BOOT'
  | 'SYS_NICE'
  | 'SYS_RESOURCE'
  | 'SYS_TIME'
  | 'SYS_TTY_CONFIG'
  | 'MKNOD'
  | 'LEASE'
  | 'AUDIT_WRITE'
  | 'AUDIT_CONTROL'
  | 'SETFCAP'
  | 'MAC_OVERRIDE'
  | 'MAC_ADMIN'
  | 'SYSLOG'
  | 'WAKE_ALARM'
  | 'BLOCK_SUSPEND'
  | 'AUDIT_READ'
  | 'PERFMON'
  | 'BPF'
  | 'CHECKPOINT_RESTORE';

export type LinuxInfo_IpcMode = 'UNKNOWN' | 'PRIVATE' | 'SHARE_PARENT';

export type RLimitInfo_RLimit_Type =
  | 'UNKNOWN'
  | 'RLMT_AS'
  | 'RLMT_CORE'
  | 'RLMT_CPU'
  | 'RLMT_DATA'
  | 'RLMT_FSIZE'
  | 'RLMT_LOCKS'
  | 'RLMT_MEMLOCK'
  | 'RLMT_MSGQUEUE'
  | 'RLMT_NICE'
  | 'RLMT_NOFILE'
  | 'RLMT_NPROC'
  | 'RLMT_RSS'
  | 'RLMT_RTPRIO'
  | 'RLMT_RTTIME'
  | 'RLMT_SIGPENDING'
  | 'RLMT_STACK';

export type ContainerInfo_Type = 'DOCKER' | 'MESOS';

export type ContainerInfo_DockerInfo_Network = 'HOST' | 'BRIDGE' | 'NONE' | 'USER';

export type CgroupInfo_Blkio_Operation =
  | 'UNKNOWN'
  | 'TOTAL'
  | 'READ'
  | 'WRITE'
  | 'SYNC'
  | 'ASYNC'
  | 'DISCARD';

export type DiscoveryInfo_Visibility = 'FRAMEWORK' | 'CLUSTER' | 'EXTERNAL';

/** Chosen by the master at the first SUBSCRIBE; an empty value asks for a new one. */
export type FrameworkID = {
  readonly value: string;
};

export type OfferID = {
  readonly value: string;
};

/** Chosen by the master when the agent registers. */
export type AgentID = {
  readonly value: string;
};

/** Chosen by the framework, unique among its tasks for ever. */
export type TaskID = {
  readonly value: string;
};

/** Chosen by the framework, unique on one agent. */
export type ExecutorID = {
  readonly value: string;
};

/** A nested container is named by its own value and its parents'. */
export type ContainerID = {
  readonly value: string;
  readonly parent?: ContainerID;
};

export type ResourceProviderID = {
  readonly value: string;
};

/** Chosen by the framework that wants to hear how its operation ends. */
export type OperationID = {
  readonly value: string;
};

/** Since the epoch. Beyond 2^53 today: a number that JSON readers round. */
export type TimeInfo = {
  readonly nanoseconds: bigint;
};

/** May not be negative where a length of time is meant. */
export type DurationInfo = {
  readonly nanoseconds: bigint;
};

/** By name or by address; one of them is given. */
export type Address = {
  readonly hostname?: string;
  readonly ip?: string;
  readonly port: number;
};

/** Where an agent can be asked, in parts. */
export type URL = {
  readonly scheme: string;
  readonly address: Address;
  readonly path?: string;
  readonly query?: readonly Parameter[];
  readonly fragment?: string;
};

/** Without a duration it is for good. */
export type Unavailability = {
  readonly start: TimeInfo;
  readonly duration?: DurationInfo;
};

/** A machine may run several agents; they are told apart by nothing here. */
export type MachineID = {
  readonly hostname?: string;
  readonly ip?: string;
};

export type MachineInfo = {
  readonly id: MachineID;
  readonly mode?: MachineInfo_Mode;
  readonly unavailability?: Unavailability;
};

/** What a framework says of itself when it subscribes. */
export type FrameworkInfo = {
  /** On whose account tasks run unless their command says otherwise. */
  readonly user: string;
  readonly name: string;
  readonly id?: FrameworkID;
  /** Seconds that tasks live on without their scheduler. */
  readonly failover_timeout?: number;
  /** Whether tasks survive the restart of their agent. */
  readonly checkpoint?: boolean;
  /** Of frameworks that are not MULTI_ROLE. */
  readonly role?: string;
  readonly roles?: readonly string[];
  readonly hostname?: string;
  readonly principal?: string;
  readonly webui_url?: string;
  readonly capabilities?: readonly FrameworkInfo_Capability[];
  readonly labels?: Labels;
  /** By role: what an offer must have at least to be made. */
  readonly offer_filters?: Readonly<Record<string, OfferFilters>>;
};

/** What a framework understands; it decides what it is offered and told. */
export type FrameworkInfo_Capability = {
  readonly type?: FrameworkInfo_Capability_Type;
};

/** A check that informs and does not kill. Its first run is after `delay_seconds`. */
export type CheckInfo = {
  readonly type?: CheckInfo_Type;
  readonly command?: CheckInfo_Command;
  readonly http?: CheckInfo_Http;
  readonly tcp?: CheckInfo_Tcp;
  readonly delay_seconds?: number;
  readonly interval_seconds?: number;
  /** 0 means no limit. */
  readonly timeout_seconds?: number;
};

export type CheckInfo_Command = {
  readonly command: CommandInfo;
};

export type CheckInfo_Http = {
  readonly port: number;
  readonly path?: string;
};

export type CheckInfo_Tcp = {
  readonly port: number;
};

/** A check that kills the task after as many failures on end as it allows. */
export type HealthCheck = {
  readonly delay_seconds?: number;
  readonly interval_seconds?: number;
  readonly timeout_seconds?: number;
  readonly consecutive_failures?: number;
  /** Since the start: failures in it do not count until a first success. */
  readonly grace_period_seconds?: number;
  readonly type?: HealthCheck_Type;
  readonly command?: CommandInfo;
  readonly http?: HealthCheck_HTTPCheckInfo;
  readonly tcp?: HealthCheck_TCPCheckInfo;
};

export type HealthCheck_HTTPCheckInfo = {
  readonly protocol?: NetworkInfo_Protocol;
  readonly scheme?: string;
  readonly port: number;
  readonly path?: string;
  readonly statuses?: readonly number[];
};

export type HealthCheck_TCPCheckInfo = {
  readonly protocol?: NetworkInfo_Protocol;
  readonly port: number;
};

/** The time between SIGTERM and SIGKILL. */
export type KillPolicy = {
  readonly grace_period?: DurationInfo;
};

/**
 * With `shell` the value is a line for `sh -c`; without, it is the program and `arguments` are
 * its argv, from argv[0].
 */
export type CommandInfo = {
  readonly uris?: readonly CommandInfo_URI[];
  readonly environment?: Environment;
  readonly shell?: boolean;
  readonly value?: string;
  readonly arguments?: readonly string[];
  readonly user?: string;
};

/** A file that is fetched into the sandbox before the command runs. */
export type CommandInfo_URI = {
  readonly value: string;
  readonly executable?: boolean;
  readonly extract?: boolean;
  readonly cache?: boolean;
  readonly output_file?: string;
};

/** Two of one framework with one id on one agent must be equal. */
export type ExecutorInfo = {
  /** DEFAULT is the agent's own, for task groups, and has no command. */
  readonly type?: ExecutorInfo_Type;
  readonly executor_id: ExecutorID;
  readonly framework_id?: FrameworkID;
  readonly command?: CommandInfo;
  readonly container?: ContainerInfo;
  readonly resources?: readonly Resource[];
  readonly name?: string;
  readonly source?: string;
  readonly data?: Uint8Array;
  readonly discovery?: DiscoveryInfo;
  readonly shutdown_grace_period?: DurationInfo;
  readonly labels?: Labels;
};

/** Where a machine stands, for frameworks that spread over regions and zones. */
export type DomainInfo = {
  readonly fault_domain?: DomainInfo_FaultDomain;
};

export type DomainInfo_FaultDomain = {
  readonly region: DomainInfo_FaultDomain_RegionInfo;
  readonly zone: DomainInfo_FaultDomain_ZoneInfo;
};

export type DomainInfo_FaultDomain_RegionInfo = {
  readonly name: string;
};

export type DomainInfo_FaultDomain_ZoneInfo = {
  readonly name: string;
};

/** The leading master as frameworks see it. */
export type MasterInfo = {
  readonly id: string;
  /** In network order, read as little-endian: 127.0.0.1 is 16777343. */
  readonly ip: number;
  readonly port: number;
  readonly pid?: string;
  readonly hostname?: string;
  readonly version?: string;
  readonly address?: Address;
  readonly domain?: DomainInfo;
  readonly capabilities?: readonly MasterInfo_Capability[];
};

export type MasterInfo_Capability = {
  readonly type?: MasterInfo_Capability_Type;
};

/** An agent as it registered. */
export type AgentInfo = {
  readonly hostname: string;
  readonly port?: number;
  readonly resources?: readonly Resource[];
  readonly attributes?: readonly Attribute[];
  readonly id?: AgentID;
  readonly domain?: DomainInfo;
};

export type AgentInfo_Capability = {
  readonly type?: AgentInfo_Capability_Type;
};

export type CSIPluginContainerInfo = {
  readonly services?: readonly CSIPluginContainerInfo_Service[];
  readonly command?: CommandInfo;
  readonly resources?: readonly Resource[];
  readonly container?: ContainerInfo;
};

export type CSIPluginEndpoint = {
  readonly csi_service: CSIPluginContainerInfo_Service;
  readonly endpoint: string;
};

export type CSIPluginInfo = {
  readonly type: string;
  readonly name?: string;
  readonly containers?: readonly CSIPluginContainerInfo[];
  readonly endpoints?: readonly CSIPluginEndpoint[];
  readonly target_path_root?: string;
  readonly target_path_exists?: boolean;
};

export type ResourceProviderInfo = {
  readonly id?: ResourceProviderID;
  readonly attributes?: readonly Attribute[];
  readonly type: string;
  readonly name: string;
  readonly default_reservations?: readonly Resource_ReservationInfo[];
  readonly storage?: ResourceProviderInfo_Storage;
};

export type ResourceProviderInfo_Storage = {
  readonly plugin: CSIPluginInfo;
  readonly reconciliation_interval_seconds?: number;
};

/** One of its fields, as `type` says. */
export type Value = {
  readonly type: Value_Type;
  readonly scalar?: Value_Scalar;
  readonly ranges?: Value_Ranges;
  readonly set?: Value_Set;
  readonly text?: Value_Text;
};

export type Value_Scalar = {
  readonly value: number;
};

/** Both ends are included. */
export type Value_Range = {
  readonly begin: bigint;
  readonly end: bigint;
};

export type Value_Ranges = {
  readonly range?: readonly Value_Range[];
};

export type Value_Set = {
  readonly item?: readonly string[];
};

export type Value_Text = {
  readonly value: string;
};

/** A fact of an agent that is no resource: not counted, not used up. */
export type Attribute = {
  readonly name: string;
  readonly type: Value_Type;
  readonly scalar?: Value_Scalar;
  readonly ranges?: Value_Ranges;
  readonly set?: Value_Set;
  readonly text?: Value_Text;
};

/** An amount of something on one agent. Equal in all but the amount, two of them can be added. */
export type Resource = {
  readonly provider_id?: ResourceProviderID;
  readonly name: string;
  readonly type: Value_Type;
  readonly scalar?: Value_Scalar;
  readonly ranges?: Value_Ranges;
  readonly set?: Value_Set;
  /** Of the older form, for frameworks without RESERVATION_REFINEMENT. */
  readonly role?: string;
  /** To which role it is offered or allocated. */
  readonly allocation_info?: Resource_AllocationInfo;
  /** Of the older form. */
  readonly reservation?: Resource_ReservationInfo;
  /** From the outermost role to the innermost; empty for what is not reserved. */
  readonly reservations?: readonly Resource_ReservationInfo[];
  readonly disk?: Resource_DiskInfo;
  readonly revocable?: Resource_RevocableInfo;
  /** Set for a volume that several tasks may use at a time. */
  readonly shared?: Resource_SharedInfo;
};

export type Resource_AllocationInfo = {
  readonly role?: string;
};

/** STATIC ones are part of the agent's flags and cannot be given up. */
export type Resource_ReservationInfo = {
  readonly type?: Resource_ReservationInfo_Type;
  readonly role?: string;
  readonly principal?: string;
  readonly labels?: Labels;
};

/** What kind of disk, and which persistent volume on it. */
export type Resource_DiskInfo = {
  readonly persistence?: Resource_DiskInfo_Persistence;
  readonly volume?: Volume;
  readonly source?: Resource_DiskInfo_Source;
};

/** The id is unique in the role on the agent. */
export type Resource_DiskInfo_Persistence = {
  readonly id: string;
  readonly principal?: string;
};

export type Resource_DiskInfo_Source = {
  readonly type: Resource_DiskInfo_Source_Type;
  readonly path?: Resource_DiskInfo_Source_Path;
  readonly mount?: Resource_DiskInfo_Source_Mount;
  readonly vendor?: string;
  readonly id?: string;
  readonly metadata?: Labels;
  readonly profile?: string;
};

export type Resource_DiskInfo_Source_Path = {
  readonly root?: string;
};

export type Resource_DiskInfo_Source_Mount = {
  readonly root?: string;
};

/** The task may be killed when its owner wants it back. */
export type Resource_RevocableInfo = Readonly<Record<string, never>>;

export type Resource_SharedInfo = Readonly<Record<string, never>>;

export type TrafficControlStatistics = {
  readonly id: string;
  readonly backlog?: bigint;
  readonly bytes?: bigint;
  readonly drops?: bigint;
  readonly overlimits?: bigint;
  readonly packets?: bigint;
  readonly qlen?: bigint;
  readonly ratebps?: bigint;
  readonly ratepps?: bigint;
  readonly requeues?: bigint;
};

export type IpStatistics = {
  readonly Forwarding?: bigint;
  readonly DefaultTTL?: bigint;
  readonly InReceives?: bigint;
  readonly InHdrErrors?: bigint;
  readonly InAddrErrors?: bigint;
  readonly ForwDatagrams?: bigint;
  readonly InUnknownProtos?: bigint;
  readonly InDiscards?: bigint;
  readonly InDelivers?: bigint;
  readonly OutRequests?: bigint;
  readonly OutDiscards?: bigint;
  readonly OutNoRoutes?: bigint;
  readonly ReasmTimeout?: bigint;
  readonly ReasmReqds?: bigint;
  readonly ReasmOKs?: bigint;
  readonly ReasmFails?: bigint;
  readonly FragOKs?: bigint;
  readonly FragFails?: bigint;
  readonly FragCreates?: bigint;
};

export type IcmpStatistics = {
  readonly InMsgs?: bigint;
  readonly InErrors?: bigint;
  readonly InCsumErrors?: bigint;
  readonly InDestUnreachs?: bigint;
  readonly InTimeExcds?: bigint;
  readonly InParmProbs?: bigint;
  readonly InSrcQuenchs?: bigint;
  readonly InRedirects?: bigint;
  readonly InEchos?: bigint;
  readonly InEchoReps?: bigint;
  readonly InTimestamps?: bigint;
  readonly InTimestampReps?: bigint;
  readonly InAddrMasks?: bigint;
  readonly InAddrMaskReps?: bigint;
  readonly OutMsgs?: bigint;
  readonly OutErrors?: bigint;
  readonly OutDestUnreachs?: bigint;
  readonly OutTimeExcds?: bigint;
  readonly OutParmProbs?: bigint;
  readonly OutSrcQuenchs?: bigint;
  readonly OutRedirects?: bigint;
  readonly OutEchos?: bigint;
  readonly OutEchoReps?: bigint;
  readonly OutTimestamps?: bigint;
  readonly OutTimestampReps?: bigint;
  readonly OutAddrMasks?: bigint;
  readonly OutAddrMaskReps?: bigint;
};

export type TcpStatistics = {
  readonly RtoAlgorithm?: bigint;
  readonly RtoMin?: bigint;
  readonly RtoMax?: bigint;
  readonly MaxConn?: bigint;
  readonly ActiveOpens?: bigint;
  readonly PassiveOpens?: bigint;
  readonly AttemptFails?: bigint;
  readonly EstabResets?: bigint;
  readonly CurrEstab?: bigint;
  readonly InSegs?: bigint;
  readonly OutSegs?: bigint;
  readonly RetransSegs?: bigint;
  readonly InErrs?: bigint;
  readonly OutRsts?: bigint;
  readonly InCsumErrors?: bigint;
};

export type UdpStatistics = {
  readonly InDatagrams?: bigint;
  readonly NoPorts?: bigint;
  readonly InErrors?: bigint;
  readonly OutDatagrams?: bigint;
  readonly RcvbufErrors?: bigint;
  readonly SndbufErrors?: bigint;
  readonly InCsumErrors?: bigint;
  readonly IgnoredMulti?: bigint;
};

export type SNMPStatistics = {
  readonly ip_stats?: IpStatistics;
  readonly icmp_stats?: IcmpStatistics;
  readonly tcp_stats?: TcpStatistics;
  readonly udp_stats?: UdpStatistics;
};

export type DiskStatistics = {
  readonly source?: Resource_DiskInfo_Source;
  readonly persistence?: Resource_DiskInfo_Persistence;
  readonly limit_bytes?: bigint;
  readonly used_bytes?: bigint;
};

export type ResourceStatistics = {
  readonly timestamp: number;
  readonly processes?: number;
  readonly threads?: number;
  readonly cpus_user_time_secs?: number;
  readonly cpus_system_time_secs?: number;
  readonly cpus_limit?: number;
  readonly cpus_soft_limit?: number;
  readonly cpus_nr_periods?: number;
  readonly cpus_nr_throttled?: number;
  readonly cpus_throttled_time_secs?: number;
  readonly mem_total_bytes?: bigint;
  readonly mem_total_memsw_bytes?: bigint;
  readonly mem_kmem_usage_bytes?: bigint;
  readonly mem_kmem_tcp_usage_bytes?: bigint;
  readonly mem_limit_bytes?: bigint;
  readonly mem_soft_limit_bytes?: bigint;
  readonly mem_file_bytes?: bigint;
  readonly mem_anon_bytes?: bigint;
  readonly mem_cache_bytes?: bigint;
  readonly mem_rss_bytes?: bigint;
  readonly mem_mapped_file_bytes?: bigint;
  readonly mem_swap_bytes?: bigint;
  readonly mem_unevictable_bytes?: bigint;
  readonly mem_low_pressure_counter?: bigint;
  readonly mem_medium_pressure_counter?: bigint;
  readonly mem_critical_pressure_counter?: bigint;
  readonly disk_limit_bytes?: bigint;
  readonly disk_used_bytes?: bigint;
  readonly disk_statistics?: readonly DiskStatistics[];
  readonly blkio_statistics?: CgroupInfo_Blkio_Statistics;
  readonly perf?: PerfStatistics;
  readonly net_rx_packets?: bigint;
  readonly net_rx_bytes?: bigint;
  readonly net_rx_errors?: bigint;
  readonly net_rx_dropped?: bigint;
  readonly net_tx_packets?: bigint;
  readonly net_tx_bytes?: bigint;
  readonly net_tx_errors?: bigint;
  readonly net_tx_dropped?: bigint;
  readonly net_tx_rate_limit?: bigint;
  readonly net_tx_burst_rate_limit?: bigint;
  readonly net_tx_burst_size?: bigint;
  readonly net_rx_rate_limit?: bigint;
  readonly net_rx_burst_rate_limit?: bigint;
  readonly net_rx_burst_size?: bigint;
  readonly net_rate_statistics?: ResourceStatistics_RateStatistics;
  readonly net_ephemeral_ports?: Value_Range;
  readonly net_tcp_rtt_microsecs_p50?: number;
  readonly net_tcp_rtt_microsecs_p90?: number;
  readonly net_tcp_rtt_microsecs_p95?: number;
  readonly net_tcp_rtt_microsecs_p99?: number;
  readonly net_tcp_active_connections?: number;
  readonly net_tcp_time_wait_connections?: number;
  readonly net_traffic_control_statistics?: readonly TrafficControlStatistics[];
  readonly net_snmp_statistics?: SNMPStatistics;
};

export type ResourceStatistics_RatePercentiles = {
  readonly min?: bigint;
  readonly max?: bigint;
  readonly p50?: bigint;
  readonly p90?: bigint;
  readonly p95?: bigint;
  readonly p99?: bigint;
  readonly p999?: bigint;
  readonly p9999?: bigint;
  readonly samples?: bigint;
};

export type ResourceStatistics_RateStatistics = {
  readonly rx_rate?: ResourceStatistics_RatePercentiles;
  readonly rx_packet_rate?: ResourceStatistics_RatePercentiles;
  readonly rx_drop_rate?: ResourceStatistics_RatePercentiles;
  readonly rx_error_rate?: ResourceStatistics_RatePercentiles;
  readonly tx_rate?: ResourceStatistics_RatePercentiles;
  readonly tx_packet_rate?: ResourceStatistics_RatePercentiles;
  readonly tx_drop_rate?: ResourceStatistics_RatePercentiles;
  readonly tx_error_rate?: ResourceStatistics_RatePercentiles;
  readonly sampling_window_secs?: number;
  readonly sampling_interval_secs?: number;
};

export type ResourceUsage = {
  readonly executors?: readonly ResourceUsage_Executor[];
  readonly total?: readonly Resource[];
};

export type ResourceUsage_Executor = {
  readonly executor_info: ExecutorInfo;
  readonly allocated?: readonly Resource[];
  readonly statistics?: ResourceStatistics;
  readonly container_id: ContainerID;
  readonly tasks?: readonly ResourceUsage_Executor_Task[];
};

export type ResourceUsage_Executor_Task = {
  readonly name: string;
  readonly id: TaskID;
  readonly resources?: readonly Resource[];
  readonly labels?: Labels;
};

export type PerfStatistics = {
  readonly timestamp: number;
  readonly duration: number;
  readonly cycles?: bigint;
  readonly stalled_cycles_frontend?: bigint;
  readonly stalled_cycles_backend?: bigint;
  readonly instructions?: bigint;
  readonly cache_references?: bigint;
  readonly cache_misses?: bigint;
  readonly branches?: bigint;
  readonly branch_misses?: bigint;
  readonly bus_cycles?: bigint;
  readonly ref_cycles?: bigint;
  readonly cpu_clock?: number;
  readonly task_clock?: number;
  readonly page_faults?: bigint;
  readonly minor_faults?: bigint;
  readonly major_faults?: bigint;
  readonly context_switches?: bigint;
  readonly cpu_migrations?: bigint;
  readonly alignment_faults?: bigint;
  readonly emulation_faults?: bigint;
  readonly l1_dcache_loads?: bigint;
  readonly l1_dcache_load_misses?: bigint;
  readonly l1_dcache_stores?: bigint;
  readonly l1_dcache_store_misses?: bigint;
  readonly l1_dcache_prefetches?: bigint;
  readonly l1_dcache_prefetch_misses?: bigint;
  readonly l1_icache_loads?: bigint;
  readonly l1_icache_load_misses?: bigint;
  readonly l1_icache_prefetches?: bigint;
  readonly l1_icache_prefetch_misses?: bigint;
  readonly llc_loads?: bigint;
  readonly llc_load_misses?: bigint;
  readonly llc_stores?: bigint;
  readonly llc_store_misses?: bigint;
  readonly llc_prefetches?: bigint;
  readonly llc_prefetch_misses?: bigint;
  readonly dtlb_loads?: bigint;
  readonly dtlb_load_misses?: bigint;
  readonly dtlb_stores?: bigint;
  readonly dtlb_store_misses?: bigint;
  readonly dtlb_prefetches?: bigint;
  readonly dtlb_prefetch_misses?: bigint;
  readonly itlb_loads?: bigint;
  readonly itlb_load_misses?: bigint;
  readonly branch_loads?: bigint;
  readonly branch_load_misses?: bigint;
  readonly node_loads?: bigint;
  readonly node_load_misses?: bigint;
  readonly node_stores?: bigint;
  readonly node_store_misses?: bigint;
  readonly node_prefetches?: bigint;
  readonly node_prefetch_misses?: bigint;
};

/** What a framework does not want to be bothered with. */
export type OfferFilters = {
  readonly min_allocatable_resources?: OfferFilters_MinAllocatableResources;
};

export type OfferFilters_ResourceQuantities = {
  readonly quantities?: Readonly<Record<string, Value_Scalar>>;
};

export type OfferFilters_MinAllocatableResources = {
  readonly quantities?: readonly OfferFilters_ResourceQuantities[];
};

export type Request = {
  readonly agent_id?: AgentID;
  readonly resources?: readonly Resource[];
};

/** Resources of one agent for one role of one framework, until accepted, declined or rescinded. */
export type Offer = {
  readonly id: OfferID;
  readonly framework_id: FrameworkID;
  readonly agent_id: AgentID;
  readonly hostname: string;
  readonly url?: URL;
  readonly domain?: DomainInfo;
  readonly resources?: readonly Resource[];
  readonly attributes?: readonly Attribute[];
  readonly executor_ids?: readonly ExecutorID[];
  readonly unavailability?: Unavailability;
  readonly allocation_info?: Resource_AllocationInfo;
};

/** What is to be done with offered resources. `type` names the field that says more. */
export type Offer_Operation = {
  readonly type?: Offer_Operation_Type;
  readonly id?: OperationID;
  readonly launch?: Offer_Operation_Launch;
  readonly launch_group?: Offer_Operation_LaunchGroup;
  readonly reserve?: Offer_Operation_Reserve;
  readonly unreserve?: Offer_Operation_Unreserve;
  readonly create?: Offer_Operation_Create;
  readonly destroy?: Offer_Operation_Destroy;
  readonly grow_volume?: Offer_Operation_GrowVolume;
  readonly shrink_volume?: Offer_Operation_ShrinkVolume;
  readonly create_disk?: Offer_Operation_CreateDisk;
  readonly destroy_disk?: Offer_Operation_DestroyDisk;
};

export type Offer_Operation_Launch = {
  readonly task_infos?: readonly TaskInfo[];
};

/** All tasks of the group or none. */
export type Offer_Operation_LaunchGroup = {
  readonly executor: ExecutorInfo;
  readonly task_group: TaskGroupInfo;
};

/** With `source`, a reservation is changed into another one. */
export type Offer_Operation_Reserve = {
  readonly source?: readonly Resource[];
  readonly resources?: readonly Resource[];
};

export type Offer_Operation_Unreserve = {
  readonly resources?: readonly Resource[];
};

export type Offer_Operation_Create = {
  readonly volumes?: readonly Resource[];
};

export type Offer_Operation_Destroy = {
  readonly volumes?: readonly Resource[];
};

export type Offer_Operation_GrowVolume = {
  readonly volume: Resource;
  readonly addition: Resource;
};

export type Offer_Operation_ShrinkVolume = {
  readonly volume: Resource;
  readonly subtract: Value_Scalar;
};

export type Offer_Operation_CreateDisk = {
  readonly source: Resource;
  readonly target_type: Resource_DiskInfo_Source_Type;
  readonly target_profile?: string;
};

export type Offer_Operation_DestroyDisk = {
  readonly source: Resource;
};

/** Resources that are asked back, because their machine is to be maintained. */
export type InverseOffer = {
  readonly id: OfferID;
  readonly url?: URL;
  readonly framework_id: FrameworkID;
  readonly agent_id?: AgentID;
  readonly unavailability: Unavailability;
  readonly resources?: readonly Resource[];
};

/** What is to run. Exactly one of `command` and `executor`, but in a group. */
export type TaskInfo = {
  readonly name: string;
  readonly task_id: TaskID;
  readonly agent_id: AgentID;
  readonly resources?: readonly Resource[];
  readonly executor?: ExecutorInfo;
  readonly command?: CommandInfo;
  readonly container?: ContainerInfo;
  readonly health_check?: HealthCheck;
  readonly check?: CheckInfo;
  readonly kill_policy?: KillPolicy;
  readonly data?: Uint8Array;
  readonly labels?: Labels;
  readonly discovery?: DiscoveryInfo;
  /** Killed with REASON_MAX_COMPLETION_TIME_REACHED when it takes longer. */
  readonly max_completion_time?: DurationInfo;
  /** By resource, `cpus` and `mem`: more than requested, or Infinity for none. */
  readonly limits?: Readonly<Record<string, Value_Scalar>>;
};

export type TaskGroupInfo = {
  readonly tasks?: readonly TaskInfo[];
};

/** A task as the master and agents keep it. */
export type Task = {
  readonly name: string;
  readonly task_id: TaskID;
  readonly framework_id: FrameworkID;
  readonly executor_id?: ExecutorID;
  readonly agent_id: AgentID;
  readonly state: TaskState;
  readonly resources?: readonly Resource[];
  readonly statuses?: readonly TaskStatus[];
  /** Of the latest update that the framework was sent, which may lag behind. */
  readonly status_update_state?: TaskState;
  readonly status_update_uuid?: Uint8Array;
  readonly labels?: Labels;
  readonly discovery?: DiscoveryInfo;
  readonly container?: ContainerInfo;
  readonly health_check?: HealthCheck;
  readonly kill_policy?: KillPolicy;
  readonly user?: string;
  readonly limits?: Readonly<Record<string, Value_Scalar>>;
};

export type TaskResourceLimitation = {
  readonly resources?: readonly Resource[];
};

export type UUID = {
  readonly value: Uint8Array;
};

/** An operation as the master and agents keep it. */
export type Operation = {
  readonly framework_id?: FrameworkID;
  readonly agent_id?: AgentID;
  readonly info: Offer_Operation;
  readonly latest_status: OperationStatus;
  readonly statuses?: readonly OperationStatus[];
  readonly uuid: UUID;
};

export type OperationStatus = {
  readonly operation_id?: OperationID;
  readonly state: OperationState;
  readonly message?: string;
  readonly converted_resources?: readonly Resource[];
  readonly uuid?: UUID;
  readonly agent_id?: AgentID;
  readonly resource_provider_id?: ResourceProviderID;
};

export type CheckStatusInfo = {
  readonly type?: CheckInfo_Type;
  readonly command?: CheckStatusInfo_Command;
  readonly http?: CheckStatusInfo_Http;
  readonly tcp?: CheckStatusInfo_Tcp;
};

export type CheckStatusInfo_Command = {
  readonly exit_code?: number;
};

export type CheckStatusInfo_Http = {
  readonly status_code?: number;
};

export type CheckStatusInfo_Tcp = {
  readonly succeeded?: boolean;
};

/**
 * One change of a task's state. With a uuid it is to be acknowledged, and comes again until it
 * is.
 */
export type TaskStatus = {
  readonly task_id: TaskID;
  readonly state: TaskState;
  readonly message?: string;
  readonly source?: TaskStatus_Source;
  readonly reason?: TaskStatus_Reason;
  readonly data?: Uint8Array;
  readonly agent_id?: AgentID;
  readonly executor_id?: ExecutorID;
  /** Seconds since the epoch. */
  readonly timestamp?: number;
  readonly uuid?: Uint8Array;
  readonly healthy?: boolean;
  readonly check_status?: CheckStatusInfo;
  readonly labels?: Labels;
  readonly container_status?: ContainerStatus;
  /** When the agent was given up. */
  readonly unreachable_time?: TimeInfo;
  readonly limitation?: TaskResourceLimitation;
};

/** For how long the declined resources are not offered to this framework again. */
export type Filters = {
  readonly refuse_seconds?: number;
};

export type Environment = {
  readonly variables?: readonly Environment_Variable[];
};

export type Environment_Variable = {
  readonly name: string;
  readonly type?: Environment_Variable_Type;
  readonly value?: string;
  readonly secret?: Secret;
};

export type Parameter = {
  readonly key: string;
  readonly value: string;
};

export type Parameters = {
  readonly parameter?: readonly Parameter[];
};

export type Credential = {
  readonly principal: string;
  readonly secret?: string;
};

export type Credentials = {
  readonly credentials?: readonly Credential[];
};

/** Given away by value, or named for a secret store to find. */
export type Secret = {
  readonly type?: Secret_Type;
  readonly reference?: Secret_Reference;
  readonly value?: Secret_Value;
};

export type Secret_Reference = {
  readonly name: string;
  readonly key?: string;
};

export type Secret_Value = {
  readonly data: Uint8Array;
};

export type RateLimit = {
  readonly qps?: number;
  readonly principal: string;
  readonly capacity?: bigint;
};

export type RateLimits = {
  readonly limits?: readonly RateLimit[];
  readonly aggregate_default_qps?: number;
  readonly aggregate_default_capacity?: bigint;
};

/** What a container's root file system is made of. */
export type Image = {
  readonly type: Image_Type;
  readonly appc?: Image_Appc;
  readonly docker?: Image_Docker;
  readonly cached?: boolean;
};

export type Image_Appc = {
  readonly name: string;
  readonly id?: string;
  readonly labels?: Labels;
};

export type Image_Docker = {
  readonly name: string;
  readonly credential?: Credential;
  readonly config?: Secret;
};

export type MountPropagation = {
  readonly mode?: MountPropagation_Mode;
};

/** Something of the host, an image or a volume plugin, seen at a path in the container. */
export type Volume = {
  readonly mode: Volume_Mode;
  readonly container_path: string;
  readonly host_path?: string;
  readonly image?: Image;
  readonly source?: Volume_Source;
};

export type Volume_Source = {
  readonly type?: Volume_Source_Type;
  readonly docker_volume?: Volume_Source_DockerVolume;
  readonly host_path?: Volume_Source_HostPath;
  readonly sandbox_path?: Volume_Source_SandboxPath;
  readonly secret?: Secret;
  readonly csi_volume?: Volume_Source_CSIVolume;
};

export type Volume_Source_DockerVolume = {
  readonly driver?: string;
  readonly name: string;
  readonly driver_options?: Parameters;
};

export type Volume_Source_HostPath = {
  readonly path: string;
  readonly mount_propagation?: MountPropagation;
};

export type Volume_Source_SandboxPath = {
  readonly type?: Volume_Source_SandboxPath_Type;
  readonly path: string;
};

export type Volume_Source_CSIVolume = {
  readonly plugin_name: string;
  readonly static_provisioning?: Volume_Source_CSIVolume_StaticProvisioning;
};

export type Volume_Source_CSIVolume_VolumeCapability = {
  readonly block?: Volume_Source_CSIVolume_VolumeCapability_BlockVolume;
  readonly mount?: Volume_Source_CSIVolume_VolumeCapability_MountVolume;
  readonly access_mode: Volume_Source_CSIVolume_VolumeCapability_AccessMode;
};

export type Volume_Source_CSIVolume_VolumeCapability_BlockVolume = Readonly<Record<string, never>>;

export type Volume_Source_CSIVolume_VolumeCapability_MountVolume = {
  readonly fs_type?: string;
  readonly mount_flags?: readonly string[];
};

export type Volume_Source_CSIVolume_VolumeCapability_AccessMode = {
  readonly mode: Volume_Source_CSIVolume_VolumeCapability_AccessMode_Mode;
};

export type Volume_Source_CSIVolume_StaticProvisioning = {
  readonly volume_id: string;
  readonly volume_capability: Volume_Source_CSIVolume_VolumeCapability;
  readonly node_stage_secrets?: Readonly<Record<string, Secret>>;
  readonly node_publish_secrets?: Readonly<Record<string, Secret>>;
  readonly volume_context?: Readonly<Record<string, string>>;
};

/** A network to join, and after the start the addresses that were given. */
export type NetworkInfo = {
  readonly ip_addresses?: readonly NetworkInfo_IPAddress[];
  readonly name?: string;
  readonly groups?: readonly string[];
  readonly labels?: Labels;
  readonly port_mappings?: readonly NetworkInfo_PortMapping[];
};

export type NetworkInfo_IPAddress = {
  readonly protocol?: NetworkInfo_Protocol;
  readonly ip_address?: string;
};

export type NetworkInfo_PortMapping = {
  readonly host_port: number;
  readonly container_port: number;
  readonly protocol?: string;
};

export type CapabilityInfo = {
  readonly capabilities?: readonly CapabilityInfo_Capability[];
};

export type SeccompInfo = {
  readonly profile_name?: string;
  readonly unconfined?: boolean;
};

/** What the container may do and share with its parent. */
export type LinuxInfo = {
  readonly capability_info?: CapabilityInfo;
  readonly bounding_capabilities?: CapabilityInfo;
  readonly effective_capabilities?: CapabilityInfo;
  readonly share_pid_namespace?: boolean;
  readonly seccomp?: SeccompInfo;
  readonly ipc_mode?: LinuxInfo_IpcMode;
  readonly shm_size?: number;
  readonly share_cgroups?: boolean;
};

export type RLimitInfo = {
  readonly rlimits?: readonly RLimitInfo_RLimit[];
};

/** Both limits or none; none means unlimited. */
export type RLimitInfo_RLimit = {
  readonly type?: RLimitInfo_RLimit_Type;
  readonly hard?: bigint;
  readonly soft?: bigint;
};

export type TTYInfo = {
  readonly window_size?: TTYInfo_WindowSize;
};

export type TTYInfo_WindowSize = {
  readonly rows: number;
  readonly columns: number;
};

/** In which container a task or executor runs. */
export type ContainerInfo = {
  readonly type: ContainerInfo_Type;
  readonly volumes?: readonly Volume[];
  readonly hostname?: string;
  readonly docker?: ContainerInfo_DockerInfo;
  readonly mesos?: ContainerInfo_MesosInfo;
  readonly network_infos?: readonly NetworkInfo[];
  readonly linux_info?: LinuxInfo;
  readonly rlimit_info?: RLimitInfo;
  readonly tty_info?: TTYInfo;
};

/** For the docker containerizer. */
export type ContainerInfo_DockerInfo = {
  readonly image: string;
  readonly network?: ContainerInfo_DockerInfo_Network;
  readonly port_mappings?: readonly ContainerInfo_DockerInfo_PortMapping[];
  readonly privileged?: boolean;
  readonly parameters?: readonly Parameter[];
  readonly force_pull_image?: boolean;
  readonly volume_driver?: string;
};

export type ContainerInfo_DockerInfo_PortMapping = {
  readonly host_port: number;
  readonly container_port: number;
  readonly protocol?: string;
};

/** For the containerizer that comes with the agent. */
export type ContainerInfo_MesosInfo = {
  readonly image?: Image;
};

export type ContainerStatus = {
  readonly container_id?: ContainerID;
  readonly network_infos?: readonly NetworkInfo[];
  readonly cgroup_info?: CgroupInfo;
  readonly executor_pid?: number;
};

export type CgroupInfo = {
  readonly net_cls?: CgroupInfo_NetCls;
};

export type CgroupInfo_Blkio = Readonly<Record<string, never>>;

export type CgroupInfo_Blkio_Value = {
  readonly op?: CgroupInfo_Blkio_Operation;
  readonly value?: bigint;
};

export type CgroupInfo_Blkio_CFQ = Readonly<Record<string, never>>;

export type CgroupInfo_Blkio_CFQ_Statistics = {
  readonly device?: Device_Number;
  readonly sectors?: bigint;
  readonly time?: bigint;
  readonly io_serviced?: readonly CgroupInfo_Blkio_Value[];
  readonly io_service_bytes?: readonly CgroupInfo_Blkio_Value[];
  readonly io_service_time?: readonly CgroupInfo_Blkio_Value[];
  readonly io_wait_time?: readonly CgroupInfo_Blkio_Value[];
  readonly io_merged?: readonly CgroupInfo_Blkio_Value[];
  readonly io_queued?: readonly CgroupInfo_Blkio_Value[];
};

export type CgroupInfo_Blkio_Throttling = Readonly<Record<string, never>>;

export type CgroupInfo_Blkio_Throttling_Statistics = {
  readonly device?: Device_Number;
  readonly io_serviced?: readonly CgroupInfo_Blkio_Value[];
  readonly io_service_bytes?: readonly CgroupInfo_Blkio_Value[];
};

export type CgroupInfo_Blkio_Statistics = {
  readonly cfq?: readonly CgroupInfo_Blkio_CFQ_Statistics[];
  readonly cfq_recursive?: readonly CgroupInfo_Blkio_CFQ_Statistics[];
  readonly throttling?: readonly CgroupInfo_Blkio_Throttling_Statistics[];
};

export type CgroupInfo_NetCls = {
  readonly classid?: number;
};

export type Labels = {
  readonly labels?: readonly Label[];
};

export type Label = {
  readonly key: string;
  readonly value?: string;
};

export type Port = {
  readonly number: number;
  readonly name?: string;
  readonly protocol?: string;
  readonly visibility?: DiscoveryInfo_Visibility;
  readonly labels?: Labels;
};

export type Ports = {
  readonly ports?: readonly Port[];
};

/** For service discovery; passed through unread. */
export type DiscoveryInfo = {
  readonly visibility: DiscoveryInfo_Visibility;
  readonly name?: string;
  readonly environment?: string;
  readonly location?: string;
  readonly version?: string;
  readonly ports?: Ports;
  readonly labels?: Labels;
};

export type WeightInfo = {
  readonly weight: number;
  readonly role?: string;
};

export type VersionInfo = {
  readonly version: string;
  readonly build_date?: string;
  readonly build_time?: number;
  readonly build_user?: string;
  readonly git_sha?: string;
  readonly git_branch?: string;
  readonly git_tag?: string;
};

export type Flag = {
  readonly name: string;
  readonly value?: string;
};

export type Role = {
  readonly name: string;
  readonly weight: number;
  readonly frameworks?: readonly FrameworkID[];
  readonly resources?: readonly Resource[];
};

/** Without a value it was not there in time. */
export type Metric = {
  readonly name: string;
  readonly value?: number;
};

export type FileInfo = {
  readonly path: string;
  readonly nlink?: number;
  readonly size?: bigint;
  readonly mtime?: TimeInfo;
  readonly mode?: number;
  readonly uid?: string;
  readonly gid?: string;
};

export type Device = {
  readonly path?: string;
  readonly number?: Device_Number;
};

export type Device_Number = {
  readonly major_number: bigint;
  readonly minor_number: bigint;
};

export type DeviceAccess = {
  readonly device: Device;
  readonly access: DeviceAccess_Access;
};

export type DeviceAccess_Access = {
  readonly read?: boolean;
  readonly write?: boolean;
  readonly mknod?: boolean;
};

export type DeviceWhitelist = {
  readonly allowed_devices?: readonly DeviceAccess[];
};

/** How an agent is drained: the time its tasks get, and whether it is gone for good afterwards. */
export type DrainConfig = {
  readonly max_grace_period?: DurationInfo;
  readonly mark_gone?: boolean;
};

export type DrainInfo = {
  readonly state: DrainState;
  readonly config: DrainConfig;
};
