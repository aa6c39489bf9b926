// Modals: a stack of views with the top one in front. Everything typed is kept
// while its field is there, through updates, pushes, errors and reloads.
import { h, button, iconButton, patch, fill, debounce, entry, focusables, uid } from './dom.js';
import { api } from './api.js';
import { avatar } from './persona.js';
import { drawBlocks, showError } from './blocks.js';
import { Surface } from './surface.js';
import { plainText, errorLine } from './notice.js';
import { store, on } from './state.js';

const KEEP_MS = 300;
const TROUBLE = 'We had some trouble connecting. Try again?';

/** ModalView is one view of the stack on screen. */
class ModalView {
  constructor(view, owner) {
    // The person is noted, because what they typed is still being kept while somebody else is played.
    Object.assign(this, { id: view.id, owner, view, user: store.user, errors: {}, mended: new Set() });
    this.saveSoon = debounce(() => this.save(), KEEP_MS);
    this.surface = new Surface('modal', { view_id: view.id }, { onChange: (blockId) => this.changed(blockId) });
    this.titleId = uid('title');
    this.title = h('h2', { id: this.titleId, class: 'modal-title', dir: 'auto' });
    this.back = h('span');
    this.banner = h('div', { class: 'modal-banner' });
    this.blocks = h('div', { class: 'blocks' });
    this.foot = h('div', { class: 'modal-foot' });
    const close = iconButton('close', 'Close', () => owner.close({ all: true }), { data: { testid: 'modal-x' } });
    const head = h(
      'div',
      { class: 'modal-head' },
      this.back,
      avatar({ id: store.data.app.bot_user }, 'small'),
      this.title,
      close,
    );
    this.body = h('div', { class: 'modal-body' }, this.banner, this.blocks);
    const form = h('form', { class: 'modal-form', novalidate: true }, head, this.body, this.foot);
    this.root = h(
      'section',
      {
        class: 'modal',
        role: 'dialog',
        'aria-modal': 'true',
        'aria-labelledby': this.titleId,
        tabindex: '-1',
        data: { testid: 'modal', viewId: view.id },
      },
      form,
    );
    form.addEventListener('submit', (event) => (event.preventDefault(), this.submit()));
    this.root.addEventListener('keydown', (event) => this.key(event));
  }

  /** update takes over what the server has; typed values stay where their field stays. */
  update(view, below) {
    this.view = view;
    this.complain(view.errors);
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
    this.submitButton =
      submit &&
      h(
        'button',
        { type: 'submit', class: 'button primary', data: { testid: 'modal-submit' } },
        h('span', { class: 'button-text' }, plainText(submit)),
      );
    fill(
      this.foot,
      button(
        { class: 'button', data: { testid: 'modal-close' }, on: { click: () => this.owner.close() } },
        plainText(close) || (submit ? 'Cancel' : 'Close'),
      ),
      this.submitButton,
    );
  }

  // A complaint goes as soon as its field is touched; the next try judges anew.
  changed(blockId) {
    this.mended.add(blockId);
    const node = this.blocks.querySelector(`:scope > .block-input[data-block-id="${CSS.escape(blockId)}"]`);
    if (node) showError(node, null);
    this.saveSoon();
  }

  complain(errors) {
    this.errors = Object.fromEntries(Object.entries(errors ?? {}).filter(([blockId]) => !this.mended.has(blockId)));
  }

  /** save keeps what was typed on the server, so that a reload finds it. */
  save() {
    return api.act(this.user, 'state', { view_id: this.id, values: this.surface.values(this.view.blocks) });
  }

  async submit() {
    if (!this.submitButton || this.sending) return;
    this.sending = true;
    this.mended.clear();
    this.busy(true);
    fill(this.banner);
    const answer = await api.act(this.user, 'submit', { view_id: this.id, values: this.surface.values(this.view.blocks) });
    this.sending = false;
    this.busy(false);
    await this.owner.load();
    this.judge(answer);
  }

  judge(answer) {
    const errors = answer.errors ?? {};
    if (Object.keys(errors).length) {
      this.complain(errors);
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
    (block && entry(block))?.focus({ preventScroll: true });
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

/** Modals keeps the layer in step with the stack of views of the person played. */
export class Modals {
  constructor(layer, panes) {
    Object.assign(this, { layer, panes, shown: new Map(), before: null, loading: 0 });
    this.stage = h('div', { class: 'modal-stage' });
    layer.append(h('div', { class: 'modal-scrim' }), this.stage);
    on('views', () => this.load());
    // A button that a new drawing took away takes the focus with it; Escape and the other keys still mean the form.
    document.addEventListener('keydown', (event) => document.activeElement === document.body && this.top?.key(event));
  }

  async load() {
    const user = store.user;
    const ticket = ++this.loading;
    const stack = await api.views(user).catch(() => null);
    if (stack && user === store.user && ticket === this.loading) this.draw(stack);
  }

  get top() {
    return [...this.shown.values()].find((modal) => !modal.root.hidden && modal.root.isConnected);
  }

  draw(stack) {
    const was = this.top;
    const ids = new Set(stack.map((view) => view.id));
    for (const id of [...this.shown.keys()]) if (!ids.has(id)) this.shown.delete(id);
    const order = stack.map((view, index) => this.modalFor(view, stack[index - 1]));
    patch(
      this.stage,
      order.map((modal) => ({ id: modal.id, stamp: '', make: () => modal.root })),
    );
    order.forEach((modal, index) => (modal.root.hidden = index !== order.length - 1));
    this.cover(order.length > 0);
    if (order.length && order.at(-1) !== was) order.at(-1).focusFirst();
  }

  modalFor(view, below) {
    if (!this.shown.has(view.id)) this.shown.set(view.id, new ModalView(view, this));
    const modal = this.shown.get(view.id);
    modal.update(view, below);
    return modal;
  }

  // Behind a modal the conversation rests; people, clock and backstage stay in reach.
  cover(covered) {
    if (covered && this.layer.hidden) this.before = document.activeElement;
    const uncovered = !covered && !this.layer.hidden;
    this.layer.hidden = !covered;
    this.panes.inert = covered;
    document.body.classList.toggle('has-modal', covered);
    if (uncovered && this.before?.isConnected) this.before.focus({ preventScroll: true });
  }

  async close({ all = false } = {}) {
    const modal = this.top;
    if (!modal) return;
    const clear = all && this.shown.size > 1 ? { clear: true } : {};
    const answer = await api.act(modal.user, 'close', { view_id: modal.id, ...clear });
    if (answer.ok === false) fill(modal.banner, errorLine(answer.error || TROUBLE));
    await this.load();
  }

  /** leave takes the modals of the person off the screen; the server keeps them, with all that was typed. */
  leave() {
    this.shown.forEach((modal) => modal.saveSoon.flush());
    this.shown.clear();
    this.draw([]);
  }
}
