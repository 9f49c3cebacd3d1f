/**
 * Finds everything a source file imports: static, re-exported, dynamic, type-only, `require`d. It
 * reads the text with comments taken out and strings kept apart, so that words in prose do not count.
 */
export type Import =
  | { readonly kind: 'named'; readonly target: string }
  /** `import(expression)`: nobody can tell where it points. */
  | { readonly kind: 'computed' };

export function importsOf(source: string): readonly Import[] {
  const { code, strings } = withoutText(source);
  return [...code.matchAll(importPattern)].map(([, ...groups]): Import => {
    const index = groups.find((group) => group !== undefined && /^\d+$/.test(group));
    const target = index === undefined ? undefined : strings[Number(index)];
    return target === undefined ? { kind: 'computed' } : { kind: 'named', target };
  });
}

/** A string or plain template of the source stands as `\u0001<number>\u0001` in the code. */
const importPattern = new RegExp(
  [
    String.raw`\b(?:import|export)\b[\w\s{},*$]*?\bfrom\s*\u0001(\d+)\u0001`,
    String.raw`\bimport\s*\u0001(\d+)\u0001`,
    String.raw`(?<![.\w$])(?:import|require)\s*\(\s*(?:\u0001(\d+)\u0001\s*[,)]|(?=[^)\s]))`,
  ].join('|'),
  'g',
);

/** Cuts out comments and regular expressions' surroundings; numbers the strings. */
function withoutText(source: string): { code: string; strings: readonly (string | undefined)[] } {
  const strings: (string | undefined)[] = [];
  const token =
    /\/\/[^\n]*|\/\*[^]*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|(?<=[=(,:;!&|?{}\n]\s*)\/(?![*/])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/g;
  const code = source.replace(token, (text) => {
    const first = text[0];
    if (first === '/') return ' ';
    const isComputed = first === '`' && text.includes('${');
    strings.push(isComputed ? undefined : text.slice(1, -1));
    return `\u0001${strings.length - 1}\u0001`;
  });
  return { code, strings };
}
