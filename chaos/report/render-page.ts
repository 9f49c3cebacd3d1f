/**
 * A run as one HTML page that needs nothing else: styles, drawings and the little script are in it, and
 * it may load nothing. The verdict comes first, then what broke and by which facts, then the rest.
 */
import { createHash } from 'node:crypto';
import { bounded, type Limits } from './bounded-record.ts';
import { html, type Html, markup } from './html.ts';
import { pageScript } from './page-script.ts';
import { pageStyle } from './page-style.ts';
import { plots } from './plots.ts';
import { sentenceOf } from './render-text.ts';
import type { RunEvent, RunRecord, ViolationRecord } from './run-record.ts';
import { timeAxis } from './time-axis.ts';
import { timeline } from './timeline.ts';
import { amount, counted, lasting, moment, number } from './words.ts';

const limits: Limits = {
  violationsMax: 50,
  factsMax: 20,
  eventsMax: 5000,
  spansMax: 2000,
  seriesMax: 24,
  pointsMax: 1200,
  figuresMax: 300,
  lanesMax: 60,
  lengthMax: 2000,
};

export function renderPage(whole: RunRecord): string {
  const { record, cut } = bounded(whole, limits);
  const axis = timeAxis(record);
  const body = html`${head(record, sentenceOf(whole))}
    <main>
      ${violations(record)}
      ${section('timeline', 'Timeline', [legend(record), timeline(record, axis)])}
      ${record.series.length === 0 ? undefined : section('plots', 'Measured', [plots(record, axis)])}
      ${figures(record)} ${events(record)}
      ${cut.length === 0 ? undefined : html`<footer class="cut"><p>To keep this page light: ${cut.join(' ')} The JSON of the run has all.</p></footer>`}
    </main>`;
  return page(`${record.verdict}: ${record.name}`, record.verdict, body);
}

function page(title: string, verdict: string, body: Html): string {
  const policy = `default-src 'none'; img-src data:; style-src '${hashOf(pageStyle)}'; script-src '${hashOf(pageScript)}'; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="data:," />
        <title>${title}</title>
        ${markup(`<style>${pageStyle}</style>`)}
      </head>
      <body class="was-${verdict}">
        ${body} ${markup(`<script>${pageScript}</script>`)}
      </body>
    </html> `.html;
}

const hashOf = (text: string): string =>
  `sha256-${createHash('sha256').update(text).digest('base64')}`;

function head(record: RunRecord, sentence: string): Html {
  const { name, about, verdict, seed, beganAt, replay, durationMs } = record;
  const facts: readonly (readonly [string, string])[] = [
    ['Seed', `${seed}`],
    ['Took', lasting(durationMs)],
    ['Began', beganAt ?? 'simulated time'],
    ['Events', number(record.events.length)],
    ['Faults', number(record.spans.filter(({ kind }) => kind === 'fault').length)],
  ];
  return html`<header>
    <p class="verdict"><span class="badge">${verdict}</span> ${name}</p>
    <h1>${sentence}</h1>
    ${about === '' ? undefined : html`<p class="about">${about}</p>`}
    <dl class="key">
      ${facts.map(
        ([term, value]) =>
          html`<div>
            <dt>${term}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
    <div class="replay">
      <h2>Make the same run again</h2>
      <pre><code>${replay}</code></pre>
    </div>
  </header>`;
}

function violations({ violations: broken }: RunRecord): Html | undefined {
  if (broken.length === 0) return undefined;
  return section('violations', 'What broke', [
    html`<ol class="violations">
      ${broken.map(
        ({ atMs, law, text, facts }, n) =>
          html`<li id="v${n}">
            <p>
              <a class="moment" href="#m${n}" data-at="${atMs}">${moment(atMs)}</a> <b>${law}</b>
            </p>
            <p>${text}</p>
            ${
              facts.length === 0
                ? undefined
                : html`<ul class="facts">
                    ${facts.map((fact) => html`<li>${fact}</li>`)}
                  </ul>`
            }
          </li>`,
      )}
    </ol>`,
  ]);
}

function legend({ spans, violations: broken }: RunRecord): Html {
  const kinds = new Set(spans.map(({ kind }) => kind));
  return html`<div class="legend">
    ${[...kinds].map(
      (kind) => html`<span><i class="swatch is-${kind}"></i>${kind}</span>`,
    )}${broken.length === 0 ? undefined : html`<span><i class="swatch is-violation"></i>violation</span>`}
    <span class="zoom" hidden
      >Width <button type="button" data-zoom="1" aria-pressed="true">1×</button
      ><button type="button" data-zoom="4" aria-pressed="false">4×</button
      ><button type="button" data-zoom="16" aria-pressed="false">16×</button></span
    >
  </div>`;
}

function figures({ figures: counts }: RunRecord): Html | undefined {
  if (counts.length === 0) return undefined;
  return section('figures', 'Figures', [
    html`<table class="figures">
      <tbody>
        ${counts.map(
          ({ name, value, unit }) =>
            html`<tr${value === 0 ? markup(' class="zero"') : undefined}><th scope="row">${name}</th><td>${amount(value, unit)}</td></tr>`,
        )}
      </tbody>
    </table>`,
  ]);
}

type Row = { readonly atMs: number; readonly row: Html };

/** Violations stand among them, and no filter hides those. */
function events({ events: all, violations: broken }: RunRecord): Html | undefined {
  if (all.length + broken.length === 0) return undefined;
  const rows: readonly Row[] = [
    ...all.map((event, n) => ({ atMs: event.atMs, row: eventRow(event, n) })),
    ...broken.map((violation, n) => ({ atMs: violation.atMs, row: breakRow(violation, n) })),
  ].toSorted((one, other) => one.atMs - other.atMs);
  const kinds = [...Map.groupBy(all, ({ kind }) => kind)];
  return section('events', 'Events', [
    html`<form class="filter" hidden>
      ${kinds.map(
        ([kind, { length }]) =>
          html`<label
            ><input type="checkbox" name="${kind}" checked /><i class="swatch is-${kind}"></i
            >${kind} <small>${number(length)}</small></label
          >`,
      )}<input
        type="search"
        name="words"
        placeholder="who or what"
        aria-label="Show only events with these words"
      /><output>${counted(all.length, 'event')}</output>
    </form>`,
    html`<ol class="events">
      ${rows.map(({ row }) => row)}
    </ol>`,
  ]);
}

const eventRow = ({ atMs, kind, who, text }: RunEvent, n: number): Html =>
  html`<li id="e${n}" data-kind="${kind}" data-at="${atMs}">
    <time>${moment(atMs)}</time><span class="kind is-${kind}">${kind}</span
    ><span class="by">${who}</span><span>${text}</span>
  </li> `;

const breakRow = ({ atMs, law, text }: ViolationRecord, n: number): Html =>
  html`<li id="m${n}" class="broke" data-at="${atMs}">
    <time>${moment(atMs)}</time><span class="kind is-violation">broke</span
    ><span class="by">${law}</span><span>${text} <a href="#v${n}">the facts</a></span>
  </li> `;

const section = (id: string, title: string, content: readonly Html[]): Html =>
  html`<section id="${id}">
    <h2>${title}</h2>
    ${content}
  </section>`;
