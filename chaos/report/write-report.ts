/** A run's report as three files in a folder, `NAME.txt`, `.json` and `.html`; what was there is replaced. */
// oxlint-disable-next-line no-restricted-imports -- a tool that writes for people.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderJson } from './render-json.ts';
import { renderPage } from './render-page.ts';
import { renderText } from './render-text.ts';
import type { RunRecord } from './run-record.ts';

/** The path of the page. */
export async function writeReport(folder: string, record: RunRecord): Promise<string> {
  await mkdir(folder, { recursive: true });
  const name = record.name.replaceAll(/[^\w.-]+/g, '-').replace(/^[.-]+/, '') || 'run';
  const path = (suffix: string): string => join(folder, `${name}.${suffix}`);
  await writeFile(path('txt'), renderText(record));
  await writeFile(path('json'), renderJson(record));
  await writeFile(path('html'), renderPage(record));
  return path('html');
}
