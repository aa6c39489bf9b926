// The right pane: one thread, with its own message box.
import { h, iconButton } from './dom.js';
import { MessageList } from './messages.js';
import { store, on, channelOf, titleOf, go } from './state.js';

const TYPES_WITH_KEYS = '(hover: hover)'; // on a touch screen the focus would push up the keyboard

/** mountThread draws the pane and returns its list. */
export function mountThread(root, composer) {
  const list = new MessageList({ label: 'Thread' });
  const where = h('span', { class: 'pane-note' });
  const close = iconButton('close', 'Close thread', () => go({ thread: null }), { data: { testid: 'close-thread' } });
  const words = h('div', { class: 'pane-words' }, h('h2', { class: 'pane-title' }, 'Thread'), where);
  root.append(h('header', { class: 'pane-head' }, words, close), list.root, composer.root);
  root.addEventListener('keydown', (event) => event.key === 'Escape' && !event.defaultPrevented && go({ thread: null }));
  let opener = null; // gets the focus back

  function show(channel) {
    where.textContent = channel.kind === 'im' ? titleOf(channel) : `#${channel.name}`;
    if (list.channel === channel.id && list.thread === store.thread) return;
    opener = document.activeElement;
    list.show(channel.id, store.thread);
    composer.aim({ channel, thread: store.thread });
    if (matchMedia(TYPES_WITH_KEYS).matches) composer.box.focus({ preventScroll: true });
  }

  function hide() {
    if (list.thread && opener?.isConnected) opener.focus({ preventScroll: true });
    list.clear();
  }

  on('route', () => {
    const channel = channelOf(store.place);
    root.hidden = !(store.thread && channel);
    if (root.hidden) hide();
    else show(channel);
  });
  return list;
}
