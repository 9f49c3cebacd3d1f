/** How one side of a link writes its messages and reads the other's; `decode` throws for garbage. */
export type LinkCodec<Out, In> = {
  encode(message: Out): Uint8Array;
  decode(bytes: Uint8Array): In;
};
