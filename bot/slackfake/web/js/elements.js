// The controls of Block Kit. Each maker takes a Slot and returns a node; the
// slot knows which block and surface the control stands in.
import { h, button, icon, uid } from './dom.js';
import { opensMenu } from './floating.js';
import { select, filtered } from './select.js';
import { confirmed, plainText, textOf, errorLine } from './notice.js';
import { toUnix, isoDate, isoTime, dateLong, placeOf, offsetName } from './dates.js';
import { store, userOf, channelOf, titleOf, nameOf, zone } from './state.js';

/** Slot is the place of one element: it reads and keeps its value, and sends its acts. */
export class Slot {
  constructor(surface, block, el, { inputId, labelId, describedBy } = {}) {
    Object.assign(this, { surface, block, el, inputId, labelId, describedBy });
  }

  /** data are the hooks that tests and styles find a control by. */
  get data() {
    return { actionId: this.el.action_id, blockId: this.block.block_id };
  }

  get value() {
    return this.surface.value(this.block, this.el);
  }

  /** sends: in an input block a change stays in the form unless the app asked to hear it. */
  get sends() {
    return this.block.type !== 'input' || this.block.dispatch_action === true;
  }

  /** keep notes a value without telling the app. */
  keep(value) {
    this.surface.put(this.block, this.el, value);
  }

  /** change notes a value and, where the element sends, tells the app. False: the person said no to the question. */
  async change(value, node) {
    if (!this.sends) return this.keep(value);
    if (this.el.confirm && !(await confirmed(this.el.confirm))) return false;
    this.keep(value);
    await this.send(value, node);
    return true;
  }

  /** send tells the app, shows that it works, and puts a failure in words below the block. */
  async send(value, node) {
    const block = node.closest('.block') ?? node;
    block.querySelector(':scope > .error-line')?.remove();
    node.classList.add('busy');
    node.setAttribute('aria-busy', 'true');
    const failed = await this.surface.click(this.block, this.el, value).catch((error) => error.message);
    node.classList.remove('busy');
    node.removeAttribute('aria-busy');
    if (failed) block.append(errorLine(failed));
  }

  /** naming ties a control to its label, or names it by its placeholder where it stands alone. */
  get naming() {
    const label = this.labelId ? null : plainText(this.el.placeholder) || this.el.accessibility_label || plainText(this.block.text) || this.el.action_id;
    return { 'aria-labelledby': this.labelId, 'aria-label': label, 'aria-describedby': this.describedBy };
  }
}

// ---- buttons -------------------------------------------------------------

const STYLE = { primary: 'button primary', danger: 'button danger' };

function makeButton(slot) {
  const { el } = slot;
  const words = [h('span', { class: 'button-text' }, plainText(el.text)), el.url && icon('external')].filter(Boolean);
  const props = { class: STYLE[el.style] ?? 'button', 'aria-label': el.accessibility_label, data: { ...slot.data, value: el.value } };
  const press = async (event) => {
    const node = event.currentTarget;
    if (node.classList.contains('busy')) return;
    if (el.confirm && !(await confirmed(el.confirm))) return;
    await slot.send({ value: el.value ?? '' }, node);
  };
  // A link button opens its page and tells the app as well, as Slack does.
  if (/^https?:/.test(el.url ?? '')) return h('a', { ...props, href: el.url, target: '_blank', rel: 'noopener noreferrer', on: { click: press } }, words);
  return button({ ...props, on: { click: press } }, words);
}

function makeOverflow(slot) {
  const node = button({ class: 'button square', 'aria-label': 'More actions', data: slot.data }, icon('more'));
  const items = () => slot.el.options.map((option) => ({
    label: plainText(option.text), note: plainText(option.description), href: /^https?:/.test(option.url ?? '') ? option.url : null, data: { value: option.value },
    onSelect: async () => {
      if (!slot.el.confirm || (await confirmed(slot.el.confirm))) slot.send({ selected_option: option }, node);
    },
  }));
  return opensMenu(node, 'More actions', items, { align: 'end' });
}

// ---- typed text ------------------------------------------------------------

const INPUT_TYPES = { plain_text_input: 'text', email_text_input: 'email', url_text_input: 'url', number_input: 'text' };

