/** The place below a table where a run of it is shown in full. */
import type { Dispose } from '../core/types';
import { h } from './dom';
import { sentence } from './run_parts';

export interface RunPane {
  readonly node: HTMLElement;
  /** Shows this run, in place of the one before. */
  open(run: string): void;
  close(): void;
}

/** `make` draws a run into an element, once what it needs has come; `closed` is to be called when a person closes it. */
export function runPane(make: (root: HTMLElement, run: string, closed: () => void) => Promise<Dispose>): RunPane {
  const node = h('div', { class: 'trk-pane' });
  let dispose: Dispose = () => {};
  let turn = 0;
  let back: Element | null = null;
  const clear = () => {
    turn++;
    dispose();
    dispose = () => {};
    node.replaceChildren();
  };
  const closed = () => {
    clear();
    if (back instanceof HTMLElement) back.focus({ preventScroll: true });
  };
  return {
    node,
    async open(run) {
      clear();
      const mine = turn;
      back = focused();
      const waiting = h('p', { role: 'status' }, 'Waiting for the run …');
      node.append(waiting);
      try {
        const root = h('div', {});
        const made = await make(root, run, closed);
        if (mine !== turn) {
          made();
          return;
        }
        dispose = made;
        node.replaceChildren(root);
        node.scrollIntoView({ block: 'nearest' });
      } catch (error) {
        if (mine === turn) waiting.textContent = sentence(error);
      }
    },
    close: clear,
  };
}

/** What has the focus, in whatever shadow. */
function focused(): Element | null {
  let found = document.activeElement;
  while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
  return found;
}
