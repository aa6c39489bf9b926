// What the page knows: who is played, where they are, and what the server last
// said. Everything else on the page is drawn from here and redrawn on a topic:
// state, address, route, leave, views, home, clock, traffic.
import { api } from './api.js';

export const HOME = 'home';

export const store = {
  user: null, // the persona played
  place: null, // a channel id, or HOME
  thread: null, // ts of the open thread's parent
  data: null, // the answer of GET /_fake/state
  linked: true, // whether the event stream is up
};

const topics = new EventTarget();

/** on calls fn with the detail whenever a topic is told. */
export const on = (topic, fn) => topics.addEventListener(topic, (event) => fn(event.detail));
/** tell wakes everybody who draws from a topic. */
export const tell = (topic, detail) => topics.dispatchEvent(new CustomEvent(topic, { detail }));

/** refresh reads the state again for the persona played and tells `state`. */
export async function refresh() {
  const asked = store.user;
  const data = await api.state(asked);
  if (asked !== store.user) return;
  store.data = data;
  setClock(data.clock);
  tell('state');
}

// ---- the virtual clock -------------------------------------------------

let clockAt = { now: Date.now() / 1000, read: performance.now() };

function setClock(clock) {
  clockAt = { now: clock?.now ?? Date.now() / 1000, read: performance.now() };
}

/** now is the workspace's virtual time in unix seconds. */
export const now = () => clockAt.now + (performance.now() - clockAt.read) / 1000;

// ---- people and places -------------------------------------------------

export const userOf = (id) => store.data?.users.find((user) => user.id === id);
export const channelOf = (id) => store.data?.channels.find((channel) => channel.id === id);
export const me = () => userOf(store.user) ?? store.data?.me;
export const zone = () => me()?.tz || 'UTC';
const botUser = () => store.data?.app.bot_user;
export const isBot = (id) => id === botUser() || Boolean(userOf(id)?.is_bot);
export const nameOf = (user) => user?.real_name || user?.name || 'Someone';

/** personas are the people that can be played, in the order of Alt+1, Alt+2 and so on. */
export const personas = () => (store.data?.users ?? []).filter((user) => !user.is_bot && !user.deleted);

/** titleOf names a conversation as its reader sees it: a direct message by the other person. */
export function titleOf(channel) {
  return channel.kind === 'im' ? nameOf(userOf(channel.user)) : channel.name;
}

/** appChannel is the persona's direct message with the app, once there is one. */
export const appChannel = () => store.data?.channels.find((channel) => channel.kind === 'im' && channel.user === botUser());

// ---- the address: #U0ANA/C0CHANGES/1700000000.000100 --------------------

/** addressOf writes a hash; what is left out stays as it is, a new place closes the thread. */
export function addressOf({ user = store.user, place = store.place, thread = null }) {
  return `#${[user, place, thread].filter(Boolean).join('/')}`;
}

/** go moves to a persona, place or thread at once; back and forward of the browser work. */
export function go(where) {
  location.hash = addressOf(where);
  tell('address');
}

/** readAddress takes the hash over into the store and says what changed. */
export function readAddress() {
  const [user, place, thread] = location.hash.slice(1).split('/').map(decodeURIComponent);
  const changed = { user: user !== store.user, place: place !== store.place, thread: (thread ?? null) !== store.thread };
  Object.assign(store, { user: user || null, place: place || null, thread: thread || null });
  return changed;
}
