// Made by `npm run generate` from the .proto files of this folder; not to be edited.
import type * as mesos_v1 from '../../mesos/v1.ts';
import type * as mesos_v1_allocator from '../../mesos/v1/allocator.ts';

export type Window = {
  readonly machine_ids?: readonly mesos_v1.MachineID[];
  readonly unavailability: mesos_v1.Unavailability;
};

/** The whole of it: a new one replaces the old. */
export type Schedule = {
  readonly windows?: readonly Window[];
};

export type ClusterStatus = {
  readonly draining_machines?: readonly ClusterStatus_DrainingMachine[];
  readonly down_machines?: readonly mesos_v1.MachineID[];
};

export type ClusterStatus_DrainingMachine = {
  readonly id: mesos_v1.MachineID;
  readonly statuses?: readonly mesos_v1_allocator.InverseOfferStatus[];
};
