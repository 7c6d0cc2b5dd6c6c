/** Menus in the browser's top layer, by the pattern that keyboards and screen readers know: arrows move, Escape leaves. */
import { h } from './dom';

export interface Item {
  readonly label: string;
  /** Shown at the end: a key, a value. */
  readonly detail?: string;
  /** For what can be on or off, or is one of several. */
  readonly checked?: boolean;
  readonly disabled?: boolean;
  readonly danger?: boolean;
  readonly act: () => void;
}

/** null separates, a string heads what follows. */
export type Entry = Item | string | null;

export class Menu {
  readonly popup = h('div', { class: 'popup menu', popover: 'auto', role: 'menu' });
  #back: HTMLElement | null = null;
  #chosen = false;

  constructor() {
    this.popup.addEventListener('keydown', event => this.#key(event));
    this.popup.addEventListener('toggle', event => {
      if ((event as ToggleEvent).newState === 'closed' && !this.#chosen) this.#back?.focus({ preventScroll: true });
    });
  }

  /** Opens at a place in the window; the focus goes back to `back` when it is left. */
  open(
    label: string,
    entries: readonly Entry[],
    at: { readonly x: number; readonly y: number },
    back: HTMLElement | null,
  ): void {
    this.#back = back;
    this.#chosen = false;
    this.popup.setAttribute('aria-label', label);
    this.popup.replaceChildren(...entries.map(entry => this.#node(entry)));
    if (!this.popup.matches(':popover-open')) this.popup.showPopover();
    const { offsetWidth: width, offsetHeight: height } = this.popup;
    const top = at.y + height > window.innerHeight - 4 ? Math.max(4, window.innerHeight - height - 4) : at.y;
    this.popup.style.left = `${Math.max(4, Math.min(at.x, window.innerWidth - width - 4))}px`;
    this.popup.style.top = `${top}px`;
    this.#items()[0]?.focus();
  }

  openBelow(label: string, entries: readonly Entry[], anchor: HTMLElement): void {
    const box = anchor.getBoundingClientRect();
    this.open(label, entries, { x: box.left, y: box.bottom + 4 }, anchor);
  }

  close(): void {
    if (this.popup.matches(':popover-open')) this.popup.hidePopover();
  }

  #node(entry: Entry): HTMLElement {
    if (entry === null) return h('hr', { role: 'separator' });
    if (typeof entry === 'string') return h('h4', { role: 'presentation' }, entry);
    const { label, detail, checked, disabled, danger, act } = entry;
    const role = checked === undefined ? 'menuitem' : 'menuitemcheckbox';
    const button = h(
      'button',
      {
        type: 'button',
        role,
        tabindex: -1,
        'aria-checked': checked === undefined ? null : String(checked),
        'aria-disabled': disabled ? 'true' : null,
        class: danger ? 'danger' : null,
      },
      h('span', { dir: 'auto' }, label),
      detail && h('small', { dir: 'auto' }, detail),
    );
    button.addEventListener('click', () => {
      if (disabled) return;
      this.#chosen = true;
      this.close();
      this.#back?.focus({ preventScroll: true });
      act();
    });
    return button;
  }

  #items(): HTMLElement[] {
    return [...this.popup.querySelectorAll<HTMLElement>('button')];
  }

  #key(event: KeyboardEvent): void {
    event.stopPropagation();
    const items = this.#items();
    const at = items.indexOf((this.popup.getRootNode() as ShadowRoot).activeElement as HTMLElement);
    const to =
      event.key === 'ArrowDown'
        ? (at + 1) % items.length
        : event.key === 'ArrowUp'
          ? (at - 1 + items.length) % items.length
          : event.key === 'Home'
            ? 0
            : event.key === 'End'
              ? items.length - 1
              : -1;
    if (to >= 0) items[to]?.focus();
    else if (event.key === 'Escape' || event.key === 'Tab') this.close();
    else return;
    event.preventDefault();
  }
}
