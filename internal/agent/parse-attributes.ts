/** The flag syntax of attributes: `rack:r1;slots:4;ports:[1-10]` (texts, numbers, ranges). */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { Attribute } from '#proto/gen/mesos/v1.ts';

export function parseAttributes(text: string): Result<readonly Attribute[], string> {
  const attributes: Attribute[] = [];
  for (const part of text.split(/[;\n]/u).map((each) => each.trim())) {
    if (part === '') continue;
    const at = part.indexOf(':');
    const [name, value] = [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    if (at < 1 || value === '') {
      return refuse(`Cannot read attribute '${part}': expected 'name:value'`);
    }
    attributes.push(attribute(name, value));
  }
  return accept(attributes);
}

function attribute(name: string, value: string): Attribute {
  const parts = /^\[(.*)\]$/su.exec(value)?.[1]?.split(',');
  const range = parts?.map((part) => /^\s*(\d+)\s*-\s*(\d+)\s*$/u.exec(part));
  if (range?.every((found) => found !== null) === true) {
    const ends = range.map(([, begin = '', end = '']) => ({
      begin: BigInt(begin),
      end: BigInt(end),
    }));
    return { name, type: 'RANGES', ranges: { range: ends } };
  }
  const isNumber = /^-?\d+(?:\.\d+)?$/u.test(value);
  if (isNumber) return { name, type: 'SCALAR', scalar: { value: Number(value) } };
  return { name, type: 'TEXT', text: { value } };
}
