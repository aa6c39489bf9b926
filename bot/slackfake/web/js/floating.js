// Things that float above the page: pop-ups beside their anchor, and menus.
// They sit in the top layer (the popover attribute), so no pane cuts them off,
// and inside the dialog or region of their anchor, so that screen readers find them.
import { h, icon } from './dom.js';

const GAP = 6;
const EDGE = 8;

/**
 * float shows a pop-up beside an anchor until the returned function is called,
 * somebody presses elsewhere, or the anchor leaves the page. Escape is the caller's.
 */
export function float(popup, anchor, { align = 'start', above = false, beside = false, matchWidth = false, onClose } = {}) {
  const host = anchor.closest('[role="dialog"], dialog, [data-region]') ?? document.body;
  popup.popover = 'manual';
  popup.classList.add('floating');
  host.append(popup);
  popup.showPopover();
  const place = () => (anchor.isConnected ? position(popup, anchor, { align, above, beside, matchWidth }) : close());
  const outside = (event) => {
    if (!popup.contains(event.target) && !anchor.contains(event.target)) close();
  };
  // Also told when the anchor leaves the page, because its size is then none.
  const resized = new ResizeObserver(place);
  let open = true;
  function close() {
    if (!open) return;
    open = false;
    resized.disconnect();
    document.removeEventListener('pointerdown', outside, true);
    window.removeEventListener('resize', place);
    window.removeEventListener('scroll', place, true);
    popup.remove();
    onClose?.();
  }
  document.addEventListener('pointerdown', outside, true);
  window.addEventListener('resize', place);
  window.addEventListener('scroll', place, true);
  resized.observe(popup);
  resized.observe(anchor);
  place();
  return close;
}

function position(popup, anchor, { align, above, beside, matchWidth }) {
  const box = anchor.getBoundingClientRect();
  if (matchWidth) popup.style.minWidth = `${box.width}px`;
  const { offsetWidth: width, offsetHeight: height } = popup;
  const roomBelow = innerHeight - box.bottom;
  const goesUp = above ? box.top > height + GAP + EDGE : roomBelow < height + GAP + EDGE && box.top > roomBelow;
  const left = beside ? box.right + GAP : align === 'end' ? box.right - width : box.left;
  const top = beside ? box.top : goesUp ? box.top - height - GAP : box.bottom + GAP;
  popup.style.left = `${clamp(left, EDGE, innerWidth - width - EDGE)}px`;
  popup.style.top = `${clamp(top, EDGE, innerHeight - height - EDGE)}px`;
}

const clamp = (value, low, high) => Math.max(low, Math.min(value, high));

/**
 * menu opens a list of actions at a button. Items are {label, note?, icon?, danger?, checked?,
 * href?, data?, onSelect} or {heading}. The button gets the focus back.
 */
export function menu(anchor, label, items, options = {}) {
  const list = h(
    'div',
    { class: 'menu', role: 'menu', 'aria-label': label },
    items.map((item) => (item.heading ? heading(item) : entry(item))),
  );
  const choices = [...list.querySelectorAll('[role^="menuitem"]')];
  const close = float(list, anchor, { ...options, onClose: () => anchor.setAttribute('aria-expanded', 'false') });
  anchor.setAttribute('aria-expanded', 'true');

  function entry(item) {
    const props = {
      class: item.danger ? 'menu-item danger' : 'menu-item',
      tabindex: '-1',
      data: item.data,
      role: item.checked === undefined ? 'menuitem' : 'menuitemradio',
      'aria-checked': item.checked === undefined ? null : String(item.checked),
      on: {
        click: () => {
          finish();
          item.onSelect?.();
        },
      },
    };
    const inside = [
      item.icon && icon(item.icon),
      h(
        'span',
        { class: 'menu-words' },
        h('span', { class: 'menu-label' }, item.label),
        item.note && h('span', { class: 'menu-note' }, item.note),
      ),
      item.checked && icon('check', 'menu-check'),
      item.href && icon('external', 'menu-check'),
    ].filter(Boolean);
    return item.href
      ? h('a', { ...props, href: item.href, target: '_blank', rel: 'noopener noreferrer' }, inside)
      : h('button', { ...props, type: 'button' }, inside);
  }

  const finish = () => {
    close();
    anchor.focus({ preventScroll: true });
  };
  list.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' || event.key === 'Tab') {
      finish();
      event.stopPropagation();
      if (event.key === 'Escape') event.preventDefault();
    } else moveAmong(choices, event);
  });
  choices[0]?.focus();
  return close;
}

const heading = (item) => h('div', { class: 'menu-heading' }, item.heading);

/** moveAmong lets arrow keys, Home and End move the focus in a list of nodes. */
function moveAmong(nodes, event) {
  const at = nodes.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: nodes.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  nodes[(to + nodes.length) % nodes.length]?.focus();
}

/** opensMenu makes a button open a menu, and close it when pressed again. */
export function opensMenu(anchor, label, items, options) {
  anchor.setAttribute('aria-haspopup', 'menu');
  anchor.setAttribute('aria-expanded', 'false');
  let close = null;
  anchor.addEventListener('click', () => {
    if (anchor.getAttribute('aria-expanded') === 'true') return close();
    close = menu(anchor, label, items(), options);
  });
  return anchor;
}
