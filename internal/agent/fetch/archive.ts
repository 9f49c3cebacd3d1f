/** What archives hold, whatever their format. */
export type ArchiveMember =
  | {
      readonly kind: 'file';
      readonly name: string;
      readonly mode: number;
      /** To be read before the next member is asked for, or not at all. */
      readonly content: AsyncIterable<Uint8Array>;
    }
  | { readonly kind: 'folder'; readonly name: string; readonly mode: number }
  | { readonly kind: 'link'; readonly name: string; readonly target: string }
  /** Another name of a file that came before. */
  | { readonly kind: 'hard-link'; readonly name: string; readonly target: string }
  /** A device, a pipe, or what nobody knows. */
  | { readonly kind: 'other'; readonly name: string; readonly what: string };

/** An archive that is damaged, is none, or holds what may not be; the message is for its owner. */
export class ArchiveError extends Error {
  override readonly name: string = 'ArchiveError';
}
