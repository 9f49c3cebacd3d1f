/**
 * The timeline of the page: a lane for each one that took part, spans above, events below, and every
 * violation as a line through all of them. All places are shares of the width, so it fits any screen.
 */
import { html, type Html } from './html.ts';
import { type Lane, lanesOf, type Mark } from './lanes.ts';
import type { RunRecord, Span } from './run-record.ts';
import { place, type TimeAxis, width } from './time-axis.ts';
import { counted, lasting, moment } from './words.ts';

const rowHeight = 20;
const marksHeight = 14;
const padding = 4;
const rowsMax = 6;
/** Marks that can be told apart at the usual width. */
const marksAcross = 600;

export function timeline(record: RunRecord, axis: TimeAxis): Html {
  const lanes = lanesOf(record, { rowsMax, apartMs: axis.endMs / marksAcross });
  const lines = html`${gridLines(axis)}${breakLines(record, axis)}`;
  return html`<div class="chart" tabindex="0" aria-label="Timeline">
    <div class="wide" data-end="${axis.endMs}">
      <div class="lane axis">
        <div class="who"></div>
        <svg class="track" height="22" aria-hidden="true">${axisLabels(axis)}</svg>
      </div>
      ${lanes.map((lane) => laneRow(lane, axis, lines))}
    </div>
  </div>`;
}

export const axisLabels = (axis: TimeAxis): readonly Html[] =>
  axis.ticks.map(({ atMs, label }) => {
    const share = atMs / axis.endMs;
    const anchor = share > 0.96 ? 'end' : share < 0.02 ? 'start' : 'middle';
    return html`<text class="tick" x="${place(atMs, axis)}" y="15" text-anchor="${anchor}"
      >${label}</text
    >`;
  });

export const gridLines = (axis: TimeAxis): readonly Html[] =>
  axis.ticks.map(({ atMs }) => {
    const x = place(atMs, axis);
    return html`<line class="grid" x1="${x}" x2="${x}" y1="0" y2="100%" />`;
  });

export const breakLines = ({ violations }: RunRecord, axis: TimeAxis): readonly Html[] =>
  violations.map(({ atMs }) => {
    const x = place(atMs, axis);
    return html`<line class="break" x1="${x}" x2="${x}" y1="0" y2="100%" />`;
  });

function laneRow({ who, rows, marks, omitted }: Lane, axis: TimeAxis, lines: Html): Html {
  const belowRows = padding + rows.length * rowHeight;
  const height = belowRows + (marks.length > 0 ? marksHeight : 0) + padding;
  const more =
    omitted === 0 ? undefined : html`<small>${counted(omitted, 'span')} not shown</small>`;
  return html`<div class="lane">
    <div class="who" title="${who}">${who}${more}</div>
    <svg class="track" height="${height}" role="img" aria-label="${who}">
      ${lines}${rows.flatMap((row, n) =>
        row.map((span) => spanBox(span, padding + n * rowHeight, axis)),
      )}${marks.map((mark) => markLine(mark, belowRows, axis))}
    </svg>
  </div> `;
}

/** Its words are cut where it ends. */
function spanBox(span: Span, y: number, axis: TimeAxis): Html {
  const { kind, text, fromMs, toMs } = span;
  const told = `${text}: ${moment(fromMs)} to ${moment(toMs)}, ${lasting(toMs - fromMs)}`;
  return html`<svg
    x="${place(fromMs, axis)}"
    y="${y}"
    width="${width(toMs - fromMs, axis)}"
    height="${rowHeight - 3}"
    class="span is-${kind}"
  >
    <title>${told}</title>
    <rect width="100%" height="100%" rx="3" />
    <text x="5" y="12.5">${text}</text>
  </svg>`;
}

function markLine({ kind, atMs, count, first, index }: Mark, y: number, axis: TimeAxis): Html {
  const x = place(atMs, axis);
  const more = count === 1 ? '' : ` (and ${count - 1} more of its kind)`;
  return html`<a href="#e${index}" tabindex="-1"
    ><line class="mark is-${kind}" x1="${x}" x2="${x}" y1="${y + 2}" y2="${y + marksHeight - 2}"
      ><title>${moment(atMs)} ${kind}: ${first.text}${more}</title></line
    ></a
  >`;
}
