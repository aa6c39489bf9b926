// The `markdown` block: the common part of Markdown, as DOM nodes. Anything
// unusual stays readable as the text it is.
import { h } from './dom.js';
import { withEmoji } from './emoji.js';
import { link } from './mrkdwn.js';

// Each rule takes the lines from `at` on and returns {node, next}, or nothing.
const RULES = [fence, heading, rule, quote, list, table, paragraph];

/** markdown renders a whole text. */
export function markdown(text) {
  const lines = String(text ?? '').split('\n');
  const nodes = [];
  for (let at = 0; at < lines.length;) {
    if (lines[at].trim() === '') {
      at++;
      continue;
    }
    for (const apply of RULES) {
      const found = apply(lines, at);
      if (!found) continue;
      nodes.push(found.node);
      at = found.next;
      break;
    }
  }
  return nodes;
}

/** takeWhile collects following lines that match. */
function takeWhile(lines, at, matches) {
  let next = at;
  while (next < lines.length && matches(lines[next])) next++;
  return { taken: lines.slice(at, next), next };
}

function fence(lines, at) {
  if (!lines[at].startsWith('```')) return null;
  const { taken, next } = takeWhile(lines, at + 1, (line) => !line.startsWith('```'));
  return { node: h('pre', { class: 'pre' }, taken.join('\n')), next: next + 1 };
}

function heading(lines, at) {
  const match = /^(#{1,6})\s+(.*)$/.exec(lines[at]);
  // The channel's name is the page's first heading, so a message's start at the second level.
  return (
    match && {
      node: h(`h${Math.min(match[1].length + 1, 6)}`, { class: `md-heading md-h${match[1].length}` }, inline(match[2])),
      next: at + 1,
    }
  );
}

function rule(lines, at) {
  return /^\s*([-*_])(\s*\1){2,}\s*$/.test(lines[at]) ? { node: h('hr'), next: at + 1 } : null;
}

function quote(lines, at) {
  const { taken, next } = takeWhile(lines, at, (line) => /^>/.test(line));
  if (!taken.length) return null;
  return { node: h('blockquote', { class: 'quote' }, broken(taken.map((line) => line.replace(/^> ?/, '')))), next };
}

const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+/;

function list(lines, at) {
  const first = ITEM.exec(lines[at]);
  if (!first) return null;
  const ordered = first[1] !== undefined;
  const { taken, next } = takeWhile(lines, at, (line) => (ITEM.exec(line)?.[1] !== undefined) === ordered && ITEM.test(line));
  return {
    node: h(
      ordered ? 'ol' : 'ul',
      { class: 'rich-list', start: ordered ? first[1] : null },
      taken.map((line) => h('li', {}, inline(line.replace(ITEM, '')))),
    ),
    next,
  };
}

const cells = (line) =>
  line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim());

function table(lines, at) {
  if (!lines[at].includes('|') || !/^\s*\|?(\s*:?-+:?\s*\|)+\s*:?-*:?\s*$/.test(lines[at + 1] ?? '')) return null;
  const { taken, next } = takeWhile(lines, at + 2, (line) => line.includes('|'));
  const row = (tag) => (line) =>
    h(
      'tr',
      {},
      cells(line).map((cell) => h(tag, {}, inline(cell))),
    );
  return {
    node: h(
      'div',
      { class: 'table-scroll' },
      h('table', { class: 'table' }, h('thead', {}, row('th')(lines[at])), h('tbody', {}, taken.map(row('td')))),
    ),
    next,
  };
}

function paragraph(lines, at) {
  const { taken, next } = takeWhile(
    lines,
    at,
    (line) => line.trim() !== '' && !/^(```|#{1,6}\s|>)/.test(line) && !ITEM.test(line),
  );
  // A line that only looks like another rule still has to be shown.
  const shown = taken.length ? taken : [lines[at]];
  return { node: h('p', { class: 'md-paragraph' }, broken(shown)), next: Math.max(next, at + 1) };
}

const broken = (lines) => lines.flatMap((line, index) => (index ? [h('br'), ...inline(line)] : inline(line)));

const INLINE = /`([^`]+)`|\[([^\]]+)\]\(([^)\s]+)\)|\*\*([^*]+)\*\*|~~([^~]+)~~|\*([^*\s][^*]*)\*|\b_([^_]+)_\b/;

function inline(text) {
  const match = INLINE.exec(text);
  if (!match) return text ? [withEmoji(text)] : [];
  const [whole, code, label, url, bold, struck, starred, underscored] = match;
  const node = code
    ? h('code', { class: 'code' }, code)
    : label
      ? link(url, inline(label))
      : bold
        ? h('strong', {}, inline(bold))
        : struck
          ? h('del', {}, inline(struck))
          : h('em', {}, inline(starred ?? underscored));
  return [...inline(text.slice(0, match.index)), node, ...inline(text.slice(match.index + whole.length))];
}
