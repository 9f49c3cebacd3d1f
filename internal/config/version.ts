/** The package's version; a test holds it equal to `package.json`. */
export const version = '0.1.0';

/**
 * What clients of the Mesos API are told: they decide by it what they may ask for, so it begins with
 * the Mesos version whose API this is. Ours stands behind, as a semantic version's build.
 */
export const mesosVersion: string = `1.12.0+altiplano.${version}`;

/** When this version was made, as `/version` shows it. */
export const build: { readonly date: string; readonly timeSeconds: number } = {
  date: '2026-11-23 00:00:00',
  timeSeconds: 1_795_392_000,
};
