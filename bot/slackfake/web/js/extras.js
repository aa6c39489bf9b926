// What may hang below the text of a message: older-style attachments, files and reactions.
import { h, icon } from './dom.js';
import { drawBlocks } from './blocks.js';
import { emojiOf } from './emoji.js';
import { mrkdwn } from './mrkdwn.js';
import { nameOf, userOf } from './state.js';

/** extras lists the nodes for everything a message carries besides its text and blocks. */
export function extras(message, surface) {
  return [
    ...(message.attachments ?? []).map((one) => attachment(one, surface)),
    ...(message.files ?? []).map(file),
    reactions(message.reactions),
  ];
}

function attachment(one, surface) {
  const colour = /^#?([0-9a-f]{6})$/i.exec(one.color ?? '')?.[1];
  const node = h('div', { class: 'attachment', vars: colour && { '--bar': `#${colour}` } });
  if (one.blocks?.length) drawBlocks(node, one.blocks, surface);
  else
    node.append(
      h(
        'div',
        { dir: 'auto' },
        mrkdwn([one.pretext, one.title && `*${one.title}*`, one.text || one.fallback].filter(Boolean).join('\n')),
      ),
    );
  return node;
}

function file({ title, name, size }) {
  return h(
    'div',
    { class: 'file' },
    icon('file'),
    h(
      'span',
      { class: 'file-words' },
      h('strong', { dir: 'auto' }, title || name),
      h('span', { class: 'muted' }, `${name} · ${bytes(size)}`),
    ),
  );
}

const bytes = (size = 0) => (size < 1024 ? `${size} bytes` : `${(size / 1024).toFixed(1)} kB`);

function reactions(byName) {
  const names = Object.entries(byName ?? {}).filter(([, users]) => users.length);
  if (!names.length) return null;
  return h(
    'ul',
    { class: 'reactions', 'aria-label': 'Reactions' },
    names.map(([name, users]) =>
      h(
        'li',
        { class: 'reaction', title: `${users.map((id) => nameOf(userOf(id))).join(', ')} reacted with :${name}:` },
        emojiOf({ name }),
        ` ${users.length}`,
      ),
    ),
  );
}
