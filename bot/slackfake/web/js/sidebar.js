// The sidebar: who is played, channels, direct messages and the app. On a
// phone it slides in together with the rail of personas.
import { h, button, icon, fill, patch, moveTab } from './dom.js';
import { avatar, localTime } from './persona.js';
import { api } from './api.js';
import { toast } from './notice.js';
import { store, on, me, go, personas, nameOf, userOf, appChannel, isBot, refresh, HOME } from './state.js';
import { placeOf } from './dates.js';

/** mountSidebar draws the lists and redraws them when state or place changes. */
export function mountSidebar(root) {
  const head = h('header', { class: 'side-head' });
  const lists = { Channels: channels, 'Direct messages': directMessages, Apps: apps };
  const groups = Object.entries(lists).map(([name, entries]) => ({ entries, list: h('ul'), name }));
  const sections = groups.map(({ name, list }) =>
    h('section', { class: 'side-group' }, h('h2', { class: 'side-title' }, name), list),
  );
  const scroll = h('div', { class: 'side-lists' }, sections);
  root.append(head, scroll);
  const draw = () => {
    if (!store.data) return;
    fill(head, heading());
    // An entry that is the same keeps its node, or a click begun before a redraw would be lost.
    for (const { entries, list } of groups) {
      patch(
        list,
        entries().map((entry) => ({
          id: entry.testid,
          stamp: JSON.stringify([entry, store.user]),
          make: () => h('li', {}, link(entry)),
        })),
      );
    }
  };
  on('state', draw);
  on('route', draw);
  on('clock', draw);
  // What the last persona could open is no longer there to be pressed.
  on('leave', () => {
    groups.forEach(({ list }) => patch(list, []));
    scroll.scrollTop = 0;
  });
}

function heading() {
  const user = me();
  const name = h('strong', { class: 'myself-name', data: { testid: 'me' } }, nameOf(user));
  const clock = h('span', {}, `${localTime(user)} · ${placeOf(user.tz)}`);
  const words = h('div', { class: 'myself-words' }, name, h('span', {}, user.title), clock);
  return [h('p', { class: 'team', dir: 'auto' }, store.data.team.name), h('div', { class: 'myself' }, avatar(user), words)];
}

// An entry is plain data: {testid, label, icon | face, place, unread, note}; without a place, `person` is written to for the first time.
function link(entry) {
  const { label, place, unread = 0, testid, note, current } = entry;
  const count =
    unread > 0 &&
    h('span', { class: 'count' }, unread > 99 ? '99+' : String(unread), h('span', { class: 'visually-hidden' }, ' unread'));
  const inside = [
    entry.icon ? icon(entry.icon) : avatar(entry.face, 'small'),
    h('span', { class: 'side-label', dir: 'auto' }, label),
    note && h('span', { class: 'side-note' }, note),
    count,
  ];
  const classes = ['side-entry', unread > 0 && 'unread', current && 'current'].filter(Boolean).join(' ');
  const props = { class: classes, data: { testid }, 'aria-current': current ? 'page' : null };
  if (place) return h('a', { ...props, href: `#${store.user}/${place}` }, inside);
  return button({ ...props, on: { click: () => openDirect(entry.person) } }, inside);
}

const ICONS = { channel: 'hash', private: 'lock' };

function channels() {
  const list = store.data.channels.filter((channel) => channel.kind !== 'im');
  return list.map(({ id, name, kind, unread, archived }) => ({
    testid: `channel-${name}`,
    label: name,
    icon: archived ? 'archive' : ICONS[kind],
    place: id,
    unread,
    current: store.place === id,
  }));
}

// Every colleague is offered, so that writing to somebody for the first time is one click.
function directMessages() {
  const open = new Map(
    store.data.channels
      .filter((channel) => channel.kind === 'im' && !isBot(channel.user))
      .map((channel) => [channel.user, channel]),
  );
  const gone = [...open.keys()].map(userOf).filter((user) => user?.deleted);
  return [...personas().filter((user) => user.id !== store.user), ...gone].map((user) => {
    const channel = open.get(user.id);
    return {
      testid: `channel-${user.name}`,
      label: nameOf(user),
      face: user,
      place: channel?.id,
      person: user.id,
      unread: channel?.unread,
      current: channel !== undefined && store.place === channel.id,
      note: user.deleted ? 'left' : '',
    };
  });
}

/** openDirect opens a direct message, new or old, and goes there. */
export async function openDirect(other) {
  const answer = await api.act(store.user, 'dm', { other });
  if (!answer.channel) return toast(answer.error, { tone: 'error' });
  await refresh();
  return go({ place: answer.channel });
}

function apps() {
  const { name, connected, bot_user: bot } = store.data.app;
  const channel = appChannel();
  return [
    {
      testid: `channel-${userOf(bot)?.name ?? name}`,
      label: name,
      face: { id: bot },
      // New messages from the app are what somebody comes for; without any, its Home is.
      place: channel?.unread ? channel.id : HOME,
      unread: channel?.unread,
      current: store.place === HOME || (channel !== undefined && store.place === channel.id),
      note: connected === false ? 'offline' : '',
    },
  ];
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
  document.addEventListener(
    'keydown',
    (event) => event.key === 'Escape' && document.body.classList.contains('drawer-open') && (set(false), opener.focus()),
  );
  // A choice of place closes the drawer; a choice of persona leaves it open for the next step.
  on('route', ({ user }) => !user && set(false));
}

/** appTabs are the tabs over the app's Home and Messages. */
export function appTabs() {
  const channel = appChannel();
  const tab = (label, place, testid) => {
    const current = store.place === place;
    return button(
      {
        class: 'tab',
        role: 'tab',
        'aria-selected': String(current),
        tabindex: current ? '0' : '-1',
        data: { testid },
        on: { click: () => (place ? go({ place }) : openDirect(store.data.app.bot_user)) },
      },
      label,
      place && place === channel?.id && channel.unread > 0 && h('span', { class: 'count' }, String(channel.unread)),
    );
  };
  const tabs = h(
    'div',
    { class: 'tabs', role: 'tablist', 'aria-label': store.data.app.name },
    tab('Home', HOME, 'tab-home'),
    tab('Messages', channel?.id ?? null, 'tab-messages'),
  );
  tabs.addEventListener('keydown', moveTab);
  return tabs;
}
