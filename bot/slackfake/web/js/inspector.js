// The traffic inspector: every call between the app and the workspace as it
// went over the wire, newest first.
import { h, button, icon, iconButton, fill, patch, debounce } from './dom.js';
import { api } from './api.js';
import { copy } from './message.js';
import { store, on, zone } from './state.js';
import { isoTime, partsOf } from './dates.js';

const PAGE = 200;
const KEPT = 500;
const GATHER_MS = 150;

/** mountInspector returns the panel and a function that says whether it is on screen. */
export function mountInspector() {
  let entries = [];
  let last = 0;
  let chosen = null;
  let paused = false;
  let visible = false;

  const filter = h('input', { type: 'search', class: 'input filter', placeholder: 'Filter, such as chat.update or 429', 'aria-label': 'Filter the traffic', data: { testid: 'traffic-filter' } });
  const pause = button({ class: 'button small', 'aria-pressed': 'false', data: { testid: 'traffic-pause' } }, icon('pause'), 'Pause');
  const count = h('span', { class: 'muted' });
  const list = h('ol', { class: 'traffic-list', 'aria-label': 'Traffic, newest first' });
  const detail = h('div', { class: 'traffic-detail', tabindex: '0', role: 'region', 'aria-label': 'Chosen call' });
  const root = h('div', { class: 'inspector', data: { testid: 'inspector' } },
    h('div', { class: 'backstage-bar' }, filter, pause, count), h('div', { class: 'traffic' }, list, detail));

  const read = debounce(async () => {
    if (paused || !visible) return;
    const more = await api.traffic(last, PAGE).catch(() => []);
    if (!more.length) return draw();
    last = more.at(-1).n;
    entries = [...entries, ...more].slice(-KEPT);
    draw();
    if (more.length === PAGE) read();
  }, GATHER_MS);

  const matches = (entry) => {
    const words = filter.value.trim().toLowerCase().split(/\s+/);
    const text = `${entry.what} ${entry.status} ${entry.fault ?? ''} ${entry.dir === 'in' ? 'to app' : 'from app'} ${JSON.stringify(entry.request)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };

  function draw() {
    const found = entries.filter(matches).reverse();
    count.textContent = found.length === entries.length ? `${entries.length} calls` : `${found.length} of ${entries.length} calls`;
    patch(list, found.map((entry) => ({ id: entry.n, stamp: `${entry.status} ${entry.ms} ${entry === chosen}`, make: () => row(entry) })));
    if (!chosen) fill(detail, h('p', { class: 'muted' }, found.length ? 'Choose a call to see what was sent and answered.' : 'Nothing yet. Type a command or press a button.'));
  }

  function row(entry) {
    return h('li', {}, button({ class: entry === chosen ? 'traffic-row chosen' : 'traffic-row', 'aria-pressed': String(entry === chosen), data: { testid: `traffic-${entry.n}` }, on: { click: () => choose(entry) } },
      direction(entry), h('span', { class: 'traffic-what' }, entry.what), entry.fault && h('span', { class: 'tag-fault' }, entry.fault),
      status(entry), h('span', { class: 'traffic-ms' }, `${Math.round(entry.ms)} ms`), h('span', { class: 'traffic-at' }, clock(entry.at))));
  }

  function choose(entry) {
    chosen = entry === chosen ? null : entry;
    draw();
    if (chosen) fill(detail, h('h3', { class: 'traffic-title' }, direction(entry), `${entry.what}`, status(entry)), json('Request', entry.request), json('Response', entry.response));
    detail.scrollTop = 0;
  }

  filter.addEventListener('input', draw);
  pause.addEventListener('click', () => {
    paused = !paused;
    pause.setAttribute('aria-pressed', String(paused));
    fill(pause, icon(paused ? 'play' : 'pause'), paused ? 'Go on' : 'Pause');
    read();
  });
  on('traffic', read);
  return { root, shown: (is) => ((visible = is), is && store.data && read()) };
}

function direction(entry) {
  const toApp = entry.dir === 'in';
  return h('span', { class: toApp ? 'dir to-app' : 'dir from-app', title: toApp ? 'Slack called the app' : 'The app called Slack' }, toApp ? '→ app' : '← app');
}

function status(entry) {
  const failed = entry.status >= 400 || entry.status === 0 || entry.response?.ok === false;
  const words = entry.status === 200 && entry.response?.ok === false ? entry.response.error : entry.status || 'none';
  return h('span', { class: failed ? 'status bad' : 'status' }, String(words));
}

function clock(at) {
  return `${isoTime(at, zone())}:${partsOf(at, zone()).second}`;
}

function json(name, value) {
  const text = JSON.stringify(value, null, 2) ?? '';
  return h('section', { class: 'json' },
    h('div', { class: 'json-head' }, h('h4', {}, name), iconButton('copy', `Copy the ${name.toLowerCase()}`, () => copy(text, `${name} copied`), { class: 'icon-button small' })),
    value == null || text === '' ? h('p', { class: 'muted' }, 'Empty') : h('pre', { class: 'json-text' }, coloured(text)));
}

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const COLOURED = 60000; // letters; beyond it plain text is quicker to show

// Pretty-printed JSON in colours: keys, strings, and the rest of the values.
function coloured(text) {
  if (text.length > COLOURED) return text;
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, string, colon] = match;
    const shown = string ?? whole;
    nodes.push(text.slice(from, match.index), h('span', { class: colon ? 'json-key' : string ? 'json-string' : 'json-value' }, shown));
    from = match.index + shown.length;
  }
  return [...nodes, text.slice(from)];
}
