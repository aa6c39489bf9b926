// The box at the bottom: messages, slash commands, and the menu of global shortcuts.
import { h, button, icon, iconButton, ownEnter, fill } from './dom.js';
import { opensMenu } from './floating.js';
import { api } from './api.js';
import { Completions } from './completions.js';
import { runShortcut } from './message.js';
import { errorLine } from './notice.js';
import { store, titleOf, go } from './state.js';

const drafts = new Map(); // what was typed and not sent, by persona and place
const TALLEST_PX = 220;

export class Composer {
  constructor({ id, testid }) {
    this.box = h('textarea', {
      id,
      class: 'composer-box',
      rows: 1,
      dir: 'auto',
      data: { testid },
      'aria-autocomplete': 'list',
      autocomplete: 'off',
    });
    this.sendButton = button(
      {
        class: 'send',
        'aria-label': 'Send',
        title: 'Send (Enter)',
        data: { testid: `${testid}-send` },
        on: { click: () => this.send() },
      },
      icon('send'),
    );
    this.problem = h('div', { class: 'composer-problem' });
    this.usage = h('p', { class: 'composer-usage', hidden: true });
    this.closedNote = h('p', { class: 'composer-closed' });
    this.form = h('div', { class: 'composer-frame' }, this.box, this.toolbar());
    this.root = h('div', { class: 'composer' }, this.problem, this.usage, this.form, this.closedNote);
    this.completions = new Completions(this.box, () => this.keepDraft());
    this.box.addEventListener('input', () => this.typed());
    this.box.addEventListener('keydown', (event) => this.key(event));
    ownEnter(this.box);
    this.form.addEventListener('mousedown', (event) => event.target === this.form && (event.preventDefault(), this.box.focus()));
  }

  toolbar() {
    const shortcuts = opensMenu(
      iconButton('plus', 'Shortcuts and commands', null, { data: { testid: 'shortcuts' }, class: 'icon-button round' }),
      'Shortcuts and commands',
      () => this.shortcutItems(),
      { above: true },
    );
    return h(
      'div',
      { class: 'composer-tools' },
      shortcuts,
      iconButton('slash', 'Run a command', () => this.start('/')),
      iconButton('at', 'Mention somebody', () => this.insert('@')),
      h(
        'span',
        { class: 'composer-hint' },
        h('kbd', {}, 'Enter'),
        ' sends, ',
        h('kbd', {}, 'Shift'),
        ' + ',
        h('kbd', {}, 'Enter'),
        ' starts a line',
      ),
      this.sendButton,
    );
  }

  /** aim points the box at a conversation or thread and brings back what was typed there. */
  aim({ channel, thread = null }) {
    this.completions.shut();
    Object.assign(this, { channel: channel.id, thread });
    const name = channel.kind === 'im' ? titleOf(channel) : `#${channel.name}`;
    this.box.placeholder = thread ? 'Reply…' : `Message ${name}`;
    this.box.setAttribute('aria-label', thread ? 'Reply in thread' : `Message ${name}`);
    this.form.hidden = Boolean(channel.archived);
    this.closedNote.textContent = channel.archived
      ? 'This channel is archived. Its messages can be read, nothing can be added.'
      : '';
    fill(this.problem);
    this.write(drafts.get(this.draftKey) ?? '');
  }

  get draftKey() {
    return `${store.user} ${this.channel} ${this.thread ?? ''}`;
  }

  /** start replaces the text, for hints and menus that offer a command. */
  start(text) {
    this.write(text);
    this.box.focus();
    this.box.setSelectionRange(text.length, text.length);
    this.completions.offer(this.form, !this.thread);
  }

  insert(text) {
    const { selectionStart: at, value } = this.box;
    const gap = at > 0 && !/\s/.test(value[at - 1]) ? ' ' : '';
    this.box.focus();
    this.box.setRangeText(gap + text, at, this.box.selectionEnd, 'end');
    this.typed();
  }

  write(text) {
    this.box.value = text;
    this.keepDraft();
  }

  typed() {
    this.keepDraft();
    fill(this.problem);
    this.completions.offer(this.form, !this.thread);
  }

  keepDraft() {
    drafts.set(this.draftKey, this.box.value);
    this.sendButton.disabled = this.box.value.trim() === '';
    this.box.style.height = 'auto';
    this.box.style.height = `${Math.min(this.box.scrollHeight, TALLEST_PX)}px`;
    this.showUsage();
  }

  // Once a command stands there, a line above the box says what may follow it.
  showUsage() {
    const word = /^(\/\S+)\s/.exec(this.box.value)?.[1];
    const command = word && !this.thread && store.data.app.commands.find((one) => one.command === word);
    this.usage.hidden = !command?.usage_hint;
    if (command) fill(this.usage, h('strong', {}, command.command), ` ${command.usage_hint}`);
  }

  // ---- sending ----

  async send() {
    const text = this.box.value.trim();
    if (!text) return;
    this.completions.shut();
    const { channel, thread, draftKey } = this;
    // A space in front turns a command into an ordinary message.
    const isCommand = /^\/\w/.test(this.box.value);
    this.write('');
    this.box.focus();
    this.form.classList.add('sending');
    const answer = await this.deliver(isCommand, { channel, thread, text });
    this.form.classList.remove('sending');
    if (answer.ok !== false) return;
    // What was typed comes back, unless something new stands there by now.
    if (draftKey === this.draftKey && !this.box.value) this.write(text);
    this.complain(answer.error || 'This could not be sent. Try again?');
  }

  deliver(isCommand, { channel, thread, text }) {
    const where = { channel, thread_ts: thread ?? undefined };
    return isCommand
      ? api.act(store.user, 'slash', { ...where, text })
      : api.act(store.user, 'message', { ...where, text: asSlackText(text) });
  }

  complain(words) {
    fill(
      this.problem,
      errorLine(
        words,
        iconButton('close', 'Dismiss', () => fill(this.problem), { class: 'icon-button small' }),
      ),
    );
  }

  key(event) {
    if (event.isComposing) return;
    if (this.completions.key(event)) event.preventDefault();
    else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      this.send();
    }
  }

  shortcutItems() {
    const { commands: all, shortcuts } = store.data.app;
    return [
      { heading: 'Shortcuts' },
      ...shortcuts
        .filter((shortcut) => shortcut.type === 'global')
        .map((shortcut) => ({
          label: shortcut.name,
          note: shortcut.description,
          icon: 'bolt',
          data: { testid: `shortcut-${shortcut.callback_id}` },
          onSelect: () => runShortcut('shortcut', { callback_id: shortcut.callback_id }),
        })),
      { heading: 'Commands' },
      ...all.map((command) => ({
        label: command.command,
        note: command.description,
        icon: 'slash',
        onSelect: () => this.start(`${command.command} `),
      })),
      { heading: 'Go to' },
      { label: `${store.data.app.name} Home`, icon: 'home', onSelect: () => go({ place: 'home' }) },
    ];
  }
}

const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** asSlackText is what Slack's own box makes of typed text: three characters escaped, @names as mentions. */
export function asSlackText(text) {
  const tokens = new Map([
    ...(store.data.groups ?? []).map((group) => [group.handle, `<!subteam^${group.id}>`]),
    ...store.data.users.map((user) => [user.name, `<@${user.id}>`]),
  ]);
  return text
    .replace(/[&<>]/g, (char) => ESCAPES[char])
    .replace(/(^|[\s(])@([\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*)/gu, (whole, lead, name) =>
      tokens.has(name) ? lead + tokens.get(name) : whole,
    );
}
