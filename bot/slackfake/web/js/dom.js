// Building DOM without markup strings. Text from people only ever becomes a
// text node, so nothing that somebody typed can turn into an element.

const PROPERTIES = new Set(['value', 'checked', 'hidden', 'disabled', 'selected', 'open', 'indeterminate']);

/** h makes an element. `on` holds listeners, `data` data attributes; null and false leave an attribute out. */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) setProp(node, name, value);
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return node;
}

function setProp(node, name, value) {
  if (value == null || value === false) return;
  if (name === 'on') return Object.entries(value).forEach(([type, fn]) => node.addEventListener(type, fn));
  if (name === 'data') return Object.entries(value).forEach(([key, v]) => v != null && (node.dataset[key] = v));
  if (name === 'vars') return Object.entries(value).forEach(([key, v]) => node.style.setProperty(key, v));
  if (PROPERTIES.has(name)) node[name] = value;
  else node.setAttribute(name, value === true ? '' : value);
}

const SVG = 'http://www.w3.org/2000/svg';

/** icon shows one symbol of the sprite in index.html; it is decoration, the words are beside it or in aria-label. */
export function icon(name, extra = '') {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', `icon ${extra}`.trim());
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#i-${name}`);
  svg.append(use);
  return svg;
}

/** button is a plain, never submitting button. */
export function button(props, ...children) {
  return h('button', { type: 'button', ...props }, ...children);
}

/** iconButton is a square button that carries its name for screen readers and as a tooltip. */
export function iconButton(name, label, onClick, props = {}) {
  return button({ class: 'icon-button', 'aria-label': label, title: label, on: { click: onClick }, ...props }, icon(name));
}

/** fill replaces what a node holds. */
export function fill(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return node;
}

/**
 * patch makes a container show `items` ({id, stamp, make}) in order and keeps
 * every node whose stamp is unchanged, so that a redraw never takes the caret,
 * the scroll position or a half-chosen option away from the person using it.
 */
export function patch(container, items) {
  const old = new Map([...container.children].map((node) => [node.patchId, node]));
  const hadFocus = container.contains(document.activeElement) ? describeFocus(document.activeElement) : null;
  // What is gone goes first: a node that must be moved past it would lose the focus and its open list.
  const wanted = new Set(items.map((item) => item.id));
  for (const [id, node] of old) if (!wanted.has(id)) node.remove();
  let cursor = container.firstElementChild;
  for (const item of items) {
    let node = old.get(item.id);
    if (!node || node.patchStamp !== item.stamp) {
      const fresh = item.make();
      fresh.patchId = item.id;
      fresh.patchStamp = item.stamp;
      if (node) {
        if (cursor === node) cursor = node.nextElementSibling;
        node.remove();
      }
      node = fresh;
    }
    old.delete(item.id);
    if (node === cursor) cursor = cursor.nextElementSibling;
    else container.insertBefore(node, cursor);
  }
  if (hadFocus && !container.contains(document.activeElement)) restoreFocus(container, hadFocus);
}

function describeFocus(node) {
  const element = node.closest('[data-action-id]');
  const row = node.closest('[data-ts]');
  // What stands in an open select is not chosen yet, and kept nowhere else.
  const typed = node.matches('[role="combobox"][aria-expanded="true"]') ? node.value : undefined;
  return { action: element?.dataset.actionId, block: element?.dataset.blockId, ts: row?.dataset.ts, typed };
}

// The same control may be gone (the buttons of a decided card are); then the
// message itself takes the focus, so that a keyboard user does not start again at the top.
function restoreFocus(container, { action, block, ts, typed }) {
  const scope = (ts && container.querySelector(`[data-ts="${CSS.escape(ts)}"]`)) || container;
  const same =
    action && scope.querySelector(`[data-action-id="${CSS.escape(action)}"][data-block-id="${CSS.escape(block ?? '')}"]`);
  const target = same && (same.matches(FOCUSABLE) ? same : entry(same));
  (target ?? scope).focus({ preventScroll: true });
  if (!target || typed === undefined) return;
  target.click();
  if (target.value === typed) return;
  target.value = typed;
  target.dispatchEvent(new Event('input', { bubbles: true }));
}

const FOCUSABLE =
  'a[href], button:not([disabled]), input:not([disabled]), textarea:not([disabled]), select:not([disabled]), [tabindex="0"]';

/** entry is where one goes on in a control: what one types into, before buttons that remove what was chosen. */
export const entry = (root) => {
  const nodes = focusables(root);
  return nodes.find((node) => node.matches('input, textarea')) ?? nodes[0];
};

/** focusables lists what Tab can reach inside a node, in order. */
export function focusables(root) {
  return [...root.querySelectorAll(FOCUSABLE)].filter((node) => node.tabIndex >= 0 && node.getClientRects().length > 0);
}

let serial = 0;
/** uid is for ids that tie labels, hints and controls together. */
export const uid = (prefix = 'n') => `${prefix}-${++serial}`;

/** debounce waits until calls have stopped for `ms`; `.flush()` runs a waiting call now. */
export function debounce(fn, ms) {
  let timer = 0;
  const later = (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => later.flush(), ms);
    later.args = args;
  };
  later.flush = () => {
    if (!later.args) return undefined;
    clearTimeout(timer);
    const args = later.args;
    later.args = null;
    return fn(...args);
  };
  return later;
}

/** remembered reads and writes one setting of this browser; storage may be forbidden. */
export const remembered = {
  get(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(key, value);
    } catch {
      /* the setting then lasts for this page only */
    }
  },
};

/**
 * ownEnter keeps Enter from doing what the browser does with it (send the form, start a
 * line) where a control has its own use for it, also when it comes as a character by
 * itself, as input methods and remote controls send it.
 */
export function ownEnter(node) {
  node.addEventListener('keypress', (event) => event.key === 'Enter' && !event.shiftKey && event.preventDefault());
}

/** moveTab lets the arrow keys walk through a tab list and choose. */
export function moveTab(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const tabs = [...event.currentTarget.children];
  const next = tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length];
  next.focus();
  next.click();
}
