// F6 and Shift+F6 walk through the regions of the page, as in the chat tool
// people know; from an open modal they lead to the tools around the workspace.
import { focusables } from './dom.js';
import { announce } from './notice.js';

export function mountRegions() {
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'F6') return;
    event.preventDefault();
    const regions = [...document.querySelectorAll('[data-region], [role="dialog"]')].filter(
      (node) => !node.hidden && node.getClientRects().length && !node.closest('[inert]'),
    );
    const at = regions.findIndex((node) => node.contains(document.activeElement));
    const next = regions[(at + (event.shiftKey ? -1 : 1) + regions.length) % regions.length];
    const inside = next.querySelector('[aria-current="page"], [aria-pressed="true"], textarea') ?? focusables(next)[0];
    (inside ?? next).focus();
    announce(next.dataset.region ?? next.getAttribute('aria-label') ?? '');
  });
}
