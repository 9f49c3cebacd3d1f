/**
 * Names that strangers choose for what they put into a sandbox: of members of archives, of links in
 * them, and of output files. Whatever they say, it stays inside.
 */
import { accept, refuse, type Result } from '#internal/base/result.ts';

/** Deeper trees than this are made to hurt. */
const depthMax = 64;
const nameBytesMax = 255;

/** The parts of a relative path without `..`; none of them for the folder itself. */
export function parseMemberPath(path: string): Result<readonly string[], string> {
  const shown = shorten(path);
  if (path.includes('\0')) return refuse(`The name '${shown}' contains a NUL`);
  if (path.startsWith('/')) return refuse(`The name '${shown}' is absolute`);
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) return refuse(`The name '${shown}' leads out of the sandbox`);
  if (parts.length > depthMax) return refuse(`The name '${shown}' has more than ${depthMax} parts`);
  if (parts.some((part) => new TextEncoder().encode(part).length > nameBytesMax)) {
    return refuse(`The name '${shown}' has a part of more than ${nameBytesMax} bytes`);
  }
  return accept(parts);
}

/**
 * Whether a symbolic link at `path`, all of whose folders are real ones, can never lead out, whatever
 * other such links it leads through. So `..` may only stand at its beginning: behind a name, which may
 * be a link, nobody knows where it would lead.
 */
export function staysInside(path: readonly string[], target: string): boolean {
  if (target === '' || target.startsWith('/') || target.includes('\0')) return false;
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const firstName = parts.findIndex((part) => part !== '..');
  const ups = firstName < 0 ? parts.length : firstName;
  return ups < path.length && !parts.slice(ups).includes('..');
}

/** What fits into a message. Control characters would deceive its reader. */
export function shorten(text: string): string {
  const plain = text.replaceAll(/\p{Cc}/gu, '?');
  return plain.length > 200 ? `${plain.slice(0, 200)}…` : plain;
}
