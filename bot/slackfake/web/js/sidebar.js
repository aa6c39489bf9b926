// The sidebar: who is played, channels, direct messages and the app. On a
// phone it slides in together with the rail of personas.
import { h, button, icon, fill, moveTab } from './dom.js';
import { avatar, localTime } from './persona.js';
import { api } from './api.js';
import { toast } from './notice.js';
import { store, on, me, go, personas, titleOf, nameOf, userOf, appChannel, isBot, refresh, HOME } from './state.js';
import { placeOf } from './dates.js';

/** mountSidebar draws the lists and redraws them when state or place changes. */
export function mountSidebar(root) {
  const draw = () => {
    if (!store.data) return;
    const top = root.scrollTop;
    const focused = document.activeElement?.dataset?.testid;
    fill(root, heading(), group('Channels', channels()), group('Direct messages', directMessages()), group('Apps', [appEntry()]));
    root.scrollTop = top;
    // Redrawing must not throw a keyboard user back to the top of the page.
    if (focused && !document.activeElement?.dataset?.testid) root.querySelector(`[data-testid="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  };
  on('state', draw);
  on('route', draw);
  on('clock', draw);
}

function heading() {
  const user = me();
  const words = h('div', { class: 'myself-words' }, h('strong', { class: 'myself-name', data: { testid: 'me' } }, nameOf(user)),
    h('span', {}, user.title), h('span', {}, `${localTime(user)} · ${placeOf(user.tz)}`));
  return h('header', { class: 'side-head' }, h('p', { class: 'team', dir: 'auto' }, store.data.team.name), h('div', { class: 'myself' }, avatar(user), words));
}

function group(name, entries) {
  return h('section', { class: 'side-group' }, h('h2', { class: 'side-title' }, name), h('ul', {}, entries.map((entry) => h('li', {}, entry))));
}

function entryFor({ label, face, place, unread = 0, testid, current, extra, onClick }) {
  const classes = ['side-entry', unread > 0 && 'unread', current && 'current'].filter(Boolean).join(' ');
  const props = { class: classes, data: { testid }, 'aria-current': current ? 'page' : null };
  const inside = [face, h('span', { class: 'side-label', dir: 'auto' }, label), extra, unread > 0 && h('span', { class: 'count' }, unread > 99 ? '99+' : String(unread), h('span', { class: 'visually-hidden' }, ' unread'))].filter(Boolean);
  if (onClick) return button({ ...props, on: { click: onClick } }, inside);
  return h('a', { ...props, href: `#${store.user}/${place}` }, inside);
}

const channels = () => store.data.channels.filter((channel) => channel.kind !== 'im').map((channel) => entryFor({
  label: channel.name, face: icon(channel.archived ? 'archive' : channel.kind === 'private' ? 'lock' : 'hash'), place: channel.id, unread: channel.unread,
  testid: `channel-${channel.name}`, current: store.place === channel.id,
}));

// Every colleague is offered, so that writing to somebody for the first time is one click.
function directMessages() {
  const open = new Map(store.data.channels.filter((channel) => channel.kind === 'im' && !isBot(channel.user)).map((channel) => [channel.user, channel]));
  const people = [...personas().filter((user) => user.id !== store.user), ...[...open.keys()].map(userOf).filter((user) => user?.deleted)];
  return people.map((user) => {
    const channel = open.get(user.id);
    return entryFor({
      label: nameOf(user), face: avatar(user, 'small'), place: channel?.id, unread: channel?.unread, testid: `channel-${user.name}`,
      current: channel !== undefined && store.place === channel.id, extra: user.deleted && h('span', { class: 'side-note' }, 'left'), onClick: channel ? null : () => openDirect(user.id),
    });
  });
}

/** openDirect opens a direct message, new or old, and goes there. */
export async function openDirect(other) {
  try {
    const { channel } = await api.act(store.user, 'dm', { other });
    await refresh();
    go({ place: channel });
  } catch (error) {
    toast(error.message, { tone: 'error' });
  }
}

function appEntry() {
  const { name, connected, bot_user: bot } = store.data.app;
  const channel = appChannel();
  const offline = connected === false && h('span', { class: 'side-note', title: 'The app is not connected to this workspace' }, 'offline');
  const handle = userOf(bot)?.name ?? name.toLowerCase();
  return entryFor({
    label: name, face: avatar({ id: bot }, 'small'), place: HOME, unread: channel?.unread, testid: `channel-${handle}`,
    current: store.place === HOME || (channel !== undefined && store.place === channel.id), extra: offline,
    // New messages from the app are what somebody comes for; without any, its Home is.
    onClick: () => (channel?.unread ? go({ place: channel.id }) : go({ place: HOME })),
  });
}

/** mountDrawer lets the lists slide in on a narrow screen. */
export function mountDrawer() {
  const opener = document.getElementById('open-drawer');
  const scrim = document.getElementById('drawer-scrim');
  const set = (open) => {
    document.body.classList.toggle('drawer-open', open);
    opener.setAttribute('aria-expanded', String(open));
    scrim.hidden = !open;
    if (open) document.querySelector('.persona[aria-pressed="true"]')?.focus();
  };
  opener.append(icon('menu'));
  opener.addEventListener('click', () => set(!document.body.classList.contains('drawer-open')));
  scrim.addEventListener('click', () => set(false));
  document.addEventListener('keydown', (event) => event.key === 'Escape' && document.body.classList.contains('drawer-open') && (set(false), opener.focus()));
  // A choice of place closes the drawer; a choice of persona leaves it open for the next step.
  on('route', ({ user }) => !user && set(false));
}

/** appTabs are the tabs over the app's Home and Messages. */
export function appTabs() {
  const channel = appChannel();
  const tab = (label, place, testid) => {
    const current = store.place === place;
    return button({ class: 'tab', role: 'tab', 'aria-selected': String(current), tabindex: current ? '0' : '-1', data: { testid }, on: { click: () => (place ? go({ place }) : openDirect(store.data.app.bot_user)) } },
      label, place && place === channel?.id && channel.unread > 0 && h('span', { class: 'count' }, String(channel.unread)));
  };
  const tabs = h('div', { class: 'tabs', role: 'tablist', 'aria-label': store.data.app.name }, tab('Home', HOME, 'tab-home'), tab('Messages', channel?.id ?? null, 'tab-messages'));
  tabs.addEventListener('keydown', moveTab);
  return tabs;
}
