// Puts the page together: reads the address, draws the regions, and keeps them
// in step with the server's pokes.
import { h, fill, button, debounce, remembered } from './dom.js';
import { api, listen } from './api.js';
import { store, on, tell, refresh, readAddress, go, channelOf, appChannel, personas, me, nameOf, titleOf, HOME } from './state.js';
import { mountRail } from './persona.js';
import { mountSidebar, mountDrawer, appTabs } from './sidebar.js';
import { MessageList, channelHead, beginning, mountThread } from './messages.js';
import { Composer } from './composer.js';
import { mountModals } from './modal.js';
import { mountHome } from './home.js';
import { mountTools } from './topbar.js';
import { mountSwitcher } from './switcher.js';
import { mountHints } from './hints.js';
import { mountRegions } from './regions.js';
import { followLinks } from './links.js';
import { errorLine } from './notice.js';

const POKES_MS = 60;
const byId = (id) => document.getElementById(id);

const composer = new Composer({ id: 'composer-main', testid: 'composer' });
const threadComposer = new Composer({ id: 'composer-thread', testid: 'thread-composer' });
const list = new MessageList({ label: 'Messages', empty: beginning });
const home = mountHome();
const modals = mountModals(byId('modals'), byId('panes'));
const thread = mountThread(byId('thread'), threadComposer);
const hints = mountHints({ onCommand: useCommand });
const head = h('div', { class: 'pane-words' });
const tabs = h('div', { class: 'pane-tabs' });
const banner = h('div', { class: 'link-banner', hidden: true });
let line = null;

byId('main').append(h('header', { class: 'pane-head' }, head, hints.opener), tabs, banner, hints.card, list.root, home.root, composer.root);
mountRail(byId('rail'));
mountSidebar(byId('sidebar'));
mountDrawer();
mountTools(byId('tools'), byId('backstage'));
mountSwitcher(byId('switcher-slot'));
mountRegions();
followLinks(list);

function useCommand(text) {
  if (store.place === HOME) go({ place: store.data.channels.find((channel) => channel.kind === 'channel')?.id });
  // The box is aimed when the new place has been drawn.
  setTimeout(() => composer.start(text));
}

// ---- moving about ------------------------------------------------------------

async function arrive() {
  const changed = readAddress();
  if (!store.data || changed.user) await become();
  else tell('route', {});
  if (changed.user || changed.place) enter();
}

/** become starts the page over for the persona in the address. */
async function become() {
  modals.leave();
  list.clear();
  thread.clear();
  line?.close();
  try {
    await refresh();
  } catch (error) {
    return noServer(error);
  }
  line = listen(store.user, onPoke, onLink);
  remembered.set('persona', store.user);
  tell('route', { user: true });
  await modals.load();
}

function noServer(error) {
  fill(head, errorLine(error.message, button({ class: 'button small', on: { click: () => location.reload() } }, 'Try again')));
}

/** enter draws the place of the address; an unknown one becomes the first channel. */
function enter() {
  if (!store.data) return;
  const channel = channelOf(store.place);
  if (store.place !== HOME && !channel) return go({ place: firstPlace() });
  drawHead();
  list.root.hidden = composer.root.hidden = store.place === HOME;
  home.root.hidden = store.place !== HOME;
  if (channel) {
    composer.aim({ channel });
    list.show(channel.id, null, channel.unread ?? 0).then(markRead);
  } else {
    list.clear();
    home.open();
  }
}

const firstPlace = () => (store.data.channels.find((channel) => channel.name === 'changes') ?? store.data.channels.find((channel) => channel.kind === 'channel') ?? store.data.channels[0])?.id ?? HOME;

function drawHead() {
  const channel = channelOf(store.place);
  const inApp = store.place === HOME || (channel && channel === appChannel());
  fill(head, inApp ? h('h1', { class: 'pane-title' }, store.data.app.name, h('span', { class: 'badge-app' }, 'APP')) : channel ? channelHead(channel) : null);
  fill(tabs, inApp ? appTabs() : null);
  const place = inApp ? store.data.app.name : channel ? titleOf(channel) : '';
  document.title = `${unreadTotal()}${place} · ${nameOf(me())} · ${store.data.team.name}`;
}

function unreadTotal() {
  const total = store.data.channels.reduce((sum, channel) => sum + (channel.unread ?? 0), 0);
  return total ? `(${total}) ` : '';
}

// Only what is really on screen counts as read.
async function markRead() {
  const channel = channelOf(store.place);
  if (!channel || document.hidden || !list.messages) return;
  await api.act(store.user, 'read', { channel: channel.id }).catch(() => { /* counted again at the next visit */ });
  await refresh().catch(() => { /* the next poke reads it again */ });
}

// ---- pokes from the server -----------------------------------------------------

const waiting = new Set();
const settle = debounce(() => {
  const pokes = [...waiting];
  waiting.clear();
  const channels = new Set(pokes.filter((poke) => poke.startsWith('messages ')).map((poke) => poke.slice(9)));
  if (channels.size || pokes.includes('state') || pokes.includes('clock')) refresh().catch(() => { /* the line says so */ });
  if (channels.has(list.channel)) list.load().then(markRead);
  if (channels.has(thread.channel)) thread.load();
  for (const topic of ['views', 'home', 'traffic']) if (pokes.includes(topic)) tell(topic);
}, POKES_MS);

function onPoke({ type, channel }) {
  waiting.add(type === 'messages' ? `messages ${channel}` : type);
  settle();
}

function onLink(linked) {
  const back = linked && !store.linked;
  store.linked = linked;
  banner.hidden = linked;
  if (!linked) fill(banner, errorLine('We had some trouble connecting. Trying again…', button({ class: 'button small', on: { click: () => line.retry() } }, 'Try now')));
  // Whatever was missed while the line was down is read again.
  if (back) ['state', 'views', 'home', 'traffic', `messages ${list.channel}`].forEach((poke) => waiting.add(poke)), settle();
}

on('state', drawHead);
on('clock', () => (list.draw(), thread.draw()));
window.addEventListener('hashchange', arrive);
document.addEventListener('visibilitychange', markRead);

// ---- start -----------------------------------------------------------------------

async function start() {
  if (!location.hash) {
    // Somebody has to be played to ask for the state; the last one played comes back.
    const first = await firstPersona();
    if (first) history.replaceState(null, '', `#${first}`);
  }
  await arrive();
}

async function firstPersona() {
  try {
    store.data = await api.state(null);
    const known = personas().map((user) => user.id);
    store.data = null;
    const last = remembered.get('persona');
    return known.includes(last) ? last : known[0];
  } catch (error) {
    noServer(error);
    return null;
  }
}

start();
