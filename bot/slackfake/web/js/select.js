// One control behind every kind of Slack select: a text box that filters a list,
// with one choice or several. The list may be known, or asked for as one types.
import { h, fill, icon, iconButton, debounce, uid } from './dom.js';
import { float } from './floating.js';

const TYPING_MS = 200;

/**
 * select makes the control. `source(query)` gives (a promise of) groups
 * [{label?, options: [{key, text, note?}]}]; `chosen` is a list of such options;
 * `onChange(options)` hears every change. With `minQuery` the list waits for that many letters.
 */
export function select({ source, chosen = [], multi = false, max = Infinity, minQuery = 0, placeholder, clearable, id, label, onChange, data, slow = false }) {
  const listId = uid('list');
  const input = h('input', {
    id, class: 'select-input', role: 'combobox', autocomplete: 'off', spellcheck: 'false', placeholder, 'aria-label': id ? null : label,
    'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-haspopup': 'listbox', 'aria-controls': listId,
  });
  // Chips and the clear button come and go; the input never moves, or it would lose the focus.
  const chips = h('span', { class: 'select-chips' });
  const clearer = h('span', { class: 'select-chips' });
  const box = h('div', { class: multi ? 'select-box multi' : 'select-box' }, chips, input, clearer, icon('down', 'select-arrow'));
  const root = h('div', { class: 'select', data }, box);
  const list = h('ul', { id: listId, class: 'select-list', role: 'listbox', 'aria-label': label || placeholder || 'Choices', 'aria-multiselectable': multi ? 'true' : null });
  let close = null;
  let shown = []; // option nodes in order
  let active = -1;
  let asked = 0;

  // ---- what is chosen ----
  const isChosen = (option) => chosen.some((one) => one.key === option.key);

  function drawChosen() {
    fill(chips, multi && chosen.map(chip));
    fill(clearer, clearable && !multi && chosen.length > 0 && iconButton('close', 'Clear the choice', () => set([]), { class: 'icon-button small' }));
    input.placeholder = multi && chosen.length ? '' : placeholder ?? '';
    if (!multi && !close) input.value = chosen[0]?.text ?? '';
  }

  function chip(option) {
    const remove = iconButton('close', `Remove ${option.text}`, () => set(chosen.filter((one) => one.key !== option.key)), { class: 'chip-remove' });
    return h('span', { class: 'chip', data: { value: option.key } }, h('span', { class: 'chip-text' }, option.text), remove);
  }

  async function set(options) {
    const before = chosen;
    chosen = options;
    drawChosen();
    input.focus({ preventScroll: true });
    // The owner may say no (a confirm dialog denied): then the old choice stands.
    if ((await onChange(options)) === false) {
      chosen = before;
      drawChosen();
    }
  }

  function pick(option) {
    if (!multi) {
      shut();
      return set([option]);
    }
    input.value = '';
    if (isChosen(option)) set(chosen.filter((one) => one.key !== option.key));
    else if (chosen.length < max) set([...chosen, option]);
    return fetchList();
  }

  // ---- the list ----
  function open() {
    if (close) return;
    close = float(list, box, { matchWidth: true, onClose: closed });
    input.setAttribute('aria-expanded', 'true');
    fetchList('');
  }

  function closed() {
    close = null;
    asked++;
    active = -1;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
    input.value = multi ? '' : chosen[0]?.text ?? '';
  }

  const shut = () => close?.();

  async function fetchList(query = input.value) {
    const ticket = ++asked;
    if (query.length < minQuery) return say(minQuery - query.length === 1 ? 'Type one more letter' : `Type ${minQuery - query.length} more letters`);
    if (slow) say('Looking…');
    try {
      const groups = await source(query.trim());
      if (ticket === asked && close) drawList(groups);
    } catch (error) {
      if (ticket === asked && close) say(error.message);
    }
  }

  function say(words) {
    shown = [];
    list.replaceChildren(h('li', { class: 'select-note', role: 'presentation' }, words));
  }

  function drawList(groups) {
    const filled = groups.filter((group) => group.options.length);
    if (!filled.length) return say('Nothing found');
    list.replaceChildren(...filled.map(group));
    shown = [...list.querySelectorAll('[role="option"]')];
    const current = shown.findIndex((node) => node.getAttribute('aria-selected') === 'true');
    activate(multi ? 0 : Math.max(current, 0));
  }

  function group({ label: name, options }) {
    if (!name) return h('li', { role: 'presentation' }, h('ul', { role: 'presentation' }, options.map(optionNode)));
    const titleId = uid('group');
    return h('li', { role: 'presentation' }, h('div', { class: 'select-group', id: titleId }, name), h('ul', { role: 'group', 'aria-labelledby': titleId }, options.map(optionNode)));
  }

  function optionNode(option) {
    const node = h('li', { id: uid('option'), class: 'select-option', role: 'option', 'aria-selected': String(isChosen(option)), data: { value: option.key } },
      h('span', { class: 'option-words' }, h('span', {}, option.text), option.note && h('span', { class: 'option-note' }, option.note)), isChosen(option) && icon('check'));
    node.choose = () => pick(option);
    node.addEventListener('click', node.choose);
    node.addEventListener('pointermove', () => active !== shown.indexOf(node) && activate(shown.indexOf(node), false));
    return node;
  }

  function activate(index, scroll = true) {
    shown[active]?.classList.remove('active');
    active = index;
    shown[active]?.classList.add('active');
    input.setAttribute('aria-activedescendant', shown[active]?.id ?? '');
    if (scroll) shown[active]?.scrollIntoView({ block: 'nearest' });
  }

  // ---- the keyboard ----
  const KEYS = {
    ArrowDown: () => (close ? activate((active + 1) % shown.length) : open()),
    ArrowUp: () => (close ? activate((active - 1 + shown.length) % shown.length) : open()),
    Enter: () => (close ? shown[active]?.choose() : open()),
  };
  const typed = debounce(() => fetchList(), slow ? TYPING_MS : 0);

  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && close) {
      shut();
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === 'Backspace' && multi && !input.value && chosen.length) {
      set(chosen.slice(0, -1));
    } else if (KEYS[event.key]) {
      event.preventDefault();
      KEYS[event.key]();
    }
  });
  input.addEventListener('input', () => (open(), typed()));
  input.addEventListener('click', open);
  // What is chosen gives way to what is typed.
  input.addEventListener('focus', () => !multi && input.select());
  // Pressing in the list must not take the focus from the box, or the list would shut first.
  list.addEventListener('mousedown', (event) => event.preventDefault());
  input.addEventListener('blur', shut);
  box.addEventListener('click', (event) => {
    if (event.target === box || event.target.closest('.select-arrow')) (input.focus(), open());
  });
  drawChosen();
  return root;
}

/** filtered turns fixed groups into a source that looks for the typed words. */
export function filtered(groups) {
  return (query) => {
    const words = query.toLocaleLowerCase().split(/\s+/);
    const fits = (option) => words.every((word) => `${option.text} ${option.note ?? ''}`.toLocaleLowerCase().includes(word));
    return groups().map((group) => ({ ...group, options: group.options.filter(fits) }));
  };
}
