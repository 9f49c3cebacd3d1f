/** Bytes of a peer that are no messages. */
export class CodecError extends Error {
  override readonly name: string = 'CodecError';
  readonly code = 'MALFORMED' as const;
}
