// The bar over the workspace: what the demo adds around the chat. Backstage
// (traffic and faults) opens below the chat, so that both can be watched.
import { h, button, icon, iconButton, fill, remembered, moveTab } from './dom.js';
import { mountInspector } from './inspector.js';
import { mountFaults } from './faults.js';
import { mountClock } from './clock.js';

/** mountTools fills the right side of the bar. */
export function mountTools(root, backstage) {
  const clock = h('span', { class: 'clock-slot' });
  root.append(clock, ...mountBackstage(backstage), themeButton());
  mountClock(clock);
}

function mountBackstage(root) {
  const badge = h('span', { class: 'count', hidden: true });
  const inspector = mountInspector();
  const faults = mountFaults({ onCount: (count) => ((badge.textContent = String(count)), (badge.hidden = count === 0)) });
  const panels = { traffic: inspector, faults };
  const names = { traffic: 'Traffic', faults: 'Break it' };
  const openers = {
    faults: opener('fault', names.faults, 'Break it: make Slack misbehave', badge),
    traffic: opener('traffic', names.traffic, 'Traffic: what the app and Slack say to each other'),
  };
  const body = h('div', { class: 'backstage-body' });
  const tabs = h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Backstage' }, Object.keys(panels).map(tab));
  root.append(h('header', { class: 'backstage-head' }, tabs, iconButton('close', 'Close backstage', () => show(null), { data: { testid: 'backstage-close' } })), body);
  let open = null;

  function tab(name) {
    return button({ class: 'tab', role: 'tab', 'aria-selected': 'false', data: { panel: name }, on: { click: () => show(name) } }, names[name]);
  }

  function opener(iconName, label, title, extra) {
    const name = Object.keys(names).find((key) => names[key] === label);
    return button({ class: 'chrome-button', title, 'aria-expanded': 'false', data: { testid: `open-${name}` }, on: { click: () => show(open === name ? null : name) } }, icon(iconName), h('span', { class: 'wide-only' }, label), extra ?? '');
  }

  function show(name) {
    const from = open;
    open = name;
    root.hidden = name === null;
    inspector.shown(name === 'traffic');
    if (name) fill(body, panels[name].root);
    if (name === 'faults') faults.read();
    for (const node of tabs.children) {
      node.setAttribute('aria-selected', String(node.dataset.panel === name));
      node.tabIndex = node.dataset.panel === name ? 0 : -1;
    }
    for (const [key, node] of Object.entries(openers)) node.setAttribute('aria-expanded', String(key === name));
    if (name && !from) tabs.querySelector('[aria-selected="true"]').focus({ preventScroll: true });
    if (!name && from) openers[from].focus({ preventScroll: true });
  }

  tabs.addEventListener('keydown', moveTab);
  root.addEventListener('keydown', (event) => event.key === 'Escape' && !event.defaultPrevented && show(null));
  return [openers.faults, openers.traffic];
}

// Follows the system until somebody presses it; then the choice is kept.
function themeButton() {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? 'dark' : 'light')) === 'dark';
  const node = button({ class: 'chrome-button', data: { testid: 'theme' }, on: { click: () => {
    document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
    remembered.set('theme', document.documentElement.dataset.theme);
    draw();
  } } });
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
