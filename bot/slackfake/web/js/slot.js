// The place of one element: which surface and block it stands in, what it
// holds, and how its acts are sent.
import { confirmed, errorLine, plainText, toast } from './notice.js';

/** Slot is the place of one element: it reads and keeps its value, and sends its acts. */
export class Slot {
  constructor(surface, block, el, { inputId, labelId } = {}) {
    Object.assign(this, { surface, block, el, inputId, labelId });
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
    const failed = await this.surface.click(this.block, this.el, value);
    node.classList.remove('busy');
    node.removeAttribute('aria-busy');
    if (failed && block.isConnected) block.append(errorLine(failed));
    // The place was left or redrawn meanwhile; the words must not be lost with it.
    else if (failed) toast(failed, { tone: 'error' });
  }

  /** naming ties a control to its label, or names it by its placeholder where it stands alone. */
  get naming() {
    const label = this.labelId
      ? null
      : plainText(this.el.placeholder) || this.el.accessibility_label || plainText(this.block.text) || this.el.action_id;
    return { 'aria-labelledby': this.labelId, 'aria-label': label };
  }
}
