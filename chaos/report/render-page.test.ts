import { createHash } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { html } from './html.ts';
import { renderPage } from './render-page.ts';
import { anyRecord, brokenRecord, heldRecord, hugeRecord } from './testing/sample-record.ts';

const tags =
  'a b body button circle code dd div dl dt figcaption figure footer form h1 h2 head header html i input label li line link main meta ol output p polyline pre rect section small span svg table tbody td text th time title tr ul'.split(
    ' ',
  );

test('nothing that a run says becomes markup', (t) => {
  const known = new Set(tags);
  fc.assert(
    fc.property(anyRecord, (record) => {
      const page = renderPage(record).replace(/<(style|script)>[^]*?<\/\1>/g, '');
      const names = [...page.matchAll(/<\/?([^\s>/]*)/g)].map(([, name]) => name ?? '');
      const strange = names.filter((name) => name !== '!doctype' && !known.has(name));
      return strange.length === 0;
    }),
  );
  t.is(
    html`<b title="${'"<&>\''}">${'<i>'}</b>`.html,
    '<b title="&quot;&lt;&amp;&gt;&#39;">&lt;i&gt;</b>',
  );
});

test('a page is the same each time, and has no number that is none', (t) => {
  fc.assert(
    fc.property(anyRecord, (record) => {
      const page = renderPage(record);
      const drawn = [...page.matchAll(/ (?:x|x1|y|cx|cy|width|points)="([^"]*)"/g)];
      return (
        renderPage(record) === page && drawn.every(([, value]) => !/NaN|Inf/.test(value ?? ''))
      );
    }),
  );
  t.pass();
});

test('the only style and script that the page may use are its own, and it may load nothing', (t) => {
  const page = renderPage(heldRecord);
  const policy = /content="(default-src[^"]*)"/.exec(page)?.[1] ?? '';
  const hashOf = (tag: string): string => {
    const text = page.split(`<${tag}>`)[1]?.split(`</${tag}>`)[0] ?? '';
    return `sha256-${createHash('sha256').update(text).digest('base64')}`;
  };
  const quote = '&#39;';
  t.true(
    policy.includes(`default-src ${quote}none${quote};`) || policy.includes("default-src 'none'"),
  );
  t.true(policy.includes(hashOf('style')), policy);
  t.true(policy.includes(hashOf('script')), policy);
  t.notRegex(page, /https?:\/\//);
});

test('the verdict, what broke, its facts, the replay, figures and events are all on it', (t) => {
  const page = renderPage(brokenRecord);
  const { violations, events, figures, replay, about } = brokenRecord;
  const said = [
    about,
    replay,
    ...violations.flatMap(({ law, facts }) => [law, ...facts]),
    ...events.map(({ text }) => text),
    ...figures.map(({ name }) => name),
  ];
  for (const text of said) t.true(page.includes(html`${text}`.html), text);
  t.true(page.indexOf('id="violations"') < page.indexOf('id="timeline"'));
  for (const [n] of violations.entries()) {
    t.true(page.includes(`href="#m${n}"`) && page.includes(`id="m${n}"`), 'a link to its moment');
  }
});

test('a run of a hundred thousand events has a page of a few megabytes that says what is cut', (t) => {
  const page = renderPage(hugeRecord(100_000));
  t.true(page.length < 4e6, `${page.length}`);
  t.true(page.includes('5,000 of 100,000 events are shown.'));
  t.true(page.includes('share the lane'));
});
