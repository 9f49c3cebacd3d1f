/** Digests of bytes, as a port: the machine's library computes them. */
export type Digests = { open(algorithm: DigestAlgorithm): Digest };

export type DigestAlgorithm = 'sha256' | 'sha512';

export type Digest = {
  update(bytes: Uint8Array): void;
  /** In lower case. Nothing can be added after it. */
  hex(): string;
};
