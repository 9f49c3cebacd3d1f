/** The page in a browser: what people see and touch. Needs Chromium: `apt-get install chromium`. */
// oxlint-disable-next-line no-restricted-imports -- it is a browser that reads the file.
import { constants } from 'node:fs';
// oxlint-disable-next-line no-restricted-imports -- as above.
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { type Browser, chromium, type Page } from 'playwright-core';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { renderPage } from './render-page.ts';
import type { RunRecord } from './run-record.ts';
import { brokenRecord, heldRecord, hugeRecord } from './testing/sample-record.ts';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = await firstThere();
const skipped = executablePath === undefined ? ' (skipped: there is no Chromium)' : '';
const here = executablePath === undefined ? test.serial.skip : test.serial;
const patienceMs = 60_000;

async function firstThere(): Promise<string | undefined> {
  for (const place of places) {
    const isThere = await access(place, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return place;
  }
  return undefined;
}

type Seen = { readonly page: Page; readonly folder: string; readonly complaints: string[] };

async function look(
  record: RunRecord,
  size: { readonly width: number; readonly height: number },
  check: (seen: Seen) => Promise<void>,
): Promise<void> {
  await using folder = await openTempFolder();
  const path = join(folder.path, 'run.html');
  await writeFile(path, renderPage(record));
  const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'];
  const browser: Browser = await chromium.launch({
    executablePath: executablePath ?? '',
    args,
    timeout: patienceMs,
  });
  try {
    const page = await browser.newPage({ viewport: size, reducedMotion: 'reduce' });
    page.setDefaultTimeout(patienceMs);
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!/^(?:file|data):/.test(request.url())) complaints.push(`asks for ${request.url()}`);
    });
    await page.goto(pathToFileURL(path).href);
    await check({ page, folder: folder.path, complaints });
  } finally {
    await browser.close();
  }
}

/** By how many pixels the page is wider than its window. */
const overflow = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

const shownEvents = (page: Page): Promise<number> =>
  page.locator('.events li[data-kind]:not([hidden])').count();

async function picture(t: ExecutionContext, { page, folder }: Seen): Promise<void> {
  const image = await page.screenshot({ path: join(folder, 'run.png'), fullPage: true });
  t.true(image.length > 20_000, 'a picture with something on it');
}

here(`a broken run shows what broke, and leads to the moment${skipped}`, async (t) => {
  await look(brokenRecord, { width: 1280, height: 900 }, async (seen) => {
    const { page, complaints } = seen;
    t.regex((await page.locator('h1').textContent()) ?? '', /2 promises were broken/);
    const [first] = brokenRecord.violations;
    t.true(await page.getByText(first!.facts[0]!).first().isVisible());
    await page.locator('.violations .moment').first().click();
    await page.locator('#m0:target').waitFor({ state: 'visible' });
    const { y = -1 } = (await page.locator('#m0').boundingBox()) ?? {};
    t.true(y >= 0 && y < 900, `the moment is on the screen, not at ${y}`);
    t.is(await overflow(page), 0);
    await picture(t, seen);
    t.deepEqual(complaints, []);
  });
});

here(`events are filtered by kind and by words, and the timeline widens${skipped}`, async (t) => {
  await look(heldRecord, { width: 1280, height: 900 }, async (seen) => {
    const { page, complaints } = seen;
    const { events } = heldRecord;
    t.regex((await page.locator('h1').textContent()) ?? '', /Every check said yes/);
    t.is(await page.locator('#violations').count(), 0);
    t.is(await shownEvents(page), events.length);
    await page.locator('.filter [name=workload]').uncheck();
    const others = events.filter(({ kind }) => kind !== 'workload');
    t.is(await shownEvents(page), others.length);
    await page.locator('.filter [name=words]').fill('cut off');
    t.is(await shownEvents(page), others.filter(({ text }) => text.includes('cut off')).length);
    t.regex((await page.locator('.filter output').textContent()) ?? '', /5 of 295 events/);

    const width = (): Promise<number> =>
      page.evaluate("document.querySelector('.wide').offsetWidth");
    const before = await width();
    await page.locator('[data-zoom="4"]').click();
    t.true((await width()) > 3 * before);
    t.is(await overflow(page), 0, 'only the chart scrolls');
    await page.locator('[data-points]').first().hover();
    t.regex((await page.locator('.plot output').first().textContent()) ?? '', /\d+:\d\d\.\d{3}/);
    t.deepEqual(complaints, []);
  });
});

here(`nothing is cut off on a narrow screen, however long the run was${skipped}`, async (t) => {
  for (const record of [brokenRecord, hugeRecord(50_000)]) {
    await look(record, { width: 600, height: 900 }, async (seen) => {
      t.is(await overflow(seen.page), 0, record.name);
      t.true(await seen.page.getByText(record.violations[0]!.facts[0]!).first().isVisible());
      if (record === brokenRecord) await picture(t, seen);
      t.deepEqual(seen.complaints, []);
    });
  }
});
