/**
 * Text that is HTML, told apart from text that is not yet: whatever is put into a template is escaped,
 * unless a template made it. So nothing that a cluster said can become markup.
 */

export type Html = { readonly html: string };

type Value = string | number | Html | readonly Html[] | undefined;

/** `undefined` is nothing. Attributes must stand in double quotes. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  const parts = strings.map((text, at) => text + (at < values.length ? shown(values[at]) : ''));
  return { html: parts.join('') };
}

/** For what is known to be markup: styles and scripts that we wrote. */
export const markup = (text: string): Html => ({ html: text });

function shown(value: Value): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return escaped(value);
  if (typeof value === 'number') return `${value}`;
  return 'html' in value ? value.html : value.map((each) => each.html).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
