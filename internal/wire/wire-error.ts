/** What a reader takes at most: what is beyond it is refused before it is looked at. */
export type ReadLimits = {
  /** Items of all lists and entries of all maps of a message, and of those in it. */
  readonly itemsMax?: number;
};

export const tooManyItems = 'The message has more items than one may have';

/** Which decoder or encoder refused. */
export type WireErrorCode = 'protobuf' | 'json' | 'record-io';

/**
 * Bytes or text from outside that are not what they should be, or a message that cannot be written.
 * The only error that the codecs of this room throw. `message` is a sentence for the peer.
 */
export class WireError extends Error {
  override readonly name: string = 'WireError';
  readonly code: WireErrorCode;

  constructor(code: WireErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