function makeTextInput(slot) {
  const { el } = slot;
  const multiline = el.multiline === true;
  const node = h(multiline ? 'textarea' : 'input', {
    id: slot.inputId, class: 'input', dir: 'auto', ...slot.naming, data: slot.data, value: slot.value.value ?? '',
    type: multiline ? null : INPUT_TYPES[el.type], rows: multiline ? 4 : null,
    inputmode: el.type === 'number_input' ? (el.is_decimal_allowed ? 'decimal' : 'numeric') : null, placeholder: plainText(el.placeholder) || null,
  });
  const counter = el.max_length ? h('span', { class: 'counter', 'aria-live': 'polite' }) : null;
  const count = () => counter && showCount(counter, el.max_length - [...node.value].length, el.max_length);
  const triggers = el.dispatch_action_config?.trigger_actions_on ?? ['on_enter_pressed'];
  node.addEventListener('input', () => {
    slot.keep({ value: node.value || null });
    count();
    if (slot.sends && triggers.includes('on_character_entered')) slot.send({ value: node.value }, node);
  });
  node.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || multiline || !slot.sends || !triggers.includes('on_enter_pressed')) return;
    event.preventDefault();
    slot.send({ value: node.value }, node);
  });
  count();
  return counter ? h('div', { class: multiline ? 'counted multiline' : 'counted' }, node, counter) : node;
}

// The count appears when it starts to matter; over the limit it says by how much,
// and the text stays, because cutting it would lose what was pasted.
function showCount(counter, left, limit) {
  counter.textContent = left < 0 ? `${-left} too many` : String(left);
  counter.hidden = left > Math.max(20, limit / 5);
  counter.classList.toggle('over', left < 0);
}

// ---- selects ---------------------------------------------------------------

const asChoice = (option) => ({ key: option.value, text: plainText(option.text), note: plainText(option.description), option });
const groupsOf = ({ option_groups: groups, options = [] }) =>
  groups?.length ? groups.map((group) => ({ label: plainText(group.label), options: group.options.map(asChoice) })) : [{ options: options.map(asChoice) }];

const personChoice = (user) => ({ key: user.id, text: nameOf(user), note: user.title });
const everybody = () => [{ options: store.data.users.filter((user) => !user.deleted && !user.is_bot).map(personChoice) }];
const channelChoice = (channel) => ({ key: channel.id, text: channel.kind === 'im' ? titleOf(channel) : `#${channel.name}` });
const channels = (kinds) => () => [{ options: store.data.channels.filter((channel) => kinds.includes(channel.kind) && !channel.archived).map(channelChoice) }];

const KINDS = { public: ['channel'], private: ['private'], im: ['im'] };
const conversations = (el) => channels((el.filter?.include ?? ['public', 'private', 'im']).flatMap((kind) => KINDS[kind] ?? []));

const known = {
  options: { chosen: (value) => value && asChoice(value), value: (choice) => choice.option },
  person: { chosen: (id) => id && personChoice(userOf(id) ?? { id, name: id }), value: (choice) => choice.key },
  channel: { chosen: (id) => id && channelChoice(channelOf(id) ?? { id, name: id }), value: (choice) => choice.key },
};

// field: where state.values keeps the choice; its plural is the one for several.
const SELECTS = {
  static_select: { field: 'selected_option', kind: known.options, source: (el) => filtered(() => groupsOf(el)) },
  external_select: { field: 'selected_option', kind: known.options, external: true },
  users_select: { field: 'selected_user', kind: known.person, source: () => filtered(everybody), default: 'Choose a person' },
  conversations_select: { field: 'selected_conversation', kind: known.channel, source: (el) => filtered(conversations(el)), default: 'Choose a conversation' },
  channels_select: { field: 'selected_channel', kind: known.channel, source: () => filtered(channels(['channel'])), default: 'Choose a channel' },
};

function makeSelect(slot) {
  const { el } = slot;
  const multi = el.type.startsWith('multi_');
  const spec = SELECTS[el.type.replace('multi_', '')];
  const field = multi ? `${spec.field}s` : spec.field;
  const current = [slot.value[field]].flat().map(spec.kind.chosen).filter(Boolean);
  const node = select({
    id: slot.inputId, label: slot.naming['aria-label'], data: slot.data, multi, chosen: current, max: el.max_selected_items,
    placeholder: plainText(el.placeholder) || spec.default || 'Choose an option', clearable: slot.block.type === 'input' && slot.block.optional === true,
    source: spec.external ? (query) => slot.surface.suggest(slot.block, el, query).then(groupsOf) : spec.source(el),
    slow: spec.external, minQuery: spec.external ? el.min_query_length ?? 3 : 0,
    onChange: (choices) => {
      const values = choices.map(spec.kind.value);
      return slot.change({ [field]: multi ? values : values[0] ?? null }, node);
    },
  });
  return node;
}

