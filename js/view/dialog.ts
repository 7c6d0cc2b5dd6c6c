/** A small form in the browser's top layer: a few named texts, and one thing to do with them. */
import { h } from './dom';

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly long?: boolean;
  /** How the text will look: shown below it while it is written. */
  readonly preview?: (text: string) => Node;
  readonly offers?: readonly string[];
}

export class Dialog {
  readonly popup = h('form', { class: 'popup dialog', popover: 'auto', role: 'dialog' });
  #back: HTMLElement | null = null;

  constructor() {
    this.popup.addEventListener('keydown', event => {
      event.stopPropagation();
      if (event.key === 'Escape') this.close();
      const sends = event.key === 'Enter' && (event.ctrlKey || event.metaKey);
      if (sends) this.popup.requestSubmit();
    });
    this.popup.addEventListener('toggle', event => {
      if ((event as ToggleEvent).newState === 'closed') this.#back?.focus({ preventScroll: true });
    });
  }

  /** Asks for the fields; `done` gets them by name. */
  open(
    title: string,
    fields: readonly Field[],
    action: string,
    near: { readonly x: number; readonly y: number },
    back: HTMLElement | null,
    done: (values: Readonly<Record<string, string>>) => void,
  ): void {
    this.#back = back;
    const inputs = fields.map(field => [field.name, inputFor(field)] as const);
    const cancel = h('button', { type: 'button' }, 'Cancel');
    cancel.addEventListener('click', () => this.close());
    this.popup.setAttribute('aria-label', title);
    this.popup.replaceChildren(
      h('h3', { dir: 'auto' }, title),
      ...fields.map((field, i) => h('label', {}, h('span', {}, field.label), ...inputs[i]![1])),
      h('footer', {}, cancel, h('button', { type: 'submit', class: 'primary' }, action)),
    );
    this.popup.onsubmit = event => {
      event.preventDefault();
      const values = Object.fromEntries(inputs.map(([name, [input]]) => [name, (input as HTMLInputElement).value]));
      this.close();
      done(values);
    };
    if (!this.popup.matches(':popover-open')) this.popup.showPopover();
    const { offsetWidth: width, offsetHeight: height } = this.popup;
    this.popup.style.left = `${Math.max(4, Math.min(near.x, window.innerWidth - width - 4))}px`;
    this.popup.style.top = `${Math.max(4, Math.min(near.y, window.innerHeight - height - 4))}px`;
    const first = inputs[0]?.[1][0] as HTMLInputElement | undefined;
    first?.focus();
    first?.select();
  }

  close(): void {
    if (this.popup.matches(':popover-open')) this.popup.hidePopover();
  }
}

let lists = 0;

function inputFor(field: Field): HTMLElement[] {
  if (field.long) {
    const area = h('textarea', { class: 'find', rows: 5, dir: 'auto' });
    area.value = field.value;
    if (!field.preview) return [area];
    const shown = h('div', { class: 'preview', 'aria-label': 'Preview' });
    const draw = () => shown.replaceChildren(...(area.value.trim() ? [field.preview!(area.value)] : []));
    area.addEventListener('input', draw);
    draw();
    return [area, shown];
  }
  const input = h('input', { class: 'find', type: 'text', dir: 'auto', autocomplete: 'off' });
  input.value = field.value;
  if (!field.offers?.length) return [input];
  const id = `trk-offers-${lists++}`;
  input.setAttribute('list', id);
  return [input, h('datalist', { id }, ...field.offers.slice(0, 200).map(value => h('option', { value })))];
}
