/** The seeds of a test: `count` of them, or the one of `SEED=n npx ava file` to replay a failure. */
export function seedsOf(count: number): readonly number[] {
  const { SEED } = process.env;
  return SEED === undefined ? Array.from({ length: count }, (_, seed) => seed) : [Number(SEED)];
}
