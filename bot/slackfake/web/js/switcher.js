// The quick switcher (Ctrl/Cmd+K): one box that finds channels, people, the
// app and personas by a few letters.
import { h, button, icon, fill, uid } from './dom.js';
import { avatar, play } from './persona.js';
import { openDirect } from './sidebar.js';
import { store, go, personas, titleOf, nameOf, isBot, HOME } from './state.js';

const SHOWN = 9;

/** mountSwitcher puts the button in its slot and listens for the shortcut. */
export function mountSwitcher(slot) {
  const keys = /mac/i.test(navigator.platform) ? '⌘ K' : 'Ctrl K';
  slot.append(
    button(
      { class: 'search-button', data: { testid: 'switcher-open' }, on: { click: open }, 'aria-keyshortcuts': 'Control+K Meta+K' },
      icon('search'),
      h('span', { class: 'search-words' }, 'Find a channel or person'),
      h('kbd', {}, keys),
    ),
  );
  document.addEventListener('keydown', (event) => {
    if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (!document.querySelector('.switcher')) open();
  });
}

function open() {
  if (!store.data) return;
  const listId = uid('found');
  const input = h('input', {
    class: 'switcher-input',
    role: 'combobox',
    'aria-expanded': 'true',
    'aria-controls': listId,
    'aria-label': 'Jump to',
    placeholder: 'Jump to a channel, a person, or play somebody…',
    autocomplete: 'off',
    data: { testid: 'switcher' },
  });
  const list = h('ul', { id: listId, class: 'switcher-list', role: 'listbox', 'aria-label': 'Found' });
  const dialog = h(
    'dialog',
    { class: 'switcher', 'aria-label': 'Quick switcher' },
    h('div', { class: 'switcher-head' }, icon('search'), input),
    list,
    h(
      'p',
      { class: 'switcher-foot' },
      h('kbd', {}, '↑'),
      h('kbd', {}, '↓'),
      ' choose  ',
      h('kbd', {}, 'Enter'),
      ' go  ',
      h('kbd', {}, 'Alt'),
      '+',
      h('kbd', {}, '1…9'),
      ' play somebody  ',
      h('kbd', {}, 'F6'),
      ' next region',
    ),
  );
  let found = [];
  let active = 0;

  const draw = () => {
    fill(
      list,
      found.map((place, index) =>
        h(
          'li',
          {
            id: `${listId}-${index}`,
            role: 'option',
            class: index === active ? 'switcher-item active' : 'switcher-item',
            'aria-selected': String(index === active),
            on: { click: () => choose(place), mousemove: () => index !== active && ((active = index), draw()) },
          },
          place.face,
          h('bdi', { class: 'found-name' }, place.name),
          h('bdi', { class: 'found-note' }, place.note),
        ),
      ),
      found.length === 0 && h('li', { class: 'select-note', role: 'presentation' }, 'Nothing found'),
    );
    input.setAttribute('aria-activedescendant', `${listId}-${active}`);
  };
  const search = () => {
    found = find(input.value);
    active = 0;
    draw();
  };
  const choose = (place) => {
    dialog.close();
    place.go();
  };
  input.addEventListener('input', search);
  input.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) active = (active + step + found.length) % found.length;
    else if (event.key === 'Enter' && found[active]) choose(found[active]);
    else return;
    event.preventDefault();
    if (dialog.open) draw();
  });
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  search();
}

function places() {
  const channels = store.data.channels
    .filter((channel) => channel.kind !== 'im')
    .map((channel) => ({
      name: channel.name,
      note: channel.topic ?? '',
      face: icon(channel.kind === 'private' ? 'lock' : 'hash'),
      go: () => go({ place: channel.id }),
    }));
  const direct = new Map(
    store.data.channels.filter((channel) => channel.kind === 'im').map((channel) => [channel.user, channel]),
  );
  const people = store.data.users
    .filter((user) => user.id !== store.user && !isBot(user.id) && (!user.deleted || direct.has(user.id)))
    .map((user) => ({
      name: nameOf(user),
      note: 'direct message',
      face: avatar(user, 'small'),
      go: () => (direct.has(user.id) ? go({ place: direct.get(user.id).id }) : openDirect(user.id)),
    }));
  const app = direct.get(store.data.app.bot_user);
  const apps = [{ name: `${store.data.app.name} Home`, note: 'app', face: icon('home'), go: () => go({ place: HOME }) }];
  if (app) apps.push({ name: `${titleOf(app)} messages`, note: 'app', face: icon('chat'), go: () => go({ place: app.id }) });
  const personasToPlay = personas()
    .filter((user) => user.id !== store.user)
    .map((user) => ({ name: `Play as ${nameOf(user)}`, note: user.title, face: avatar(user, 'small'), go: () => play(user.id) }));
  return [...channels, ...apps, ...people, ...personasToPlay];
}

function find(typed) {
  const words = typed.trim().replace(/^[#@]/, '').toLocaleLowerCase().split(/\s+/);
  const rank = (place) => (place.name.toLocaleLowerCase().startsWith(words[0]) ? 0 : 1);
  return places()
    .filter((place) => words.every((word) => `${place.name} ${place.note}`.toLocaleLowerCase().includes(word)))
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, SHOWN);
}
