// The traffic inspector: every call between the app and the workspace as it
// went over the wire, newest first.
import { h, button, icon, iconButton, fill, patch, debounce } from './dom.js';
import { api } from './api.js';
import { copy } from './message.js';
import { on, zone } from './state.js';
import { isoTime, partsOf } from './dates.js';

const PAGE = 200;
const KEPT = 500;
const GATHER_MS = 150;

/** Inspector is the panel; it reads traffic only while it is `visible`. */
export class Inspector {
  constructor() {
    Object.assign(this, { entries: [], last: 0, chosen: null, paused: false, visible: false });
    this.filter = h('input', {
      type: 'search',
      class: 'input filter',
      placeholder: 'Filter, such as chat.update or 429',
      'aria-label': 'Filter the traffic',
      data: { testid: 'traffic-filter' },
    });
    this.pause = button(
      {
        class: 'button small',
        'aria-pressed': 'false',
        data: { testid: 'traffic-pause' },
        on: { click: () => this.togglePause() },
      },
      icon('pause'),
      'Pause',
    );
    this.count = h('span', { class: 'muted' });
    this.list = h('ol', { class: 'traffic-list', 'aria-label': 'Traffic, newest first' });
    this.detail = h('div', { class: 'traffic-detail', tabindex: '0', role: 'region', 'aria-label': 'Chosen call' });
    this.root = h(
      'div',
      { class: 'inspector', data: { testid: 'inspector' } },
      h('div', { class: 'backstage-bar' }, this.filter, this.pause, this.count),
      h('div', { class: 'traffic' }, this.list, this.detail),
    );
    this.readSoon = debounce(() => this.read(), GATHER_MS);
    this.filter.addEventListener('input', () => this.draw());
    on('traffic', this.readSoon);
  }

  /** show says whether the panel is on screen. */
  show(visible) {
    this.visible = visible;
    if (visible) this.readSoon();
  }

  async read() {
    if (this.paused || !this.visible) return;
    const more = await api.traffic(this.last, PAGE).catch(() => []);
    this.last = more.at(-1)?.n ?? this.last;
    this.entries = [...this.entries, ...more].slice(-KEPT);
    this.draw();
  }

  togglePause() {
    this.paused = !this.paused;
    this.pause.setAttribute('aria-pressed', String(this.paused));
    fill(this.pause, icon(this.paused ? 'play' : 'pause'), this.paused ? 'Go on' : 'Pause');
    this.readSoon();
  }

  draw() {
    const words = this.filter.value.trim().toLowerCase().split(/\s+/);
    const found = this.entries.filter((entry) => fits(entry, words)).reverse();
    this.count.textContent =
      found.length === this.entries.length ? `${found.length} calls` : `${found.length} of ${this.entries.length} calls`;
    patch(
      this.list,
      found.map((entry) => ({ id: entry.n, stamp: entry === this.chosen, make: () => this.row(entry) })),
    );
    if (!this.chosen)
      fill(
        this.detail,
        h(
          'p',
          { class: 'muted' },
          found.length ? 'Choose a call to see what was sent and answered.' : 'Nothing yet. Type a command or press a button.',
        ),
      );
  }

  row(entry) {
    const chosen = entry === this.chosen;
    return h(
      'li',
      {},
      button(
        {
          class: chosen ? 'traffic-row chosen' : 'traffic-row',
          'aria-pressed': String(chosen),
          data: { testid: `traffic-${entry.n}` },
          on: { click: () => this.choose(entry) },
        },
        direction(entry),
        h('span', { class: 'traffic-what' }, entry.what),
        entry.fault && h('span', { class: 'tag-fault' }, entry.fault),
        status(entry),
        h('span', { class: 'traffic-ms' }, `${Math.round(entry.ms)} ms`),
        h('span', { class: 'traffic-at' }, clock(entry.at)),
      ),
    );
  }

  choose(entry) {
    this.chosen = entry === this.chosen ? null : entry;
    this.draw();
    this.list.querySelector('.chosen')?.focus({ preventScroll: true });
    if (this.chosen)
      fill(
        this.detail,
        h('h3', { class: 'traffic-title' }, direction(entry), entry.what, status(entry)),
        json('Request', entry.request),
        json('Response', entry.response),
      );
    this.detail.scrollTop = 0;
  }
}

function fits(entry, words) {
  const way = entry.dir === 'in' ? 'to app' : 'from app';
  const text = `${entry.what} ${entry.status} ${entry.fault ?? ''} ${way} ${JSON.stringify(entry.request)}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function direction(entry) {
  const toApp = entry.dir === 'in';
  return h(
    'span',
    { class: toApp ? 'dir to-app' : 'dir from-app', title: toApp ? 'Slack called the app' : 'The app called Slack' },
    toApp ? '→ app' : '← app',
  );
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
  return h(
    'section',
    { class: 'json' },
    h(
      'div',
      { class: 'json-head' },
      h('h4', {}, name),
      iconButton('copy', `Copy the ${name.toLowerCase()}`, () => copy(text, `${name} copied`), { class: 'icon-button small' }),
    ),
    value == null || text === '' ? h('p', { class: 'muted' }, 'Empty') : h('pre', { class: 'json-text' }, coloured(text)),
  );
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
    nodes.push(
      text.slice(from, match.index),
      h('span', { class: colon ? 'json-key' : string ? 'json-string' : 'json-value' }, shown),
    );
    from = match.index + shown.length;
  }
  return [...nodes, text.slice(from)];
}
