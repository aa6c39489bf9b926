// Modals: a stack of views with the top one in front. Everything typed is kept
// while its field is there, through updates, pushes, errors and reloads.
import { h, button, iconButton, patch, fill, debounce, focusables, uid } from './dom.js';
import { api } from './api.js';
import { avatar } from './persona.js';
import { drawBlocks } from './blocks.js';
import { Surface } from './surface.js';
import { plainText, errorLine } from './notice.js';
import { store, on } from './state.js';

const KEEP_MS = 300;
const TROUBLE = 'We had some trouble connecting. Try again?';

/** ModalView is one view of the stack on screen. */
class ModalView {
  constructor(view, owner) {
    // The person is noted, because what they typed is still being kept while somebody else is played.
    Object.assign(this, { id: view.id, owner, errors: {}, view, user: store.user });
    this.saveSoon = debounce(() => this.save(), KEEP_MS);
    this.surface = new Surface('modal', { view_id: view.id }, { onChange: () => this.saveSoon() });
    this.titleId = uid('title');
    this.title = h('h2', { id: this.titleId, class: 'modal-title', dir: 'auto' });
    this.back = h('span');
    this.banner = h('div', { class: 'modal-banner' });
    this.blocks = h('div', { class: 'blocks' });
    this.foot = h('div', { class: 'modal-foot' });
    const close = iconButton('close', 'Close', () => owner.close({ all: true }), { data: { testid: 'modal-x' } });
    const head = h('div', { class: 'modal-head' }, this.back, avatar({ id: store.data.app.bot_user }, 'small'), this.title, close);
    this.body = h('div', { class: 'modal-body' }, this.banner, this.blocks);
    const form = h('form', { class: 'modal-form', novalidate: true }, head, this.body, this.foot);
    this.root = h('section', { class: 'modal', role: 'dialog', 'aria-modal': 'true', 'aria-labelledby': this.titleId, tabindex: '-1', data: { testid: 'modal', viewId: view.id } }, form);
    form.addEventListener('submit', (event) => (event.preventDefault(), this.submit()));
    this.root.addEventListener('keydown', (event) => this.key(event));
  }

  /** update takes over what the server has; typed values stay where their field stays. */
  update(view, below) {
    this.view = view;
    this.errors = view.errors ?? {};
    this.surface.keep(view.state?.values);
    this.surface.prune(view.blocks);
    this.title.textContent = plainText(view.title);
    this.root.dataset.callbackId = view.callback_id ?? '';
    fill(this.back, below && iconButton('left', `Back to ${plainText(below.title)}`, () => this.owner.close()));
    this.drawFoot();
    this.drawBlocks();
  }

  drawBlocks() {
    drawBlocks(this.blocks, this.view.blocks, this.surface, this.errors);
  }

  drawFoot() {
    const { submit, close } = this.view;
    const words = JSON.stringify([submit, close]);
    if (words === this.footWords) return;
    this.footWords = words;
    this.submitButton = submit && h('button', { type: 'submit', class: 'button primary', data: { testid: 'modal-submit' } }, h('span', { class: 'button-text' }, plainText(submit)));
    fill(this.foot, button({ class: 'button', data: { testid: 'modal-close' }, on: { click: () => this.owner.close() } }, plainText(close) || (submit ? 'Cancel' : 'Close')), this.submitButton);
  }

  /** save keeps what was typed on the server, so that a reload finds it. */
  save() {
    return api.act(this.user, 'state', { view_id: this.id, values: this.surface.values(this.view.blocks) }).catch(() => { /* sent again with the next letter */ });
  }

  async submit() {
    if (!this.submitButton || this.sending) return;
    this.sending = true;
    this.busy(true);
    fill(this.banner);
    const answer = await api.act(this.user, 'submit', { view_id: this.id, values: this.surface.values(this.view.blocks) }).catch((error) => ({ ok: false, error: error.message }));
    this.sending = false;
    this.busy(false);
    await this.owner.load();
    this.judge(answer);
  }

  judge(answer) {
    const errors = answer.errors ?? {};
    if (Object.keys(errors).length) {
      this.errors = errors;
      this.drawBlocks();
      this.toFirstError();
    } else if (answer.ok === false || answer.error) {
      fill(this.banner, errorLine(answer.error || TROUBLE));
      this.body.scrollTop = 0;
    } else if (Object.keys(this.errors).length === 0) fill(this.banner);
  }

