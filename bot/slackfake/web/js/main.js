// Puts the page together: reads the address, draws the regions, and keeps them
// in step with the server's pokes.
import { h, fill, button, debounce, remembered } from './dom.js';
import { api, listen } from './api.js';
import {
  store,
  on,
  tell,
  refresh,
  readAddress,
  addressOf,
  go,
  channelOf,
  appChannel,
  personas,
  me,
  nameOf,
  titleOf,
  HOME,
} from './state.js';
import { mountRail } from './persona.js';
import { mountSidebar, mountDrawer, appTabs } from './sidebar.js';
import { MessageList, channelHead, beginning } from './messages.js';
import { mountThread } from './thread.js';
import { Composer } from './composer.js';
import { Modals } from './modal.js';
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
const modals = new Modals(byId('modals'), byId('panes'));
const thread = mountThread(byId('thread'), threadComposer);
const hints = mountHints({ onCommand: useCommand });
const head = h('div', { class: 'pane-words' });
const tabs = h('div', { class: 'pane-tabs' });
const banner = h('div', { class: 'link-banner', hidden: true });
let line = null; // the event stream of the persona played
let waitingCommand = null;

byId('main').append(
  h('header', { class: 'pane-head' }, head, hints.opener),
  tabs,
  banner,
  hints.card,
  list.root,
  home.root,
  composer.root,
);
mountRail(byId('rail'));
mountSidebar(byId('sidebar'));
mountDrawer();
mountTools(byId('tools'), byId('backstage'));
mountSwitcher(byId('switcher-slot'));
mountRegions();
followLinks(list);

// A command goes into the box at hand; the Home tab has none, so it waits for a channel.
function useCommand(text) {
  if (store.place !== HOME) return composer.start(text);
  waitingCommand = text;
  return go({ place: firstPlace() });
}

// ---- moving about ------------------------------------------------------------

async function arrive() {
  const changed = readAddress();
  if (changed.user) return (await become()) && enter();
  // Whoever is still being switched to enters the place when ready.
  if (store.data.me.id !== store.user) return undefined;
  tell('route', {});
  return changed.place && enter();
}

/** become starts the page over for the persona in the address; false when that failed or somebody else is played by now. */
async function become() {
  const { user } = store;
  tell('leave');
  modals.leave();
  list.clear();
  thread.clear();
  line?.close();
  try {
    await refresh();
  } catch (error) {
    if (user === store.user) noServer(error);
    return false;
  }
  if (user !== store.user) return false;
  line = listen(user, onPoke, onLink);
  remembered.set('persona', user);
  tell('route', { user: true });
  modals.load();
  return true;
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
    if (waitingCommand) composer.start(waitingCommand);
    waitingCommand = null;
    list.show(channel.id, null, channel.unread ?? 0).then(markRead);
  } else {
    list.clear();
    home.open();
  }
}

const firstPlace = () =>
  (
    store.data.channels.find((channel) => channel.name === 'changes') ??
    store.data.channels.find((channel) => channel.kind === 'channel') ??
    store.data.channels[0]
  )?.id ?? HOME;

function drawHead() {
  const channel = channelOf(store.place);
  const inApp = store.place === HOME || (channel && channel === appChannel());
  fill(
    head,
    inApp
      ? h('h1', { class: 'pane-title' }, store.data.app.name, h('span', { class: 'badge-app' }, 'APP'))
      : channel
        ? channelHead(channel)
        : null,
  );
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
  await api.act(store.user, 'read', { channel: channel.id });
  await refresh().catch(() => {
    /* the next poke reads it again */
  });
}

// ---- pokes from the server -----------------------------------------------------

const waiting = new Set();
const settle = debounce(() => {
  const pokes = [...waiting];
  waiting.clear();
  const channels = new Set(pokes.filter((poke) => poke.startsWith('messages ')).map((poke) => poke.slice(9)));
  if (channels.size || pokes.includes('state') || pokes.includes('clock'))
    refresh().catch(() => {
      /* the line says so */
    });
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
  if (!linked)
    fill(
      banner,
      errorLine(
        'We had some trouble connecting. Trying again…',
        button({ class: 'button small', on: { click: () => line.retry() } }, 'Try now'),
      ),
    );
  // Whatever was missed while the line was down is read again.
  if (back) (['state', 'views', 'home', 'traffic', `messages ${list.channel}`].forEach((poke) => waiting.add(poke)), settle());
}

on('state', drawHead);
on('clock', () => (list.draw(), thread.draw()));
on('address', arrive);
// Moves made on the page have arrived already; what is left are back, forward and typed addresses.
window.addEventListener('hashchange', () => location.hash !== addressOf(store) && arrive());
document.addEventListener('visibilitychange', markRead);

// ---- start -----------------------------------------------------------------------

// An address without a person, or with one who is not of this workspace, becomes
// the last persona played here, else the first.
async function start() {
  try {
    store.data = await api.state();
  } catch (error) {
    return noServer(error);
  }
  const known = personas().map((user) => user.id);
  const [asked] = location.hash.slice(1).split('/');
  const user = [asked, remembered.get('persona'), known[0]].find((id) => known.includes(id));
  if (user !== asked) history.replaceState(null, '', `#${user}`);
  return arrive();
}

start();
