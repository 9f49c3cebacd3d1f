/**
 * What a build is sent: the working tree without what `.dockerignore` names. Of its patterns only the
 * plain ones are known here (a path, a name with `*`, a leading or inner double star); the last one that fits wins.
 */

/** Whether a build never sees this path (relative, with `/`), by itself or by a folder above it. */
export function isIgnored(dockerignore: string, path: string): boolean {
  const parts = path.split('/');
  const prefixes = parts.map((_, n) => parts.slice(0, n + 1).join('/'));
  let ignored = false;
  for (const line of dockerignore.split('\n').map((text) => text.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const pattern = toPattern(line.replace(/^!/, '').replace(/^\/|\/$/g, ''));
    if (prefixes.some((prefix) => pattern.test(prefix))) ignored = !line.startsWith('!');
  }
  return ignored;
}

function toPattern(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('**/', '\0')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
    .replaceAll('\0', '(?:.*/)?');
  return new RegExp(`^${source}$`);
}
