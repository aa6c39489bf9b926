// Words for the person that belong to no message: short notices in a corner,
// the line that screen readers hear, and the question before a grave step.
import { h, button, icon, iconButton, uid } from './dom.js';
import { mrkdwn } from './mrkdwn.js';
import { withEmoji } from './emoji.js';

const SHOWN_MS = 4500;

/** toast shows a notice in the corner; errors stay until they are closed. */
export function toast(text, { tone = 'info' } = {}) {
  const close = () => node.remove();
  const node = h(
    'div',
    { class: `toast toast-${tone}`, role: tone === 'error' ? 'alert' : 'status', data: { testid: 'toast' } },
    icon(tone === 'error' ? 'warning' : 'check'),
    h('span', { class: 'toast-text' }, text),
    iconButton('close', 'Dismiss', close),
  );
  document.getElementById('toasts').append(node);
  if (tone !== 'error') setTimeout(close, SHOWN_MS);
}

/** announce reads a line to people who cannot see the page change. */
export function announce(text) {
  document.getElementById('announcer').textContent = text;
}

/** errorLine is a problem in words, beside the thing that caused it. */
export function errorLine(text, ...more) {
  return h('p', { class: 'error-line', role: 'alert' }, icon('warning'), h('span', {}, text), more);
}

/** textOf renders a text object: mrkdwn or plain_text. */
export function textOf(object) {
  if (!object) return '';
  if (object.type === 'mrkdwn') return mrkdwn(object.text, { verbatim: object.verbatim });
  return plainText(object);
}

/** plainText is a text object as a string, for labels and places that hold no markup. */
export function plainText(object) {
  if (!object) return '';
  return object.emoji === false ? object.text : withEmoji(object.text ?? '');
}

/** confirmed asks the question of a `confirm` object and resolves to the answer. */
export function confirmed(question) {
  return new Promise((resolve) => {
    const id = uid('confirm');
    const before = document.activeElement;
    const answer = (yes) => {
      dialog.close();
      dialog.remove();
      before?.focus?.({ preventScroll: true });
      resolve(yes);
    };
    const yes = button(
      {
        class: `button ${question.style === 'danger' ? 'danger' : 'primary'}`,
        data: { testid: 'confirm-yes' },
        on: { click: () => answer(true) },
      },
      plainText(question.confirm) || 'Yes',
    );
    const no = button(
      { class: 'button', data: { testid: 'confirm-no' }, on: { click: () => answer(false) } },
      plainText(question.deny) || 'Cancel',
    );
    const dialog = h(
      'dialog',
      { class: 'confirm', role: 'alertdialog', 'aria-modal': 'true', 'aria-labelledby': id, data: { testid: 'confirm' } },
      h('h2', { id }, plainText(question.title) || 'Are you sure?'),
      h('div', { class: 'confirm-text' }, textOf(question.text)),
      h('div', { class: 'confirm-buttons' }, no, yes),
    );
    dialog.addEventListener('keydown', (event) => event.stopPropagation());
    dialog.addEventListener('cancel', (event) => (event.preventDefault(), answer(false)));
    dialog.addEventListener('close', () => answer(false), { once: true });
    document.body.append(dialog);
    dialog.showModal();
    // Enter must not be the way into what cannot be taken back.
    (question.style === 'danger' ? no : yes).focus();
  });
}
