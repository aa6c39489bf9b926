// What the message box offers while one types: commands after "/", people after "@".
import { h, icon, fill, uid } from './dom.js';
import { float } from './floating.js';
import { avatar } from './persona.js';
import { store, nameOf } from './state.js';

/** Completions is the list above a text box; `onAccept` hears that it has changed the box's text. */
export class Completions {
  constructor(box, onAccept) {
    Object.assign(this, { box, onAccept, id: uid('completions'), found: [], active: 0, close: null });
    const hold = (event) => event.preventDefault(); // pressing in the list leaves the caret in the box
    this.list = h('ul', {
      id: this.id,
      class: 'completions',
      role: 'listbox',
      'aria-label': 'Suggestions',
      data: { testid: 'completions' },
      on: { mousedown: hold },
    });
    box.addEventListener('blur', () => this.shut());
  }

  /** offer shows what fits the text before the caret; commands only where they may be used. */
  offer(anchor, withCommands) {
    const before = this.box.value.slice(0, this.box.selectionStart);
    this.found = (withCommands && commands(before)) || people(before);
    if (!this.found.length) return this.shut();
    this.active = 0;
    this.draw();
    this.close ??= float(this.list, anchor, { above: true, matchWidth: true, onClose: () => (this.close = null) });
    return undefined;
  }

  draw() {
    fill(
      this.list,
      this.found.map((item, index) => this.row(item, index)),
    );
    this.box.setAttribute('aria-controls', this.id);
    this.box.setAttribute('aria-activedescendant', `${this.id}-${this.active}`);
    this.list.children[this.active].scrollIntoView({ block: 'nearest' });
  }

  row(item, index) {
    const active = index === this.active;
    const point = () => !active && this.move(index);
    const title = h('span', {}, h('strong', {}, item.name), item.usage && h('span', { class: 'usage' }, ` ${item.usage}`));
    const words = h('span', { class: 'completion-words' }, title, item.note && h('span', { class: 'muted' }, item.note));
    const props = {
      id: `${this.id}-${index}`,
      role: 'option',
      class: active ? 'completion active' : 'completion',
      'aria-selected': String(active),
    };
    return h('li', { ...props, on: { click: () => this.accept(item), mousemove: point } }, item.face, words);
  }

  move(index) {
    this.active = (index + this.found.length) % this.found.length;
    this.draw();
  }

  accept(item) {
    const at = this.box.selectionStart;
    this.box.setRangeText(`${item.insert} `, at - item.typed.length, at, 'end');
    this.shut();
    this.onAccept();
  }

  shut() {
    this.close?.();
    this.box.removeAttribute('aria-controls');
    this.box.removeAttribute('aria-activedescendant');
  }

  /** key handles a key while the list is open; true when it was meant for the list. */
  key({ key, shiftKey }) {
    if (!this.close) return false;
    const item = this.found[this.active];
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    // A command that is typed in full is ready to be sent, so Enter sends it.
    const accepts = !shiftKey && (key === 'Tab' || (key === 'Enter' && item.insert !== item.typed));
    if (step) this.move(this.active + step);
    else if (key === 'Escape') this.shut();
    else if (accepts) this.accept(item);
    else return false;
    return true;
  }
}

function commands(before) {
  if (!/^\/\S*$/.test(before)) return null;
  const fitting = store.data.app.commands.filter((command) => command.command.startsWith(before.toLowerCase()));
  return fitting.map(({ command, usage_hint: usage, description: note }) => {
    const face = h('span', { class: 'avatar small avatar-app', 'aria-hidden': 'true' }, icon('gate'));
    return { name: command, usage, note, insert: command, typed: before, face };
  });
}

function people(before) {
  const typed = /(?:^|\s)(@[\p{L}\p{N}._-]*)$/u.exec(before)?.[1];
  if (!typed) return [];
  const start = typed.slice(1).toLowerCase();
  const words = (user) => `${user.name} ${nameOf(user)}`.toLowerCase().split(' ');
  const fitting = store.data.users.filter((user) => !user.deleted && words(user).some((word) => word.startsWith(start)));
  return fitting.map((user) => {
    const handle = `@${user.name}`;
    return { name: nameOf(user), usage: handle, note: user.title, insert: handle, typed, face: avatar(user, 'small') };
  });
}
