// One control behind every kind of Slack select: a text box that filters a list,
// with one choice or several. The list may be known, or asked for as one types.
import { h, fill, icon, iconButton, ownEnter, debounce, uid } from './dom.js';
import { float } from './floating.js';

const TYPING_MS = 200;

/**
 * select makes the control. `source(query)` gives (a promise of) groups
 * [{label?, options: [{key, text, note?}]}]; `chosen` is a list of such options;
 * `onChange(options)` hears every change and may answer false to refuse it.
 * With `minQuery` the list waits for that many letters; `slow` says that it is fetched.
 */
export const select = (options) => new Select(options).root;

class Select {
  constructor({
    source,
    chosen = [],
    multi = false,
    max = Infinity,
    minQuery = 0,
    placeholder = '',
    clearable = false,
    id,
    label,
    onChange,
    data,
    slow = false,
  }) {
    Object.assign(this, { source, chosen, multi, max, minQuery, placeholder, clearable, onChange, slow });
    this.shown = []; // option nodes in order
    this.active = -1;
    this.asked = 0; // the latest question to the source; answers to older ones are dropped
    this.shut = null; // closes the list while it is open
    this.fresh = false; // the list answers what stands in the box
    this.eager = false; // Enter came before the answer, and takes its first option
    this.typedSoon = debounce(() => this.search(), TYPING_MS);
    this.build({ id, label, data });
    this.listen();
    this.drawChosen();
  }

  build({ id, label, data }) {
    const listId = uid('list');
    this.input = h('input', {
      id,
      class: 'select-input',
      role: 'combobox',
      autocomplete: 'off',
      spellcheck: 'false',
      'aria-label': id ? null : label,
      'aria-autocomplete': 'list',
      'aria-expanded': 'false',
      'aria-haspopup': 'listbox',
      'aria-controls': listId,
    });
    // Chips and the clear button come and go; the input never moves, or it would lose the focus.
    this.chips = h('span', { class: 'select-chips' });
    this.clearer = h('span', { class: 'select-chips' });
    this.box = h(
      'div',
      { class: this.multi ? 'select-box multi' : 'select-box' },
      this.chips,
      this.input,
      this.clearer,
      icon('down', 'select-arrow'),
    );
    this.list = h('ul', {
      id: listId,
      class: 'select-list',
      role: 'listbox',
      'aria-label': label || this.placeholder || 'Choices',
      'aria-multiselectable': this.multi ? 'true' : null,
    });
    // What stands in an input is no text of the page; whoever reads the page by its text finds the choice here.
    this.inWords = h('span', { class: 'visually-hidden', 'aria-hidden': 'true' });
    this.root = h('div', { class: 'select', data }, this.box, this.inWords);
  }

  listen() {
    const { input, box, list } = this;
    input.addEventListener('keydown', (event) => this.key(event));
    ownEnter(input);
    input.addEventListener('input', () => {
      this.open();
      this.fresh = this.eager = false;
      this.asked++; // an answer still on its way is to what stood here before
      if (this.slow) this.typedSoon();
      else this.search();
    });
    input.addEventListener('click', () => (this.giveWay(), this.open()));
    input.addEventListener('focus', () => this.giveWay());
    input.addEventListener('blur', () => this.shut?.());
    // Pressing in the list must not take the focus from the box, or the list would shut first.
    list.addEventListener('mousedown', (event) => event.preventDefault());
    box.addEventListener('click', (event) => {
      if (event.target === box || event.target.closest('.select-arrow')) (input.focus(), this.open());
    });
  }

  // ---- what is chosen ----

  // What is chosen gives way to what is typed, also where the box had the focus
  // before: after a choice, or once a click has put the caret into the words.
  giveWay() {
    if (!this.multi && !this.shut) this.input.select();
  }

  drawChosen() {
    const { input, chosen, multi } = this;
    fill(this.chips, multi && chosen.map((option) => this.chip(option)));
    fill(
      this.clearer,
      this.clearable &&
        !multi &&
        chosen.length > 0 &&
        iconButton('close', 'Clear the choice', () => this.set([]), { class: 'icon-button small' }),
    );
    input.placeholder = multi && chosen.length ? '' : this.placeholder;
    if (!multi && !this.shut) input.value = chosen[0]?.text ?? '';
    this.inWords.textContent = multi ? '' : (chosen[0]?.text ?? '');
    this.root.dataset.chosen = chosen.map((option) => option.key).join(' ');
  }

  chip(option) {
    const remove = iconButton('close', `Remove ${option.text}`, () => this.set(this.without(option)), { class: 'chip-remove' });
    return h('span', { class: 'chip', data: { value: option.key } }, h('span', { class: 'chip-text' }, option.text), remove);
  }

  without(option) {
    return this.chosen.filter((one) => one.key !== option.key);
  }

  isChosen(option) {
    return this.chosen.some((one) => one.key === option.key);
  }

  async set(options) {
    const before = this.chosen;
    const focused = this.root.contains(document.activeElement);
    this.chosen = options;
    this.drawChosen();
    if (focused) this.input.focus({ preventScroll: true });
    // The owner may say no (a confirm dialog denied): then the old choice stands.
    if ((await this.onChange(options)) !== false) return;
    this.chosen = before;
    this.drawChosen();
  }

