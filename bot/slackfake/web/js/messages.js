// The conversation: the list of messages of a channel and of a thread, kept up
// to date while the reader stays where they are.
import { h, fill, icon, button, patch } from './dom.js';
import { api } from './api.js';
import { messageRow, authorOf } from './message.js';
import { mrkdwn } from './mrkdwn.js';
import { errorLine, announce } from './notice.js';
import { store, channelOf, titleOf, userOf, isBot, nameOf, zone, now } from './state.js';
import { isoDate, dayDivider } from './dates.js';

const GROUP_SECONDS = 300;
const NEAR_BOTTOM_PX = 60;

/** MessageList shows one conversation; `thread` is the parent's ts, or null for the channel itself. */
export class MessageList {
  constructor({ label, empty }) {
    this.empty = empty;
    this.list = h('ol', { class: 'messages', 'aria-label': label });
    this.status = h('div', { class: 'list-status' });
    this.root = h('div', { class: 'scroller' }, this.status, this.list);
    this.clear();
    this.revealNext = null; // ts of a message to show after the next arrival
    // Pictures and folded texts change the height after drawing; who reads the end stays at the end.
    const resized = new ResizeObserver(() => this.atEnd && this.toEnd());
    resized.observe(this.list);
    resized.observe(this.root);
    this.root.addEventListener('scroll', () => (this.atEnd = this.nearEnd()), { passive: true });
  }

  clear() {
    Object.assign(this, { channel: null, thread: null, messages: null, atEnd: true, unreadFrom: null, seen: null });
    patch(this.list, []);
    fill(this.status);
  }

  /** show reads and draws a conversation from its end; `unread` marks where new ones start. */
  async show(channel, thread = null, unread = 0) {
    this.clear();
    Object.assign(this, { channel, thread, unread });
    fill(this.status, skeleton());
    await this.load();
    this.toEnd();
    if (this.revealNext) this.reveal(this.revealNext);
    this.revealNext = null;
  }

  /** load reads the messages again. An answer for a place that was left is dropped. */
  async load() {
    const { channel, thread } = this;
    const user = store.user;
    if (!channel) return;
    const stale = () => channel !== this.channel || thread !== this.thread || user !== store.user;
    try {
      const messages = await api.messages(user, channel, thread);
      if (stale()) return;
      this.messages = this.pick(messages);
      this.draw();
    } catch (error) {
      if (!stale()) fill(this.status, this.failed(error));
    }
  }

  pick(messages) {
    if (this.thread) return messages.filter((message) => !message.deleted || message.ts === this.thread);
    return messages.filter(
      (message) =>
        (!message.thread_ts || message.thread_ts === message.ts || message.broadcast) &&
        (!message.deleted || message.reply_count),
    );
  }

  failed(error) {
    return errorLine(error.message, button({ class: 'button small', on: { click: () => this.load() } }, 'Try again'));
  }

  draw() {
    if (!this.messages) return;
    const stick = this.atEnd;
    fill(this.status, this.messages.length ? null : this.empty?.(this.channel));
    this.markUnread();
    patch(this.list, this.items());
    if (stick) this.toEnd();
    this.announceNew();
  }

  // The line "New" stays above what was unread on arrival, until the place is left.
  markUnread() {
    if (this.unread === 0 || this.unreadFrom) return;
    const others = this.messages.filter((message) => message.user !== store.user && !message.ephemeral);
    this.unreadFrom = others.at(-Math.min(this.unread, others.length))?.ts ?? null;
  }

  items() {
    const items = [];
    const today = isoDate(now(), zone());
    let previous = null;
    for (const message of this.messages) {
      const at = Number(message.ts);
      const newDay = !previous || isoDate(at, zone()) !== isoDate(Number(previous.ts), zone());
      const isNew = message.ts === this.unreadFrom;
      if (newDay && !this.thread)
        items.push({ id: `day ${isoDate(at, zone())}`, stamp: today, make: () => divider(dayDivider(at, zone(), now())) });
      if (isNew) items.push({ id: 'new', stamp: '', make: newLine });
      items.push(this.item(message, !newDay && !isNew && follows(message, previous), today));
      if (this.thread && message.ts === this.thread) items.push(this.replyLine(message));
      previous = message;
    }
    return items;
  }

