// rich_text blocks: sections, lists, quotes and preformatted text. Unlike
// mrkdwn nothing is parsed here; every piece says what it is.
import { h } from './dom.js';
import { emojiOf } from './emoji.js';
import { dateToken } from './dates.js';
import { zone, now } from './state.js';
import { link, mention, groupMention, channelLink, broadcast } from './mrkdwn.js';

const PARTS = {
  rich_text_section: (part) => h('div', { class: 'rich-section' }, pieces(part)),
  rich_text_preformatted: (part) => h('pre', { class: 'pre' }, pieces(part)),
  rich_text_quote: (part) => h('blockquote', { class: 'quote' }, pieces(part)),
  rich_text_list: list,
};

/** richText renders the elements of a rich_text block. */
export const richText = (block) => (block.elements ?? []).map((part) => PARTS[part.type]?.(part) ?? null);

function list(part) {
  const ordered = part.style === 'ordered';
  const start = ordered && part.offset ? part.offset + 1 : null;
  return h(
    ordered ? 'ol' : 'ul',
    { class: `rich-list indent-${Math.min(part.indent ?? 0, 5)}`, start },
    (part.elements ?? []).map((item) => h('li', {}, pieces(item))),
  );
}

const pieces = (part) => (part.elements ?? []).map(piece);

const PIECES = {
  text: (p) => p.text,
  link: (p) => link(p.url, p.text || p.url),
  user: (p) => mention(p.user_id),
  usergroup: (p) => groupMention(p.usergroup_id),
  channel: (p) => channelLink(p.channel_id),
  broadcast: (p) => broadcast(p.range),
  emoji: (p) => h('span', { class: 'emoji', title: `:${p.name}:` }, emojiOf(p)),
  color: (p) => h('code', { class: 'code' }, p.value),
  date: (p) => h('time', { title: p.fallback }, dateToken(p.format ?? '{date} {time}', p.timestamp, zone(), now())),
};

const STYLES = { bold: 'strong', italic: 'em', strike: 'del', underline: 'u', code: 'code' };

function piece(p) {
  const node = PIECES[p.type]?.(p) ?? p.text ?? '';
  return Object.entries(STYLES).reduce(
    (inner, [name, tag]) => (p.style?.[name] ? h(tag, { class: name === 'code' ? 'code' : null }, inner) : inner),
    node,
  );
}