  pick(option) {
    if (!this.multi) {
      this.shut?.();
      return this.set([option]);
    }
    this.input.value = '';
    if (this.isChosen(option)) this.set(this.without(option));
    else if (this.chosen.length < this.max) this.set([...this.chosen, option]);
    return this.shut && this.search();
  }

  // ---- the list ----

  open() {
    if (this.shut) return;
    this.eager = false;
    this.shut = float(this.list, this.box, { matchWidth: true, onClose: () => this.closed() });
    this.input.setAttribute('aria-expanded', 'true');
    this.search('');
  }

  closed() {
    this.shut = null;
    this.fresh = false;
    if (!this.eager) this.asked++;
    this.active = -1;
    this.input.setAttribute('aria-expanded', 'false');
    this.input.removeAttribute('aria-activedescendant');
    this.input.value = this.multi ? '' : (this.chosen[0]?.text ?? '');
  }

  async search(query = this.input.value) {
    const ticket = ++this.asked;
    const current = () => ticket === this.asked && (this.shut || this.eager);
    const missing = this.minQuery - query.length;
    if (missing > 0) return this.say(missing === 1 ? 'Type one more letter' : `Type ${missing} more letters`);
    if (this.slow) this.say('Looking…');
    try {
      const groups = await this.source(query.trim());
      if (!current()) return;
      if (this.eager) return this.takeFirst(groups);
      this.fresh = true;
      this.drawList(groups);
    } catch (error) {
      if (current()) this.say(error.message);
    }
  }

  say(words) {
    this.shown = [];
    fill(this.list, h('li', { class: 'select-note', role: 'presentation' }, words));
  }

  drawList(groups) {
    const filled = groups.filter((group) => group.options.length);
    if (!filled.length) return this.say('Nothing found');
    fill(
      this.list,
      filled.map((group) => this.group(group)),
    );
    this.shown = [...this.list.querySelectorAll('[role="option"]')];
    const current = this.shown.findIndex((node) => node.getAttribute('aria-selected') === 'true');
    this.activate(this.multi ? 0 : Math.max(current, 0));
  }

  group({ label, options }) {
    const nodes = options.map((option) => this.option(option));
    if (!label) return h('li', { role: 'presentation' }, h('ul', { role: 'presentation' }, nodes));
    const id = uid('group');
    return h(
      'li',
      { role: 'presentation' },
      h('div', { class: 'select-group', id }, label),
      h('ul', { role: 'group', 'aria-labelledby': id }, nodes),
    );
  }

  option(option) {
    const chosen = this.isChosen(option);
    const words = h(
      'span',
      { class: 'option-words' },
      h('span', {}, option.text),
      option.note && h('span', { class: 'option-note' }, option.note),
    );
    const node = h(
      'li',
      { id: uid('option'), class: 'select-option', role: 'option', 'aria-selected': String(chosen), data: { value: option.key } },
      words,
      chosen && icon('check'),
    );
    node.choose = () => this.pick(option);
    node.addEventListener('click', node.choose);
    node.addEventListener(
      'pointermove',
      () => this.shown[this.active] !== node && this.activate(this.shown.indexOf(node), false),
    );
    return node;
  }

  activate(index, scroll = true) {
    this.shown[this.active]?.classList.remove('active');
    this.active = index;
    const node = this.shown[index];
    node?.classList.add('active');
    this.input.setAttribute('aria-activedescendant', node?.id ?? '');
    if (scroll) node?.scrollIntoView({ block: 'nearest' });
  }

  // ---- the keyboard ----

  // Who types fast presses Enter, and goes on to the next field, before the list has
  // caught up; what they typed counts, not what still stands there.
  take() {
    if (this.fresh) return this.shown[this.active]?.choose();
    this.eager = true;
    return this.typedSoon.flush();
  }

  takeFirst(groups) {
    this.eager = false;
    const [first] = groups.flatMap((group) => group.options);
    if (first) this.pick(first);
    else this.drawList(groups);
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) this.giveWay();
    if (event.key === 'Escape' && this.shut) {
      this.shut();
      event.stopPropagation();
    } else if (event.key === 'Backspace' && this.multi && !this.input.value && this.chosen.length) {
      return this.set(this.chosen.slice(0, -1));
    } else if (step && this.shut) this.activate((this.active + step + this.shown.length) % this.shown.length);
    else if (event.key === 'Enter' && this.shut) this.take();
    else if (step || event.key === 'Enter') this.open();
    else return undefined;
    return event.preventDefault();
  }
}

/** filtered turns fixed groups into a source that looks for the typed words. */
export function filtered(groups) {
  return (query) => {
    const words = query.toLocaleLowerCase().split(/\s+/);
    const fits = (option) => words.every((word) => `${option.text} ${option.note ?? ''}`.toLocaleLowerCase().includes(word));
    return groups().map((group) => ({ ...group, options: group.options.filter(fits) }));
  };
}
