// One message as it stands in a channel or thread: who, when, what, and what
// can be done with it.
import { h, button, icon, iconButton } from './dom.js';
import { opensMenu } from './floating.js';
import { api } from './api.js';
import { avatar } from './persona.js';
import { drawBlocks } from './blocks.js';
import { extras } from './extras.js';
import { mrkdwn } from './mrkdwn.js';
import { toast } from './notice.js';
import { Surface } from './surface.js';
import { store, userOf, nameOf, isBot, zone, now, go, addressOf } from './state.js';
import { isoTime, fullMoment, ago } from './dates.js';

const surfaces = new Map(); // what was chosen in a message outlives its redrawing

/** surfaceOf keeps one surface a message and persona. */
function surfaceOf(message, channel) {
  const key = `${store.user} ${channel} ${message.ts}`;
  if (!surfaces.has(key)) surfaces.set(key, new Surface('message', { channel, message_ts: message.ts }));
  return surfaces.get(key);
}

/** authorOf is the name a message stands under: an app may choose its own. */
export const authorOf = (message) => message.username || nameOf(userOf(message.user));

const when = (message) => Number(message.ts);

/**
 * messageRow makes the node of one message. `grouped` leaves the name out where the same
 * person goes on; `inThread` leaves out what leads to the thread.
 */
export function messageRow(message, { channel, grouped, inThread }) {
  const author = authorOf(message);
  const row = h('li', {
    class: ['message', grouped && 'grouped', message.ephemeral && 'ephemeral'].filter(Boolean).join(' '),
    tabindex: '-1',
    data: { ts: message.ts, testid: 'message' },
    'aria-label': `${author}, ${isoTime(when(message), zone())}`,
  });
  const body = h(
    'div',
    { class: 'message-body' },
    !grouped && heading(message, author),
    content(message, channel),
    !inThread && replies(message),
  );
  row.append(
    grouped ? gutterTime(message) : avatar(userOf(message.user) ?? { real_name: author }),
    body,
    tools(message, channel, inThread),
  );
  if (message.ephemeral) body.prepend(h('p', { class: 'only-you' }, icon('eye'), 'Only visible to you'));
  return row;
}

function heading(message, author) {
  return h(
    'div',
    { class: 'message-head' },
    h('span', { class: 'author', dir: 'auto' }, author),
    isBot(message.user) && h('span', { class: 'badge-app' }, 'APP'),
    time(message),
  );
}

const time = (message) =>
  h(
    'time',
    { class: 'message-time', datetime: new Date(when(message) * 1000).toISOString(), title: fullMoment(when(message), zone()) },
    isoTime(when(message), zone()),
  );
const gutterTime = (message) =>
  h('span', { class: 'gutter-time', title: fullMoment(when(message), zone()) }, isoTime(when(message), zone()));
const edited = () => h('span', { class: 'edited' }, ' (edited)');

function content(message, channel) {
  if (message.deleted) return h('p', { class: 'muted' }, 'This message was deleted.');
  const surface = surfaceOf(message, channel);
  const text =
    !message.blocks?.length && h('div', { class: 'message-text', dir: 'auto' }, mrkdwn(message.text), message.edited && edited());
  return [
    text || [blocksOf(message, surface), message.edited && h('div', { class: 'edited-line' }, edited())],
    extras(message, surface),
  ];
}

function blocksOf(message, surface) {
  const blocks = h('div', { class: 'blocks' });
  drawBlocks(blocks, message.blocks, surface);
  return blocks;
}

function replies(message) {
  if (!message.reply_count) return null;
  const count = message.reply_count === 1 ? '1 reply' : `${message.reply_count} replies`;
  return button(
    { class: 'thread-link', data: { testid: 'open-thread' }, on: { click: () => go({ thread: message.ts }) } },
    icon('thread'),
    h('span', { class: 'thread-count' }, count),
    message.latest_reply &&
      h('span', { class: 'muted' }, `Last reply ${ago(Math.min(Number(message.latest_reply), now()), now())}`),
  );
}

// ---- what can be done with a message -------------------------------------------

function tools(message, channel, inThread) {
  if (message.deleted) return '';
  const more = iconButton('more', 'More actions', null, { data: { testid: 'message-actions' } });
  const canThread = !inThread && !message.ephemeral;
  opensMenu(more, 'More actions', () => actions(message, channel, canThread), { align: 'end' });
  return h(
    'div',
    { class: 'message-tools', role: 'group', 'aria-label': 'Message actions' },
    canThread &&
      iconButton('thread', 'Reply in thread', () => go({ thread: message.ts }), { data: { testid: 'reply-in-thread' } }),
    more,
  );
}

function actions(message, channel, canThread) {
  const link = { label: 'Copy link to message', icon: 'link', onSelect: () => copyLink(message, channel) };
  const text = { label: 'Copy text', icon: 'copy', onSelect: () => copy(message.text, 'Text copied') };
  if (message.ephemeral) return [text];
  const shortcuts = store.data.app.shortcuts.filter((shortcut) => shortcut.type === 'message');
  const reply = { label: 'Reply in thread', icon: 'thread', onSelect: () => go({ thread: message.ts }) };
  return [
    ...(canThread ? [reply] : []),
    ...shortcuts.map((shortcut) => shortcutItem(shortcut, message, channel)),
    { heading: 'Message' },
    link,
    text,
  ];
}

const shortcutItem = (shortcut, message, channel) => ({
  label: shortcut.name,
  note: shortcut.description,
  icon: 'bolt',
  data: { testid: `shortcut-${shortcut.callback_id}` },
  onSelect: () => runShortcut('message_shortcut', { callback_id: shortcut.callback_id, channel, message_ts: message.ts }),
});

/** runShortcut runs a global or message shortcut; what goes wrong is said in words. */
export async function runShortcut(type, details) {
  const answer = await api.act(store.user, type, details);
  if (answer.ok === false) toast(answer.error || 'The shortcut did not work. Try again?', { tone: 'error' });
}

function copyLink(message, channel) {
  const url = new URL(location.href);
  url.hash = addressOf({ place: channel, thread: message.ts });
  copy(url.href, 'Link copied');
}

/** copy puts text on the clipboard and says so; a refusing browser is said too. */
export async function copy(text, words) {
  try {
    await navigator.clipboard.writeText(text);
    toast(words);
  } catch {
    toast('This browser does not let the page copy. Select the text instead.', { tone: 'error' });
  }
}
