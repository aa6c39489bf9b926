// "What to try": the first steps that the server suggests, until they are dismissed.
import { h, button, icon, iconButton, fill, remembered } from './dom.js';
import { mrkdwn } from './mrkdwn.js';
import { store, on } from './state.js';

const KEY = 'hints-dismissed';

/** mountHints returns the card and the button that brings it back; commands in it go to the composer. */
export function mountHints({ onCommand }) {
  const list = h('ol', { class: 'hint-list' });
  const card = h(
    'section',
    { class: 'hints', 'aria-label': 'What to try', data: { testid: 'hints' } },
    h(
      'header',
      { class: 'hints-head' },
      icon('bulb'),
      h('h2', {}, 'What to try'),
      iconButton('close', 'Dismiss', () => set(false, true), { class: 'icon-button small', data: { testid: 'hints-dismiss' } }),
    ),
    list,
  );
  const opener = button(
    {
      class: 'button small hints-opener',
      'aria-label': 'What to try',
      title: 'What to try',
      data: { testid: 'hints-open' },
      on: { click: () => set(card.getClientRects().length === 0, true) },
    },
    icon('bulb'),
  );
  let drawn = '';

  function set(shown, keep) {
    card.hidden = !shown;
    card.classList.toggle('asked', Boolean(shown && keep));
    opener.setAttribute('aria-expanded', String(shown));
    if (keep) remembered.set(KEY, shown ? 'no' : 'yes');
  }

  on('state', () => {
    const hints = store.data.hints ?? [];
    opener.hidden = hints.length === 0;
    if (drawn === JSON.stringify(hints)) return;
    if (drawn === '') set(hints.length > 0 && remembered.get(KEY) !== 'yes' && innerWidth > 760);
    drawn = JSON.stringify(hints);
    fill(list, hints.map(line));
  });

  // A command in a hint is one click away from the message box.
  function line(hint) {
    const node = h('li', {}, mrkdwn(hint));
    for (const code of node.querySelectorAll('code')) {
      if (code.textContent.startsWith('/'))
        code.replaceWith(
          button(
            {
              class: 'code hint-command',
              title: 'Put it into the message box',
              on: { click: () => onCommand(code.textContent) },
            },
            code.textContent,
          ),
        );
    }
    return node;
  }

  return { card, opener };
}
