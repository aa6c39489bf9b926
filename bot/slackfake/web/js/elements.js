// The controls of Block Kit. Each maker takes a Slot and returns a node.
import { h, button, icon, uid } from './dom.js';
import { opensMenu } from './floating.js';
import { SELECTS, makeSelect } from './selects.js';
import { picker, makeMoment } from './pickers.js';
import { confirmed, plainText, textOf } from './notice.js';

// ---- buttons -------------------------------------------------------------

const STYLE = { primary: 'button primary', danger: 'button danger' };

function makeButton(slot) {
  const { el } = slot;
  const words = [h('span', { class: 'button-text' }, plainText(el.text)), el.url && icon('external')].filter(Boolean);
  const props = {
    class: STYLE[el.style] ?? 'button',
    'aria-label': el.accessibility_label,
    data: { ...slot.data, value: el.value },
  };
  const press = async (event) => {
    const node = event.currentTarget;
    if (node.classList.contains('busy')) return;
    if (el.confirm && !(await confirmed(el.confirm))) return;
    await slot.send({ value: el.value ?? '' }, node);
  };
  // A link button opens its page and tells the app as well, as Slack does.
  if (/^https?:/.test(el.url ?? ''))
    return h('a', { ...props, href: el.url, target: '_blank', rel: 'noopener noreferrer', on: { click: press } }, words);
  return button({ ...props, on: { click: press } }, words);
}

function makeOverflow(slot) {
  const node = button({ class: 'button square', 'aria-label': 'More actions', data: slot.data }, icon('more'));
  const items = () =>
    slot.el.options.map((option) => ({
      label: plainText(option.text),
      note: plainText(option.description),
      href: /^https?:/.test(option.url ?? '') ? option.url : null,
      data: { value: option.value },
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
    id: slot.inputId,
    class: 'input',
    dir: 'auto',
    ...slot.naming,
    data: slot.data,
    value: slot.value.value ?? '',
    type: multiline ? null : INPUT_TYPES[el.type],
    rows: multiline ? 4 : null,
    inputmode: el.type === 'number_input' ? (el.is_decimal_allowed ? 'decimal' : 'numeric') : null,
    placeholder: plainText(el.placeholder) || null,
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

// ---- choices in the open -----------------------------------------------------

const makeRadios = (slot) =>
  choices(slot, 'radio', [slot.value.selected_option].filter(Boolean), ([option]) => ({ selected_option: option ?? null }));
const makeCheckboxes = (slot) =>
  choices(slot, 'checkbox', slot.value.selected_options ?? [], (options) => ({ selected_options: options }));

function choices(slot, type, chosen, valueOf) {
  const name = uid('choice');
  const node = h('div', { class: 'choices', role: type === 'radio' ? 'radiogroup' : 'group', ...slot.naming, data: slot.data });
  const inputs = slot.el.options.map((option) =>
    h('input', {
      type,
      name,
      value: option.value,
      checked: chosen.some((one) => one.value === option.value),
      on: { change: changed },
    }),
  );
  async function changed() {
    const options = slot.el.options.filter((_, index) => inputs[index].checked);
    if ((await slot.change(valueOf(options), node)) === false)
      inputs.forEach((input, index) => (input.checked = chosen.includes(slot.el.options[index])));
    else chosen = options;
  }
  node.append(
    ...slot.el.options.map((option, index) =>
      h(
        'label',
        { class: 'choice' },
        inputs[index],
        h(
          'span',
          { class: 'choice-words' },
          h('span', {}, textOf(option.text)),
          option.description && h('span', { class: 'choice-note' }, textOf(option.description)),
        ),
      ),
    ),
  );
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