  toFirstError() {
    const block = this.blocks.querySelector('.has-error');
    block?.scrollIntoView({ block: 'center' });
    (block && focusables(block)[0])?.focus({ preventScroll: true });
  }

  busy(is) {
    this.root.setAttribute('aria-busy', String(is));
    this.submitButton.classList.toggle('busy', is);
    // Not `disabled`: that would take the focus out of the dialog, and Escape with it.
    this.submitButton.setAttribute('aria-disabled', String(is));
  }

  key(event) {
    if (event.defaultPrevented) return;
    if (event.key === 'Escape') {
      event.preventDefault();
      this.owner.close();
    } else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.submit();
    } else if (event.key === 'Tab') this.keepInside(event);
  }

  // Tab goes round inside the dialog; F6 leads out to the tools of the page.
  keepInside(event) {
    const nodes = focusables(this.root);
    const edge = event.shiftKey ? nodes[0] : nodes.at(-1);
    if (document.activeElement !== edge && document.activeElement !== this.root) return;
    event.preventDefault();
    (event.shiftKey ? nodes.at(-1) : nodes[0])?.focus();
  }

  focusFirst() {
    const wanted = this.view.blocks.find((block) => block.element?.focus_on_load)?.block_id;
    const field = wanted ? this.blocks.querySelector(`[data-block-id="${CSS.escape(wanted)}"]`) : this.blocks;
    const first = focusables(field).find((node) => node.matches('input, textarea'));
    (first ?? this.root).focus({ preventScroll: true });
  }
}

/** mountModals keeps the layer in step with the person's stack of views. */
export function mountModals(layer, panes) {
  const shown = new Map(); // view id → ModalView
  const scrim = h('div', { class: 'modal-scrim' });
  const stage = h('div', { class: 'modal-stage' });
  layer.append(scrim, stage);
  let before = null; // who had the focus when the first modal opened
  let loading = 0;

  const owner = { load, close };

  async function load() {
    const user = store.user;
    const ticket = ++loading;
    const stack = await api.views(user).catch(() => null);
    if (stack && user === store.user && ticket === loading) draw(stack);
  }

  function draw(stack) {
    const was = top();
    const ids = new Set(stack.map((view) => view.id));
    for (const id of [...shown.keys()]) if (!ids.has(id)) shown.delete(id);
    stack.forEach((view, index) => {
      if (!shown.has(view.id)) shown.set(view.id, new ModalView(view, owner));
      shown.get(view.id).update(view, stack[index - 1]);
    });
    // The map keeps the order of arrival; the stack decides which is on top.
    const order = stack.map((view) => shown.get(view.id));
    patch(stage, order.map((modal) => ({ id: modal.id, stamp: '', make: () => modal.root })));
    order.forEach((modal, index) => (modal.root.hidden = index !== order.length - 1));
    cover(order.length > 0);
    const now = order.at(-1);
    if (now && now !== was) now.focusFirst();
  }

  const top = () => [...shown.values()].find((modal) => !modal.root.hidden && modal.root.isConnected);

  // Behind a modal the conversation rests; people, clock and backstage stay in reach.
  function cover(covered) {
    if (covered && layer.hidden) before = document.activeElement;
    const opened = layer.hidden === covered;
    layer.hidden = !covered;
    panes.inert = covered;
    document.body.classList.toggle('has-modal', covered);
    if (opened && !covered && before?.isConnected) before.focus({ preventScroll: true });
  }

  async function close({ all = false } = {}) {
    const modal = top();
    if (!modal) return;
    const clear = all && shown.size > 1;
    const answer = await api.act(modal.user, 'close', { view_id: modal.id, ...(clear ? { clear: true } : {}) }).catch((error) => ({ ok: false, error: error.message }));
    if (answer.ok === false) fill(modal.banner, errorLine(answer.error || TROUBLE));
    await load();
  }

  on('views', load);
  return {
    load,
    /** leave forgets the modals of the persona that was played; the server keeps them. */
    leave() {
      shown.forEach((modal) => modal.saveSoon.flush());
      shown.clear();
      draw([]);
    },
  };
}
