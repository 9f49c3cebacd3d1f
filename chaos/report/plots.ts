/** What was measured, drawn over time, one below the other on one axis, with faults as shadows. */
import { html, type Html } from './html.ts';
import type { RunRecord, Series } from './run-record.ts';
import { heightAbove, percent, place, type TimeAxis, valueAxis, width } from './time-axis.ts';
import { axisLabels, breakLines, gridLines } from './timeline.ts';
import { amount, number } from './words.ts';

const height = 120;
/** Points of a line are drawn as such while they are few. */
const dotsMax = 60;

export function plots(record: RunRecord, axis: TimeAxis): Html {
  const under = html`${gridLines(axis)}${shadows(record, axis)}${breakLines(record, axis)}`;
  return html`${record.series.map((series) => plot(series, axis, under))}`;
}

function plot({ name, unit, points }: Series, axis: TimeAxis, under: Html): Html {
  const values = points.map(([, value]) => value);
  const scale = valueAxis(values);
  const [lowest, highest] = extremes(values);
  const levels = scale.ticks.map((value) => ({
    label: number(value),
    y: percent(heightAbove(value, scale)),
  }));
  const range =
    values.length === 0
      ? 'nothing was measured'
      : `${amount(lowest, unit)} to ${amount(highest, unit)}`;
  return html`<figure class="plot">
    <figcaption>
      <b>${name}</b>${unit === '' ? undefined : html` <span class="unit">${unit}</span>`}
      <span class="range">${range}</span><output></output>
    </figcaption>
    <div class="lane">
      <svg class="who levels" height="${height}" aria-hidden="true">
        ${levels.map(
          ({ label, y }) =>
            html`<text class="tick" x="100%" dx="-8" y="${y}" dy="4" text-anchor="end"
              >${label}</text
            >`,
        )}</svg
      ><svg
        class="track"
        height="${height}"
        role="img"
        aria-label="${name}: ${range}"
        data-unit="${unit}"
        data-points="${points.flat().join(' ')}"
      >
        ${levels.map(
          ({ y }) => html`<line class="grid" x1="0" x2="100%" y1="${y}" y2="${y}" />`,
        )}${under}${curve(points, axis, scale)}${
          points.length > dotsMax
            ? undefined
            : points.map(
                ([atMs, value]) =>
                  html`<circle
                    class="dot"
                    r="2.5"
                    cx="${place(atMs, axis)}"
                    cy="${percent(heightAbove(value, scale))}"
                  />`,
              )
        }
      </svg>
    </div>
    <div class="lane axis">
      <div class="who"></div>
      <svg class="track" height="20" aria-hidden="true">${axisLabels(axis)}</svg>
    </div>
  </figure> `;
}

/** In a box of a thousand by a thousand that is stretched over the plot; its line is not. */
function curve(
  points: Series['points'],
  { endMs }: TimeAxis,
  scale: ReturnType<typeof valueAxis>,
): Html {
  const corners = points.map(([atMs, value]) => {
    const x = Math.round((atMs / endMs) * 100_000) / 100;
    return `${x},${Math.round(heightAbove(value, scale) * 10_000) / 10}`;
  });
  return html`<svg
    class="curve"
    width="100%"
    height="100%"
    viewBox="0 0 1000 1000"
    preserveAspectRatio="none"
  >
    <polyline points="${corners.join(' ')}" />
  </svg>`;
}

/** Faults in force. */
const shadows = ({ spans }: RunRecord, axis: TimeAxis): readonly Html[] =>
  spans
    .filter(({ kind }) => kind === 'fault')
    .map(
      ({ fromMs, toMs, text, who }) =>
        html`<rect
          class="shadow"
          x="${place(fromMs, axis)}"
          width="${width(toMs - fromMs, axis)}"
          y="0"
          height="100%"
          ><title>${who}: ${text}</title></rect
        >`,
    );

function extremes(values: readonly number[]): readonly [lowest: number, highest: number] {
  let [lowest, highest] = [Infinity, -Infinity];
  for (const value of values) {
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  return [lowest, highest];
}
