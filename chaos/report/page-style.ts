/** How the page looks: calm, one column, in light and in dark. */
export const pageStyle: string = `
:root {
  --back: #fcfcfa; --card: #ffffff; --ink: #23272e; --soft: #6b7280; --line: #e5e6e1; --shade: #f3f4f0;
  --held: #2f7d4f; --broken: #c0342b; --failed: #8a6d1f;
  --fault: #c96f1a; --unavailable: #b8433a; --leading: #3d7a8c; --phase: #8b8f98;
  --heal: #3c8c5a; --cluster: #3d7a8c; --workload: #4a68b0; --check: #7d5ba6; --violation: #c0342b;
  --curve: #3f63a8; --tint: 18%;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #16181c; --card: #1d2025; --ink: #e3e5e8; --soft: #979daa; --line: #30343b; --shade: #22262c;
    --held: #62c08a; --broken: #f0786e; --failed: #d8b45c;
    --fault: #e39a4e; --unavailable: #e5786f; --leading: #6fb4c7; --phase: #8b93a1;
    --heal: #68c08b; --cluster: #6fb4c7; --workload: #8ba6e6; --check: #b598dd; --violation: #f0786e;
    --curve: #8fb0f2; --tint: 26%;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 4.5rem; }
body {
  margin: 0; background: var(--back); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif;
  overflow-wrap: anywhere;
}
header, main { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 40px; }
h1 { margin: 6px 0 8px; font-size: 27px; line-height: 1.25; font-weight: 650; letter-spacing: -0.01em; }
h2 { margin: 0 0 12px; font-size: 13px; font-weight: 650; color: var(--soft); letter-spacing: 0.02em; }
section { margin: 44px 0; }
a { color: inherit; text-decoration-color: var(--soft); text-underline-offset: 2px; }
code, time, .moment, .kind, td, .tick { font-variant-numeric: tabular-nums; }
small, .unit, .range { color: var(--soft); font-size: 13px; font-weight: 400; }
.was-held { --verdict: var(--held); }
.was-broken { --verdict: var(--broken); }
.was-failed { --verdict: var(--failed); }
body::before { content: ""; display: block; height: 5px; background: var(--verdict); }
.verdict { margin: 0; color: var(--soft); font-weight: 550; }
.badge {
  display: inline-block; margin-right: 6px; padding: 1px 9px; border-radius: 4px; text-transform: uppercase;
  font-size: 12px; letter-spacing: 0.06em; font-weight: 700; color: var(--back); background: var(--verdict);
}
.about { max-width: 72ch; margin: 0 0 18px; color: var(--soft); }
.key { display: flex; flex-wrap: wrap; gap: 6px 34px; margin: 20px 0; }
.key dt { font-size: 13px; color: var(--soft); }
.key dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; }
.replay h2 { margin-bottom: 6px; }
pre {
  margin: 0; padding: 11px 14px; background: var(--shade); border: 1px solid var(--line); border-radius: 6px;
  white-space: pre-wrap; font: 13.5px/1.5 ui-monospace, "Liberation Mono", Consolas, monospace; user-select: all;
}
.violations { list-style: none; margin: 0; padding: 0; display: grid; gap: 12px; }
.violations > li {
  padding: 14px 18px; background: var(--card); border: 1px solid var(--line);
  border-left: 4px solid var(--broken); border-radius: 6px;
}
.violations p { margin: 0 0 4px; }
.violations p + p { white-space: pre-line; }
.violations b { color: var(--broken); }
.moment { margin-right: 8px; color: var(--soft); }
.facts { margin: 10px 0 0; padding: 0; list-style: none; display: grid; gap: 6px; }
.facts li { padding: 7px 12px; background: var(--shade); border-radius: 4px; white-space: pre-line; }
.legend, .filter { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 18px; margin-bottom: 10px; }
[hidden] { display: none !important; }
.legend span, .filter label { display: inline-flex; align-items: center; gap: 6px; font-size: 13.5px; }
.swatch { display: inline-block; width: 11px; height: 11px; border-radius: 3px; background: var(--hue); }
.zoom { margin-left: auto; color: var(--soft); }
button {
  font: inherit; padding: 1px 9px; color: var(--ink); background: var(--card);
  border: 1px solid var(--line); border-radius: 4px; cursor: pointer;
}
button[aria-pressed="true"] { background: var(--shade); border-color: var(--soft); }
.is-fault { --hue: var(--fault); } .is-unavailable { --hue: var(--unavailable); }
.is-leading { --hue: var(--leading); } .is-phase { --hue: var(--phase); } .is-heal { --hue: var(--heal); }
.is-cluster { --hue: var(--cluster); } .is-workload { --hue: var(--workload); }
.is-check { --hue: var(--check); } .is-violation { --hue: var(--violation); }
.chart, .plot { background: var(--card); border: 1px solid var(--line); border-radius: 6px; }
.chart { overflow-x: auto; position: relative; }
.wide { position: relative; min-width: 100%; }
.lane { display: flex; border-top: 1px solid var(--line); }
.lane.axis, .plot .lane { border-top: 0; }
.chart .lane:first-child { border-bottom: 0; }
.who {
  flex: 0 0 150px; width: 150px; padding: 3px 10px 3px 14px; font-size: 13.5px; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; position: sticky; left: 0; z-index: 1; background: var(--card);
}
.who small { display: block; font-size: 11px; }
.levels { padding: 0; overflow: visible; }
.plot .axis .who { background: none; }
.track { flex: 1 1 0; min-width: 0; display: block; overflow: visible; }
.wide .track { overflow: hidden; }
.tick { fill: var(--soft); font-size: 11.5px; }
.grid { stroke: var(--line); }
.break { stroke: var(--violation); stroke-width: 1.5; stroke-dasharray: 4 3; }
.span rect { fill: color-mix(in srgb, var(--hue) var(--tint), var(--card)); stroke: var(--hue); stroke-opacity: 0.45; }
.span text { fill: var(--ink); font-size: 11.5px; }
.span.is-fault rect, .span.is-unavailable rect { stroke-opacity: 0.8; }
.mark { stroke: var(--hue); stroke-width: 2; }
a:hover > .mark { stroke-width: 4; }
.cursor { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--soft); pointer-events: none; z-index: 2; }
.cursor span {
  position: sticky; top: 0; display: inline-block; padding: 0 5px; font-size: 11.5px; background: var(--ink);
  color: var(--back); border-radius: 0 0 4px 0; font-variant-numeric: tabular-nums;
}
.plot { margin: 0 0 14px; padding: 12px 0 4px; }
figcaption { padding: 0 14px 10px; display: flex; flex-wrap: wrap; gap: 2px 10px; align-items: baseline; }
figcaption output { margin-left: auto; font-size: 13px; font-variant-numeric: tabular-nums; }
.curve polyline { fill: none; stroke: var(--curve); stroke-width: 1.6; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.dot { fill: var(--curve); }
.shadow { fill: var(--fault); opacity: 0.09; }
.figures { width: 100%; border-collapse: collapse; display: block; columns: 3 260px; column-gap: 34px; }
.figures tbody { display: contents; }
.figures tr {
  display: flex; justify-content: space-between; gap: 14px; padding: 4px 0; border-bottom: 1px solid var(--line);
  break-inside: avoid;
}
.figures th { font-weight: 400; text-align: left; }
.figures td { font-weight: 600; text-align: right; white-space: nowrap; }
.figures .zero { color: var(--soft); }
.figures .zero td { font-weight: 400; }
.filter {
  position: sticky; top: 0; z-index: 3; margin: 0 -10px 6px; padding: 8px 10px; background: var(--back);
  border-bottom: 1px solid var(--line);
}
.filter input { accent-color: var(--ink); margin: 0; }
.filter input[type="search"] {
  font: inherit; font-size: 13.5px; padding: 3px 9px; color: var(--ink); background: var(--card); min-width: 0;
  border: 1px solid var(--line); border-radius: 4px; width: 200px;
}
.filter output { margin-left: auto; color: var(--soft); font-size: 13px; }
.events { list-style: none; margin: 0; padding: 0; font-size: 14px; }
.events li {
  display: grid; grid-template-columns: 96px 84px 130px 1fr; gap: 10px; padding: 3px 8px; border-radius: 4px;
  content-visibility: auto; contain-intrinsic-size: auto 28px;
}
.events li:hover { background: var(--shade); }
.events li:target, .violations li:target { outline: 2px solid var(--soft); outline-offset: -1px; }
.events time { color: var(--soft); text-align: right; }
.events .by { color: var(--soft); }
.events .broke { background: color-mix(in srgb, var(--broken) 12%, var(--back)); }
.kind::before {
  content: ""; display: inline-block; width: 9px; height: 9px; border-radius: 3px; margin-right: 7px; background: var(--hue);
}
.cut { margin: 0 0 50px; color: var(--soft); font-size: 13.5px; }
@media (max-width: 760px) {
  header, main { padding: 0 14px; }
  header { padding-top: 26px; }
  h1 { font-size: 22px; }
  .who { flex-basis: 92px; width: 92px; padding-left: 10px; font-size: 12.5px; }
  .tick { font-size: 10px; }
  .events li { grid-template-columns: auto auto 1fr; gap: 0 10px; padding: 6px 8px; }
  .events li > :last-child { grid-column: 1 / -1; }
  .filter input[type="search"] { width: 140px; }
}
@media (max-width: 760px) { .axis .tick:nth-child(even) { display: none; } }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
@media print { .filter, .zoom { display: none; } }
`;
