// The people that can be played: their avatars, and the rail that switches
// between them. Alt+1 to Alt+9 do the same from the keyboard.
import { h, button, icon, iconButton, patch, remembered } from './dom.js';
import { float } from './floating.js';
import { announce } from './notice.js';
import { store, on, go, personas, isBot, nameOf, userOf, channelOf, now, HOME } from './state.js';
import { isoTime, isoDate, placeOf, offsetName, relativeDay } from './dates.js';

/** avatar draws a person by initials and colour, and an app by the gate. */
export function avatar(user, size = '') {
  const className = `avatar ${size}`.trim();
  if (user?.id && isBot(user.id)) return h('span', { class: `${className} avatar-app`, 'aria-hidden': 'true' }, icon('gate'));
  const colour = /^#?([0-9a-f]{6})$/i.exec(user?.color ?? '')?.[1] ?? ownColour(user);
  return h('span', { class: className, 'aria-hidden': 'true', vars: { '--avatar': deepened(colour) } }, initials(nameOf(user)));
}

function initials(name) {
  const words = name.split(/\s+/).filter(Boolean);
  return [words[0], words.length > 1 ? words.at(-1) : '']
    .map((word) => [...word][0] ?? '')
    .join('')
    .toUpperCase();
}

const COLOURS = [
  '7a5cff',
  'd1495b',
  '2a8f82',
  'd0701a',
  '3d6fd1',
  '8a5a44',
  'b0408f',
  '4f8a2b',
  '1f86a6',
  'a8741a',
  '6a6fb5',
  '9c3f3f',
];

// Whoever brings no colour gets one by their place in the list, so that neighbours differ.
function ownColour(user) {
  const place = store.data?.users.findIndex((one) => one.id === user?.id) ?? -1;
  return COLOURS[place % COLOURS.length] ?? '5b6b68';
}

// The colour, darkened step by step until white letters on it can be read (WCAG AA).
function deepened(hex) {
  let rgb = [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
  while (1.05 / (luminance(rgb) + 0.05) < 4.5) rgb = rgb.map((part) => Math.floor(part * 0.95));
  return `rgb(${rgb.join(' ')})`;
}

function luminance(rgb) {
  const [r, g, b] = rgb.map((part) => part / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** localTime says what somebody's clock shows, and the day where it differs from the reader's. */
export function localTime(user) {
  const zone = user.tz || 'UTC';
  const mine = userOf(store.user)?.tz || 'UTC';
  const away = isoDate(now(), zone) === isoDate(now(), mine) ? '' : `${relativeDayOf(zone, mine)} `;
  return `${away}${isoTime(now(), zone)}`;
}

function relativeDayOf(zone, mine) {
  const noon = Date.parse(`${isoDate(now(), zone)}T12:00:00Z`) / 1000;
  const here = Date.parse(`${isoDate(now(), mine)}T12:00:00Z`) / 1000;
  return relativeDay(noon, 'UTC', here) ?? '';
}

/** play switches to a persona and keeps the place where they can see it too. */
export function play(id) {
  if (id === store.user) return;
  const channel = channelOf(store.place);
  const place = store.place === HOME || channel?.kind === 'channel' ? store.place : null;
  announce(`You are now ${nameOf(userOf(id))}`);
  go({ user: id, place: place ?? store.data.channels[0]?.id });
}

const WIDE = 'rail-wide';

/** mountRail draws the rail of personas and keeps its clocks right. */
export function mountRail(root) {
  const list = h('ul', { class: 'rail-list' });
  const toggle = iconButton('right', 'Show names, titles and zones', () => setWide(!root.classList.contains(WIDE), true), {
    class: 'chrome-button rail-toggle',
  });
  root.append(h('h2', { class: 'rail-title' }, 'Play as'), list, toggle);

  function setWide(wide, keep) {
    root.classList.toggle(WIDE, wide);
    toggle.setAttribute('aria-expanded', String(wide));
    if (keep) remembered.set('rail', wide ? 'wide' : 'narrow');
  }
  const kept = remembered.get('rail');
  setWide(kept ? kept === 'wide' : innerWidth >= 1440);

  const draw = () =>
    patch(
      list,
      personas().map((user, index) => ({
        id: user.id,
        stamp: JSON.stringify([user, user.id === store.user, localTime(user)]),
        make: () => h('li', {}, face(user, index)),
      })),
    );
  on('state', draw);
  on('clock', draw);
  document.addEventListener('keydown', (event) => {
    const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
    const user = digit && event.altKey && !event.ctrlKey && !event.metaKey && personas()[digit - 1];
    if (!user) return;
    event.preventDefault();
    play(user.id);
  });
}

function face(user, index) {
  const current = user.id === store.user;
  const node = button(
    {
      class: 'persona',
      data: { testid: `persona-${user.id}` },
      'aria-pressed': String(current),
      'aria-keyshortcuts': index < 9 ? `Alt+${index + 1}` : null,
      on: { click: () => play(user.id) },
    },
    avatar(user),
    h(
      'span',
      { class: 'persona-short' },
      h('span', {}, nameOf(user).split(' ')[0]),
      h('span', { class: 'persona-time' }, isoTime(now(), user.tz)),
      h('span', { class: 'visually-hidden' }, `${nameOf(user)}, ${user.title}, ${placeOf(user.tz)}`),
    ),
    h(
      'span',
      { class: 'persona-long' },
      h('span', { class: 'persona-name' }, nameOf(user)),
      h('span', { class: 'persona-title' }, user.title),
      h('span', { class: 'persona-time' }, `${localTime(user)} · ${placeOf(user.tz)}`),
    ),
  );
  withCard(node, () => personCard(user, index));
  return node;
}

function personCard(user, index) {
  return h(
    'div',
    { class: 'person-card', role: 'tooltip' },
    h('strong', {}, nameOf(user)),
    h('span', {}, user.title),
    h('span', { class: 'muted' }, `${localTime(user)} · ${placeOf(user.tz)}, ${offsetName(now(), user.tz)}`),
    index < 9 && h('span', { class: 'muted' }, h('kbd', {}, 'Alt'), ' + ', h('kbd', {}, String(index + 1))),
  );
}

// The card helps where the rail is narrow; it opens on hover and on keyboard focus.
function withCard(node, make) {
  let close = null;
  const show = () => {
    if (close || node.closest(`.${WIDE}`) || !matchMedia('(min-width: 761px)').matches) return;
    close = float(make(), node, { beside: true, onClose: () => (close = null) });
  };
  const hide = () => close?.();
  node.addEventListener('mouseenter', show);
  node.addEventListener('mouseleave', hide);
  node.addEventListener('focus', () => node.matches(':focus-visible') && show());
  node.addEventListener('blur', hide);
  node.addEventListener('click', hide);
}
