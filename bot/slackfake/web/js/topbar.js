// The bar over the workspace: what the demo adds around the chat. Backstage
// (traffic and faults) opens below the chat, so that both can be watched.
import { h, button, icon, iconButton, fill, remembered, moveTab } from './dom.js';
import { Inspector } from './inspector.js';
import { mountFaults } from './faults.js';
import { mountClock } from './clock.js';

/** mountTools fills the right side of the bar. */
export function mountTools(root, backstage) {
  const clock = h('span', { class: 'clock-slot' });
  const { openers } = new Backstage(backstage);
  root.append(clock, openers.faults, openers.traffic, themeButton());
  mountClock(clock);
}

const NAMES = { faults: 'Break it', traffic: 'Traffic' };
const TITLES = { faults: 'Make Slack misbehave', traffic: 'What the app and Slack say to each other' };
const ICONS = { faults: 'fault', traffic: 'traffic' };

/** Backstage is the drawer below the chat, with one tab a panel. */
class Backstage {
  constructor(root) {
    this.root = root;
    this.open = null; // the panel shown
    this.badge = h('span', { class: 'count', hidden: true });
    this.inspector = new Inspector();
    this.faults = mountFaults({ onCount: (count) => this.counted(count) });
    this.panels = { traffic: this.inspector.root, faults: this.faults.root };
    this.openers = { faults: this.opener('faults', this.badge), traffic: this.opener('traffic') };
    this.tabs = h(
      'div',
      { class: 'tabs', role: 'tablist', 'aria-label': 'Backstage' },
      Object.keys(this.panels).map((name) => this.tab(name)),
    );
    this.body = h('div', { class: 'backstage-body' });
    root.append(
      h(
        'header',
        { class: 'backstage-head' },
        this.tabs,
        iconButton('close', 'Close backstage', () => this.show(null), { data: { testid: 'backstage-close' } }),
      ),
      this.body,
    );
    this.tabs.addEventListener('keydown', moveTab);
    root.addEventListener('keydown', (event) => event.key === 'Escape' && !event.defaultPrevented && this.show(null));
  }

  opener(name, extra = '') {
    const press = () => this.show(this.open === name ? null : name);
    return button(
      {
        class: 'chrome-button',
        title: TITLES[name],
        'aria-expanded': 'false',
        data: { testid: `open-${name}` },
        on: { click: press },
      },
      icon(ICONS[name]),
      h('span', { class: 'wide-only' }, NAMES[name]),
      extra,
    );
  }

  tab(name) {
    return button(
      { class: 'tab', role: 'tab', 'aria-selected': 'false', data: { panel: name }, on: { click: () => this.show(name) } },
      NAMES[name],
    );
  }

  counted(count) {
    this.badge.textContent = String(count);
    this.badge.hidden = count === 0;
  }

  show(name) {
    const from = this.open;
    this.open = name;
    this.root.hidden = name === null;
    this.inspector.show(name === 'traffic');
    if (name) fill(this.body, this.panels[name]);
    if (name === 'faults') this.faults.read();
    this.mark(name);
    if (name && !from) this.tabs.querySelector('[aria-selected="true"]').focus({ preventScroll: true });
    if (!name && from) this.openers[from].focus({ preventScroll: true });
  }

  mark(name) {
    for (const node of this.tabs.children) {
      node.setAttribute('aria-selected', String(node.dataset.panel === name));
      node.tabIndex = node.dataset.panel === name ? 0 : -1;
    }
    for (const [key, node] of Object.entries(this.openers)) node.setAttribute('aria-expanded', String(key === name));
  }
}

// Follows the system until somebody presses it; then the choice is kept.
function themeButton() {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? 'dark' : 'light')) === 'dark';
  const node = button({
    class: 'chrome-button',
    data: { testid: 'theme' },
    on: {
      click: () => {
        document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
        remembered.set('theme', document.documentElement.dataset.theme);
        draw();
      },
    },
  });
  const draw = () => {
    const words = isDark() ? 'Switch to the light theme' : 'Switch to the dark theme';
    node.setAttribute('aria-label', words);
    node.title = words;
    fill(node, icon(isDark() ? 'sun' : 'moon'));
  };
  system.addEventListener('change', draw);
  draw();
  return node;
}
