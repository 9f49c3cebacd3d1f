/** What a check of the masters' books came to, as an operator reads it. */
import { fieldOf, listOf, textOf } from '#internal/client/fields.ts';

export type Told = {
  readonly lines: readonly string[];
  /** 0 all agree, 1 something does not, 2 not everybody could be asked. */
  readonly status: 0 | 1 | 2;
};

/** Of the reply of `/check`. */
export function toldOf(reply: unknown): Told {
  const disagreements = listOf(fieldOf(reply, 'disagreements'));
  const agents = Number(fieldOf(reply, 'agents'));
  const silent = listOf(fieldOf(reply, 'silent')).map(textOf);
  const old = listOf(fieldOf(reply, 'old')).map(textOf);
  const lines = [
    ...disagreements.flatMap(disagreementLines),
    ...(fieldOf(reply, 'is_cut') === true ? ['there are more than are told'] : []),
    ...silent.map((id) => `agent ${id} did not answer`),
    ...old.map((id) => `agent ${id} runs a program that cannot tell what it runs`),
    `${counted(agents, 'agent')} compared: ${
      disagreements.length === 0 ? 'no disagreement' : counted(disagreements.length, 'disagreement')
    }`,
  ];
  const isUnsure = silent.length + old.length > 0;
  return { lines, status: disagreements.length > 0 ? 1 : isUnsure ? 2 : 0 };
}

function disagreementLines(one: unknown): readonly string[] {
  const seconds = Number(fieldOf(one, 'lasts_seconds'));
  return [
    `${textOf(fieldOf(one, 'law'))}, for ${Math.round(seconds)} s at least`,
    ...listOf(fieldOf(one, 'facts')).map((fact) => `  ${textOf(fact)}`),
  ];
}

const counted = (count: number, thing: string): string =>
  `${count} ${thing}${count === 1 ? '' : 's'}`;
