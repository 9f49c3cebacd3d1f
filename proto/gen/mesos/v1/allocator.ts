// Made by `npm run generate` from the .proto files of this folder; not to be edited.
import type * as mesos_v1 from '../../mesos/v1.ts';

/** ACCEPT promises that the resources will have been freed. */
export type InverseOfferStatus_Status = 'UNKNOWN' | 'ACCEPT' | 'DECLINE';

export type InverseOfferStatus = {
  readonly status: InverseOfferStatus_Status;
  readonly framework_id: mesos_v1.FrameworkID;
  readonly timestamp: mesos_v1.TimeInfo;
};
