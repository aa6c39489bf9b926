// Block Kit on screen: one renderer a block type. A type that is not known
// shows as its JSON under its name, so that nothing an app sends is hidden.
import { h, icon, button, patch, uid } from './dom.js';
import { element, GROUPS } from './elements.js';
import { Slot } from './slot.js';
import { textOf, plainText, errorLine } from './notice.js';
import { richText } from './richtext.js';
import { markdown } from './markdown.js';
import { zone, store, now } from './state.js';
import { isoDate } from './dates.js';

/** drawBlocks shows blocks in a container; unchanged blocks keep their nodes. `errors` are texts by block_id. */
export function drawBlocks(container, blocks, surface, errors = {}) {
  surface.blocks = blocks;
  // "Today" and every time of day depend on who reads and when.
  const reader = `${store.user} ${isoDate(now(), zone())}`;
  patch(
    container,
    blocks.map((block, index) => ({
      id: block.block_id ?? `at ${index}`,
      stamp: JSON.stringify([block, reader]),
      make: () => drawBlock(block, surface),
    })),
  );
  for (const node of container.querySelectorAll(':scope > .block-input')) showError(node, errors[node.dataset.blockId]);
}

function drawBlock(block, surface) {
  const draw = BLOCKS[block.type];
  const node = draw ? draw(block, surface) : unknown(block);
  node.classList.add('block', `block-${draw ? block.type : 'unknown'}`);
  if (block.block_id) node.dataset.blockId = block.block_id;
  return node;
}

const BLOCKS = {
  section,
  header,
  divider: () => h('div', {}, h('hr')),
  actions: (block, surface) =>
    h(
      'div',
      {},
      h(
        'div',
        { class: 'actions' },
        (block.elements ?? []).map((el) => control(surface, block, el)),
      ),
    ),
  context: (block) => h('div', { dir: 'auto' }, (block.elements ?? []).map(contextPart)),
  image: picture,
  input,
  rich_text: (block) => h('div', { dir: 'auto' }, richText(block)),
  markdown: (block) => h('div', { dir: 'auto' }, markdown(block.text)),
  table,
};

// A modal's title is a heading of its own, so its blocks start one level deeper.
function header(block, surface) {
  const level = (block.level ?? 1) + (surface.kind === 'modal' ? 2 : 1);
  return h('div', { role: 'heading', 'aria-level': String(level), dir: 'auto' }, plainText(block.text));
}

function control(surface, block, el, naming) {
  return element(new Slot(surface, block, el, naming)) ?? unknown(el);
}

/** unknown shows what cannot be drawn as what it is. */
function unknown(thing) {
  return h(
    'figure',
    { class: 'unknown' },
    h('figcaption', {}, 'This page cannot draw ', h('code', { class: 'code' }, String(thing.type)), '. Its JSON:'),
    h('pre', { class: 'pre' }, JSON.stringify(thing, null, 2)),
  );
}

// ---- section ---------------------------------------------------------------

const LONG = 700; // letters after which a section is folded, unless it says expand

function section(block, surface) {
  const words = h('div', { class: 'section-words' }, block.text && foldable(block), block.fields && fields(block));
  if (!block.accessory) return h('div', {}, words);
  const accessory =
    block.accessory.type === 'image' ? image(block.accessory, 'accessory-image') : control(surface, block, block.accessory);
  return h('div', {}, h('div', { class: 'section-row' }, words, h('div', { class: 'accessory' }, accessory)));
}

const fields = (block) =>
  h(
    'div',
    { class: 'fields' },
    block.fields.map((field) => h('div', { class: 'field', dir: 'auto' }, textOf(field))),
  );

function foldable(block) {
  const text = h('div', { class: 'section-text', dir: 'auto' }, textOf(block.text));
  if (block.expand || block.text.text.length < LONG) return text;
  text.classList.add('folded');
  const more = button(
    {
      class: 'link-button',
      'aria-expanded': 'false',
      on: {
        click: () => {
          const folded = text.classList.toggle('folded');
          more.textContent = folded ? 'Show more' : 'Show less';
          more.setAttribute('aria-expanded', String(!folded));
        },
      },
    },
    'Show more',
  );
  return [text, more];
}

// ---- context, images ---------------------------------------------------------

function contextPart(el) {
  if (el.type === 'image') return image(el, 'context-image');
  return h('span', { class: 'context-text' }, textOf(el));
}

function image(el, className) {
  const node = h('img', { class: className, src: el.image_url ?? el.slack_file?.url, alt: el.alt_text ?? '', loading: 'lazy' });
  // Without a network many pictures cannot load; their words then stand in for them.
  node.addEventListener('error', () =>
    node.replaceWith(
      h(
        'span',
        { class: `${className} image-missing`, role: 'img', 'aria-label': el.alt_text },
        icon('warning'),
        ` ${el.alt_text || 'Picture not available'}`,
      ),
    ),
  );
  return node;
}

function picture(block) {
  return h(
    'figure',
    {},
    block.title && h('figcaption', { class: 'image-title' }, plainText(block.title)),
    image(block, 'block-picture'),
  );
}

// ---- input -------------------------------------------------------------------

function input(block, surface) {
  const inputId = uid('input');
  const labelId = uid('label');
  const isGroup = GROUPS.has(block.element?.type);
  const label = [plainText(block.label), block.optional && h('span', { class: 'optional' }, ' (optional)')];
  const node = h(
    'div',
    {},
    h('label', { id: labelId, class: 'input-label', for: isGroup ? null : inputId }, label),
    control(surface, block, block.element ?? {}, { inputId, labelId }),
    block.hint && h('p', { id: uid('hint'), class: 'hint', dir: 'auto' }, textOf(block.hint)),
  );
  showError(node, null);
  return node;
}

const FIELD = '.input, .select-input, .choices';

/** showError puts a complaint beside a field, or takes it away; the field itself stays as it is, caret and all. */
export function showError(node, words) {
  const old = node.querySelector(':scope > .field-error');
  if (words && old?.textContent === words) return;
  old?.remove();
  node.classList.toggle('has-error', Boolean(words));
  const line = words && Object.assign(errorLine(words), { id: uid('error') });
  if (line) {
    line.classList.add('field-error');
    node.append(line);
  }
  const described = [node.querySelector(':scope > .hint')?.id, line?.id].filter(Boolean).join(' ');
  for (const field of node.querySelectorAll(FIELD)) {
    field.toggleAttribute('aria-describedby', described !== '');
    if (described) field.setAttribute('aria-describedby', described);
    field.setAttribute('aria-invalid', String(Boolean(words)));
  }
}

// ---- table -------------------------------------------------------------------

const ALIGNS = new Set(['left', 'center', 'right']);

function table(block) {
  const [head = [], ...rows] = block.rows ?? [];
  const cell = (tag) => (value, column) => {
    const settings = block.column_settings?.[column] ?? {};
    const align = ALIGNS.has(settings.align) ? settings.align : 'left';
    const classes = `align-${align}${settings.is_wrapped ? ' wrapped' : ''}`;
    return h(tag, { class: classes, scope: tag === 'th' ? 'col' : null }, cellText(value));
  };
  return h(
    'div',
    { class: 'table-scroll', tabindex: '0', role: 'region', 'aria-label': 'Table' },
    h(
      'table',
      { class: 'table' },
      h('thead', {}, h('tr', {}, head.map(cell('th')))),
      h(
        'tbody',
        {},
        rows.map((row) => h('tr', {}, row.map(cell('td')))),
      ),
    ),
  );
}

const cellText = (value) => (value?.type === 'rich_text' ? richText(value) : String(value?.text ?? value?.value ?? ''));
