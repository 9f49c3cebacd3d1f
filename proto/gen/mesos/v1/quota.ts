// Made by `npm run generate` from the .proto files of this folder; not to be edited.
import type * as mesos_v1 from '../../mesos/v1.ts';

/** Of the older form, guarantees only. */
export type QuotaInfo = {
  readonly role?: string;
  readonly principal?: string;
  readonly guarantee?: readonly mesos_v1.Resource[];
};

export type QuotaRequest = {
  readonly force?: boolean;
  readonly role?: string;
  readonly guarantee?: readonly mesos_v1.Resource[];
};

/** A resource without a guarantee has none, one without a limit has none. */
export type QuotaConfig = {
  readonly role: string;
  readonly guarantees?: Readonly<Record<string, mesos_v1.Value_Scalar>>;
  readonly limits?: Readonly<Record<string, mesos_v1.Value_Scalar>>;
};

export type QuotaStatus = {
  readonly infos?: readonly QuotaInfo[];
  readonly configs?: readonly QuotaConfig[];
};