  item(message, grouped, today) {
    const inThread = this.thread !== null;
    return {
      id: `${message.ts}${message.ephemeral ? ' only you' : ''}`,
      stamp: JSON.stringify([message, grouped, today, store.user]),
      make: () => messageRow(message, { channel: this.channel, grouped: grouped && !inThread, inThread }),
    };
  }

  replyLine(message) {
    const count = this.messages.length - 1;
    const words = count === 0 ? 'No replies yet' : count === 1 ? '1 reply' : `${count} replies`;
    return { id: `replies ${message.ts}`, stamp: words, make: () => h('li', { class: 'reply-line' }, words) };
  }

  announceNew() {
    const last = this.messages.at(-1);
    const fresh = this.seen !== null && last && last.ts > this.seen && last.user !== store.user;
    this.seen = last?.ts ?? '';
    if (fresh) announce(`${authorOf(last)}: ${mrkdwn(last.text).textContent}`.slice(0, 300));
  }

  nearEnd() {
    return this.root.scrollHeight - this.root.scrollTop - this.root.clientHeight < NEAR_BOTTOM_PX;
  }

  toEnd() {
    this.root.scrollTop = this.root.scrollHeight;
    this.atEnd = true;
  }

  /** reveal scrolls to one message and lets it light up; false when it is not here. */
  reveal(ts) {
    const row = this.list.querySelector(`[data-ts="${CSS.escape(ts)}"]`);
    if (!row) return false;
    this.atEnd = false;
    row.scrollIntoView({ block: 'center' });
    row.classList.add('lit');
    row.focus({ preventScroll: true });
    return true;
  }
}

function follows(message, previous) {
  return (
    previous.user === message.user &&
    authorOf(previous) === authorOf(message) &&
    !previous.ephemeral &&
    !message.ephemeral &&
    !previous.reply_count &&
    !message.blocks?.length &&
    !isBot(message.user) &&
    Number(message.ts) - Number(previous.ts) < GROUP_SECONDS
  );
}

const divider = (words) => h('li', { class: 'day' }, h('span', {}, words));
const newLine = () => h('li', { class: 'new-line' }, h('span', {}, 'New'));

/** skeleton stands where messages will be while they are on their way. */
export function skeleton() {
  const bar = (width) => h('span', { class: `bone ${width}` });
  return h(
    'div',
    { class: 'skeleton', role: 'status', 'aria-label': 'Loading' },
    [0, 1, 2].map(() =>
      h('div', { class: 'bones' }, h('span', { class: 'bone round' }), h('span', {}, bar('short'), bar('long'), bar('middle'))),
    ),
  );
}

// ---- the heads above the lists ---------------------------------------------------

const KIND_ICON = { channel: 'hash', private: 'lock' };

/** channelHead names the conversation and says what it is for. */
export function channelHead(channel) {
  const other = channel.kind === 'im' ? userOf(channel.user) : null;
  const note = channel.archived ? 'Archived: nobody can write here any more' : other ? other.title : channel.topic;
  return [
    h('h1', { class: 'pane-title', dir: 'auto' }, KIND_ICON[channel.kind] && icon(KIND_ICON[channel.kind]), titleOf(channel)),
    note && h('p', { class: 'pane-note', dir: 'auto', title: note }, note),
  ];
}

/** beginning is what an empty conversation says. */
export function beginning(id) {
  const channel = channelOf(id);
  if (!channel) return null;
  const words =
    channel.kind === 'im'
      ? `This is the start of your conversation with ${nameOf(userOf(channel.user))}.`
      : `This is the very beginning of #${channel.name}.`;
  return h('p', { class: 'beginning' }, words);
}
