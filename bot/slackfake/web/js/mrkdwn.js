// Slack's mrkdwn as DOM nodes. The text arrives with &, < and > escaped, so an
// angle bracket in it is a control sequence; what is none stays as written.
// Entities are decoded once, in the leaf that shows them.
import { h } from './dom.js';
import { emoji } from './emoji.js';
import { dateToken } from './dates.js';
import { store, userOf, channelOf, titleOf, nameOf, zone, now, addressOf } from './state.js';

/** decode turns the three entities back, once: &amp;lt; shows as &lt;. */
const decode = (text) => text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: '&', lt: '<', gt: '>' })[name]);

/** mrkdwn renders text; `verbatim` leaves bare addresses unlinked. */
export function mrkdwn(text, { verbatim = false } = {}) {
  const fragment = document.createDocumentFragment();
  splitFences(String(text ?? '')).forEach((part, index, parts) => {
    if (index % 2) return fragment.append(h('pre', { class: 'pre' }, leaf(part.replace(/^\n/, '').replace(/\n$/, ''))));
    // The line breaks beside a code block belong to the block, not to the text.
    const after = index > 0 ? part.replace(/^\n/, '') : part;
    fragment.append(...paragraphs(index < parts.length - 1 ? after.replace(/\n$/, '') : after, { verbatim }));
  });
  return fragment;
}

// Odd parts are code. A fence that is never closed is three ordinary characters.
function splitFences(text) {
  const parts = text.split('```');
  if (parts.length % 2 === 0) {
    const tail = parts.pop();
    parts[parts.length - 1] += '```' + tail;
  }
  return parts;
}

const QUOTE = /^(?:&gt;|>) ?/;

function paragraphs(text, options) {
  if (text === '') return [];
  const nodes = [];
  let quote = null;
  text.split('\n').forEach((line, at) => {
    const quoted = QUOTE.test(line);
    if (quoted && !quote) nodes.push((quote = h('blockquote', { class: 'quote' })));
    else if (quoted) quote.append(h('br'));
    else if (at > 0 && !quote) nodes.push(h('br'));
    if (!quoted) quote = null;
    const inlineNodes = inline(quoted ? line.replace(QUOTE, '') : line, options);
    (quoted ? quote : { append: (...more) => nodes.push(...more) }).append(...inlineNodes);
  });
  return nodes;
}

/** inline renders one line. Each trigger character may yield {node, end}; otherwise it is plain text. */
export function inline(text, options = {}) {
  const nodes = [];
  let plain = '';
  const flush = () => {
    if (plain) nodes.push(decode(plain));
    plain = '';
  };
  for (let at = 0; at < text.length;) {
    const hit = TRIGGERS[text[at]]?.(text, at, options);
    if (!hit) {
      plain += text[at++];
      continue;
    }
    flush();
    nodes.push(hit.node);
    at = hit.end;
  }
  flush();
  return nodes;
}

const TRIGGERS = {
  '<': angle,
  '`': code,
  '*': (text, at, options) => styled(text, at, options, 'strong'),
  _: (text, at, options) => styled(text, at, options, 'em'),
  '~': (text, at, options) => styled(text, at, options, 'del'),
  ':': emojiName,
  h: bareLink,
};

const WORD = /[\p{L}\p{N}]/u;
const isWord = (char) => char !== undefined && WORD.test(char);

// A style opens at the edge of a word and closes at the edge of one, on the same
// line: 2*3*4 and snake_case_names stay as typed.
function styled(text, at, options, tag) {
  const mark = text[at];
  if (isWord(text[at - 1]) || text[at - 1] === mark || /\s|^$/.test(text[at + 1] ?? '') || text[at + 1] === mark) return null;
  const end = closing(text, at + 1, mark);
  if (end < 0) return null;
  return { node: h(tag, {}, inline(text.slice(at + 1, end), options)), end: end + 1 };
}

function closing(text, from, mark) {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '<') at = Math.max(at, text.indexOf('>', at));
    else if (text[at] === '`') at = Math.max(at, text.indexOf('`', at + 1));
    else if (text[at] === mark && at > from && !/\s/.test(text[at - 1]) && !isWord(text[at + 1])) return at;
  }
  return -1;
}

