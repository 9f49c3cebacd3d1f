/** An image, as far as a container needs to know it. */
export type Image = {
  /** Of its manifest: `sha256:…`. */
  readonly digest: string;
  readonly config: ImageConfig;
  /** Folders of the store with its layers, the topmost first. */
  readonly layers: readonly string[];
};

/** What its author wants to be run, and how. */
export type ImageConfig = {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Empty: none. */
  readonly workingFolder: string;
  /** `user`, `uid`, `user:group` or `uid:gid`; empty: root. */
  readonly user: string;
};

/** Of the JSON that images carry (OCI image specification, `config.md`); what is odd in it is nothing. */
export function imageConfigFromJson(json: unknown): ImageConfig {
  const config = fieldOf(json, 'config');
  const pairs = texts(fieldOf(config, 'Env')).flatMap((entry): readonly [string, string][] => {
    const at = entry.indexOf('=');
    return at > 0 ? [[entry.slice(0, at), entry.slice(at + 1)]] : [];
  });
  return {
    entrypoint: texts(fieldOf(config, 'Entrypoint')),
    command: texts(fieldOf(config, 'Cmd')),
    environment: Object.fromEntries(pairs),
    workingFolder: text(fieldOf(config, 'WorkingDir')),
    user: text(fieldOf(config, 'User')),
  };
}

/** A field of what may be an object. */
export function fieldOf(json: unknown, name: string): unknown {
  if (typeof json !== 'object' || json === null) return undefined;
  const value: unknown = Reflect.get(json, name);
  return Object.hasOwn(json, name) ? value : undefined;
}

export const texts = (json: unknown): readonly string[] =>
  Array.isArray(json) ? json.filter((one) => typeof one === 'string') : [];

export const text = (json: unknown): string => (typeof json === 'string' ? json : '');
