/**
 * What the page does when it is touched: it filters events, shows the moment under the pointer, and
 * widens the timeline. Without it the page still says everything.
 */
export const pageScript: string = `
'use strict';
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const one = (selector, from = document) => from.querySelector(selector);
const pad = (value, width) => String(value).padStart(width, '0');
const moment = (atMs) => {
  const ms = Math.max(0, Math.round(atMs));
  const s = Math.floor(ms / 1000);
  const m = Math.floor(s / 60);
  const head = m < 60 ? String(m) : Math.floor(m / 60) + ':' + pad(m % 60, 2);
  return head + ':' + pad(s % 60, 2) + '.' + pad(ms % 1000, 3);
};

const wide = one('.wide');
const endMs = Number(wide.dataset.end);

const cursor = document.createElement('div');
cursor.className = 'cursor';
cursor.hidden = true;
cursor.append(document.createElement('span'));
wide.append(cursor);
const pointAt = (atMs) => {
  const track = one('.track', wide);
  const left = track.getBoundingClientRect().left - wide.getBoundingClientRect().left;
  cursor.hidden = !(atMs >= 0 && atMs <= endMs);
  cursor.style.left = left + (track.getBoundingClientRect().width * atMs) / endMs + 'px';
  cursor.firstChild.textContent = moment(atMs);
};
const under = (event, track) => {
  const { left, width } = track.getBoundingClientRect();
  return ((event.clientX - left) / width) * endMs;
};
wide.addEventListener('pointermove', (event) => pointAt(under(event, one('.track', wide))));
wide.addEventListener('pointerleave', () => { cursor.hidden = true; });

const format = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 6 });
for (const track of all('[data-points]')) {
  const flat = track.dataset.points === '' ? [] : track.dataset.points.split(' ').map(Number);
  const output = one('output', track.closest('figure'));
  track.addEventListener('pointermove', (event) => {
    const atMs = under(event, track);
    let nearest = 0;
    for (let n = 0; n < flat.length; n += 2) {
      if (Math.abs(flat[n] - atMs) < Math.abs(flat[nearest] - atMs)) nearest = n;
    }
    if (flat.length > 0) {
      output.value = moment(flat[nearest]) + '  ' + format.format(flat[nearest + 1]) + ' ' + track.dataset.unit;
    }
    pointAt(atMs);
  });
  track.addEventListener('pointerleave', () => { output.value = ''; cursor.hidden = true; });
}

const zoom = one('.zoom');
zoom.hidden = false;
const widen = (button) => {
  const chart = one('.chart');
  const name = one('.who', wide).getBoundingClientRect().width;
  const before = chart.scrollLeft / Math.max(1, wide.getBoundingClientRect().width - name);
  const factor = Number(button.dataset.zoom);
  wide.style.width = 'calc(' + name + 'px + ' + factor + ' * (100% - ' + name + 'px))';
  chart.scrollLeft = before * (wide.getBoundingClientRect().width - name);
  for (const each of all('button', zoom)) each.setAttribute('aria-pressed', String(each === button));
};
for (const button of all('button', zoom)) button.addEventListener('click', () => widen(button));

const form = one('.filter');
if (form !== null) {
  form.hidden = false;
  const rows = all('.events li[data-kind]').map((row) => ({ row, text: row.textContent.toLowerCase() }));
  const filter = () => {
    const kinds = new Set(all('[type=checkbox]:checked', form).map(({ name }) => name));
    const words = form.elements.words.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let shown = 0;
    for (const { row, text } of rows) {
      row.hidden = !kinds.has(row.dataset.kind) || !words.every((word) => text.includes(word));
      if (!row.hidden) shown += 1;
    }
    one('output', form).value = shown === rows.length
      ? format.format(shown) + ' events' : format.format(shown) + ' of ' + format.format(rows.length) + ' events';
  };
  form.addEventListener('input', filter);
  form.addEventListener('submit', (event) => event.preventDefault());
  filter();
}

for (const row of all('.events li')) row.addEventListener('pointerenter', () => pointAt(Number(row.dataset.at)));
for (const row of all('.events li')) row.addEventListener('pointerleave', () => { cursor.hidden = true; });

// Whoever is sent to an event sees it, though a filter hides it.
addEventListener('hashchange', () => {
  const row = document.getElementById(location.hash.slice(1));
  if (row !== null && row.hidden) { row.hidden = false; row.scrollIntoView(); }
});
`;
