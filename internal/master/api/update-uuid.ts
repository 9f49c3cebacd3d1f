/**
 * Whether bytes are a UUID as schedulers send it back to us: 16 of them, of a version that exists.
 * All zeroes have none, and a real master refuses them (oracle `live_ack_unknown`).
 */
export function isUpdateUuid(bytes: Uint8Array): boolean {
  const version = (bytes[6] ?? 0) >> 4;
  return bytes.length === 16 && version >= 1 && version <= 5;
}
