// Links to messages and to the app lead to their place on this page instead of
// to a Slack that is not there.
import { go, channelOf, HOME, store } from './state.js';

const PERMALINK = /\/archives\/([A-Z0-9]+)(?:\/p(\d{10})(\d{6}))?/;

/** followLinks catches clicks on permalinks anywhere on the page. */
export function followLinks(list) {
  document.addEventListener('click', (event) => {
    const anchor = event.target.closest?.('a[href]');
    if (!anchor || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const url = new URL(anchor.href, location.href);
    if (anchor.getAttribute('href').startsWith('#')) return arrive(event, () => inside(url.hash));
    if (/app_redirect/.test(url.pathname)) return arrive(event, () => go({ place: HOME }));
    const [, channel, seconds, micros] = PERMALINK.exec(url.pathname) ?? [];
    if (!channel || !channelOf(channel)) return;
    arrive(event, () => toMessage(list, channel, seconds && `${seconds}.${micros}`, url.searchParams.get('thread_ts')));
  });
}

function arrive(event, move) {
  event.preventDefault();
  move();
}

// A link inside the page may be older than the last change of persona, so only
// its place counts; without a place it is an element to skip to.
function inside(hash) {
  const [, place] = hash.split('/');
  if (place) go({ place });
  else document.querySelector(hash)?.focus();
}

function toMessage(list, channel, ts, thread) {
  const there = store.place === channel;
  go({ place: channel, thread: thread && thread !== ts ? thread : null });
  if (!ts) return;
  if (there) list.reveal(ts);
  else list.revealNext = ts;
}