// ---- choices in the open -----------------------------------------------------

const makeRadios = (slot) => choices(slot, 'radio', [slot.value.selected_option].filter(Boolean), ([option]) => ({ selected_option: option ?? null }));
const makeCheckboxes = (slot) => choices(slot, 'checkbox', slot.value.selected_options ?? [], (options) => ({ selected_options: options }));

function choices(slot, type, chosen, valueOf) {
  const name = uid('choice');
  const node = h('div', { class: 'choices', role: type === 'radio' ? 'radiogroup' : 'group', ...slot.naming, data: slot.data });
  const inputs = slot.el.options.map((option) => h('input', {
    type, name, value: option.value, checked: chosen.some((one) => one.value === option.value), on: { change: changed },
  }));
  async function changed() {
    const options = slot.el.options.filter((_, index) => inputs[index].checked);
    if ((await slot.change(valueOf(options), node)) === false) inputs.forEach((input, index) => (input.checked = chosen.includes(slot.el.options[index])));
    else chosen = options;
  }
  node.append(...slot.el.options.map((option, index) => h('label', { class: 'choice' }, inputs[index],
    h('span', { class: 'choice-words' }, h('span', {}, textOf(option.text)), option.description && h('span', { class: 'choice-note' }, textOf(option.description))))));
  return node;
}

// ---- dates and times ---------------------------------------------------------

function picker(slot, type, field) {
  const node = h('input', { type, id: slot.inputId, class: 'input date-input', ...slot.naming, data: slot.data, value: slot.value[field] ?? '' });
  node.addEventListener('change', async () => {
    const before = slot.value[field];
    if ((await slot.change({ [field]: node.value || null }, node)) === false) node.value = before ?? '';
  });
  return node;
}

// A moment is typed on the clock of the person played; the words below say which clock that is.
function makeMoment(slot) {
  const at = slot.value.selected_date_time;
  const date = h('input', { type: 'date', class: 'input date-input', 'aria-label': 'Date', 'aria-describedby': slot.describedBy, data: { part: 'date' }, value: at ? isoDate(at, zone()) : '' });
  const time = h('input', { type: 'time', class: 'input date-input', 'aria-label': 'Time', data: { part: 'time' }, value: at ? isoTime(at, zone()) : '' });
  const says = h('span', { class: 'moment-says' });
  const node = h('div', { class: 'moment', role: 'group', ...slot.naming, data: slot.data }, date, time, says);
  const explain = (unix) => {
    const where = `${placeOf(zone())} (${offsetName(unix ?? Date.now() / 1000, zone())})`;
    says.textContent = unix ? `${dateLong(unix, zone())}, ${isoTime(unix, zone())} in ${where}` : `Time in ${where}`;
  };
  const changed = () => {
    const unix = toUnix(date.value, time.value, zone());
    explain(unix);
    // Half a moment is not sent: with only a date there is nothing to say yet.
    if (unix !== null || (!date.value && !time.value)) slot.change({ selected_date_time: unix }, node);
    else slot.keep({ selected_date_time: null });
  };
  date.addEventListener('change', changed);
  time.addEventListener('change', changed);
  explain(at);
  return node;
}

// ---- the table -----------------------------------------------------------------

const MAKERS = {
  button: makeButton,
  workflow_button: makeButton,
  overflow: makeOverflow,
  plain_text_input: makeTextInput,
  number_input: makeTextInput,
  email_text_input: makeTextInput,
  url_text_input: makeTextInput,
  radio_buttons: makeRadios,
  checkboxes: makeCheckboxes,
  datepicker: (slot) => picker(slot, 'date', 'selected_date'),
  timepicker: (slot) => picker(slot, 'time', 'selected_time'),
  datetimepicker: makeMoment,
};
for (const type of Object.keys(SELECTS)) MAKERS[type] = MAKERS[`multi_${type}`] = makeSelect;

/** element makes the control for a slot, or null for a type that is not known. */
export const element = (slot) => MAKERS[slot.el.type]?.(slot) ?? null;

/** GROUPS are controls of several parts: a label names them by aria-labelledby, not by `for`. */
export const GROUPS = new Set(['radio_buttons', 'checkboxes', 'datetimepicker']);
