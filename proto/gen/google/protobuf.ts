// Made by `npm run generate` from the .proto files of this folder; not to be edited.

export type Duration = {
  readonly seconds?: bigint;
  readonly nanos?: number;
};