function code(text, at) {
  const end = text.indexOf('`', at + 1);
  return end > at + 1 ? { node: h('code', { class: 'code' }, leaf(text.slice(at + 1, end))), end: end + 1 } : null;
}

// Code shows control sequences by their label and styles nothing.
function leaf(text) {
  return decode(text.replace(/<([^<>]+)>/g, (whole, body) => (/^(https?:|mailto:)/.test(body) ? body.split('|').pop() : whole)));
}

function emojiName(text, at) {
  const match = /^:([a-z0-9_+'-]+):(?::skin-tone-\d:)?/.exec(text.slice(at, at + 64));
  const sign = match && emoji(match[1]);
  return sign ? { node: h('span', { class: 'emoji', title: `:${match[1]}:` }, sign), end: at + match[0].length } : null;
}

const BARE = /^https?:\/\/[^\s<>|*]+/;

function bareLink(text, at, { verbatim }) {
  if (verbatim || isWord(text[at - 1])) return null;
  const match = BARE.exec(text.slice(at));
  if (!match) return null;
  const url = match[0].replace(/(?:[.,;:!?)\]'"]|&gt;|&lt;)+$/, '');
  return { node: link(decode(url), decode(url)), end: at + url.length };
}

function angle(text, at) {
  const end = text.indexOf('>', at);
  if (end < 0) return null;
  const body = text.slice(at + 1, end);
  const [head, ...rest] = body.split('|');
  const label = rest.join('|');
  const node = control(head, label, opensLine(text, at));
  return node ? { node, end: end + 1 } : null;
}

const opensLine = (text, at) => text.slice(0, at).trim() === '';

function control(head, label, atStart) {
  if (/^@[UWB]/.test(head)) return mention(head.slice(1), label);
  if (/^#[CGD]/.test(head)) return channelLink(head.slice(1), label);
  if (/^!(here|channel|everyone)$/.test(head)) return broadcast(head.slice(1));
  if (head.startsWith('!subteam^')) return groupMention(head.slice(9), label);
  if (head.startsWith('!date^')) return dateNode(head, label, atStart);
  if (SAFE_URL.test(head)) return link(decode(head), decode(label || head));
  return null;
}

const SAFE_URL = /^(https?:\/\/|mailto:|tel:)/i;

/** link opens elsewhere; an address with any other scheme than web, mail or telephone stays text. */
export function link(url, ...children) {
  if (!SAFE_URL.test(url)) return h('span', {}, children);
  return h('a', { class: 'link', href: url, target: '_blank', rel: 'noopener noreferrer' }, children);
}

/** mention shows a person by name, standing out when it is the reader. */
export function mention(id, label = '') {
  const user = userOf(id);
  const name = user ? nameOf(user) : decode(label) || 'unknown person';
  return h(
    'span',
    { class: id === store.user ? 'mention mention-me' : 'mention', title: user?.title || null, data: { user: id } },
    `@${name}`,
  );
}

/** groupMention shows a user group by its handle. */
export function groupMention(id, label = '') {
  const group = store.data?.groups?.find((one) => one.id === id);
  const own = group?.users?.includes(store.user);
  return h(
    'span',
    { class: own ? 'mention mention-me' : 'mention', title: group?.name || null },
    group ? `@${group.handle}` : decode(label) || '@group',
  );
}

/** channelLink leads to a channel the reader can see; others show as private. */
export function channelLink(id, label = '') {
  const channel = channelOf(id);
  const name = channel ? titleOf(channel) : decode(label);
  if (!channel) return h('span', { class: 'mention' }, name ? `#${name}` : 'private channel');
  return h('a', { class: 'mention', href: addressOf({ place: id }) }, `#${name}`);
}

export const broadcast = (range) => h('span', { class: 'mention mention-me' }, `@${range}`);

function dateNode(head, fallback, atStart) {
  const [, unix, format = '', url] = head.split('^');
  if (!/^\d{1,11}$/.test(unix)) return document.createTextNode(decode(fallback));
  const words = dateToken(decode(format), Number(unix), zone(), now(), atStart);
  const time = h('time', { datetime: new Date(Number(unix) * 1000).toISOString(), title: decode(fallback) }, words);
  return url ? link(decode(url), time) : time;
}
