// The app's Home tab: the view it published for this person.
import { h, fill, button } from './dom.js';
import { api } from './api.js';
import { drawBlocks } from './blocks.js';
import { Surface } from './surface.js';
import { errorLine } from './notice.js';
import { skeleton } from './messages.js';
import { store, on, HOME } from './state.js';

/** mountHome returns the node of the Home tab and a function to open it. */
export function mountHome() {
  const status = h('div', { class: 'list-status' });
  const blocks = h('div', { class: 'blocks home-blocks', data: { testid: 'home' } });
  const root = h('div', { class: 'scroller home' }, h('div', { class: 'home-page' }, status, blocks));
  let surface = null;
  let shownFor = null;

  async function load() {
    const user = store.user;
    const view = await api.home(user);
    if (user !== store.user || store.place !== HOME) return;
    if (!view) return blocks.replaceChildren();
    if (surface?.where.view_id !== view.id) surface = new Surface('home', { view_id: view.id });
    surface.keep(view.state?.values);
    surface.prune(view.blocks);
    drawBlocks(blocks, view.blocks, surface);
    fill(status);
  }

  async function open() {
    const user = store.user;
    if (shownFor !== user) {
      blocks.replaceChildren();
      surface = null;
      fill(status, skeleton());
    }
    shownFor = user;
    try {
      // What was published before shows at once; opening asks the app for a fresh one.
      await load();
      const answer = await api.act(user, 'home');
      if (user !== store.user || store.place !== HOME) return;
      await load();
      if (answer.ok === false) throw new Error(answer.error);
      if (!blocks.childElementCount) fill(status, nothingYet());
    } catch (error) {
      if (user === store.user)
        fill(
          status,
          errorLine(
            error.message || 'The Home tab could not be opened.',
            button({ class: 'button small', on: { click: open } }, 'Try again'),
          ),
        );
    }
  }

  const again = () =>
    store.place === HOME &&
    shownFor === store.user &&
    load().catch(() => {
      /* the next poke or visit reads it again */
    });
  on('home', again);
  on('clock', again);
  return { root, open };
}

const nothingYet = () =>
  h(
    'p',
    { class: 'beginning' },
    `${store.data.app.name} has not published a Home for you yet. It appears here as soon as it does.`,
  );
