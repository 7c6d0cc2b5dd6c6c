/** Labelled controls, the browser's own: keyboards and screen readers know them. */
import { h } from './dom';

export type Option = readonly [value: string, text: string];

export function select(options: readonly Option[], value: string, changed: (value: string) => void): HTMLSelectElement {
  const node = h('select', { class: 'trk-select' });
  fillSelect(node, options, value);
  node.addEventListener('change', () => changed(node.value));
  return node;
}

/** Other options in place, the choice kept at `value`. */
export function fillSelect(node: HTMLSelectElement, options: readonly Option[], value: string): void {
  node.replaceChildren(...options.map(([id, text]) => h('option', { value: id }, text)));
  node.value = value;
}

export function field(label: string, ...controls: Node[]): HTMLElement {
  return h('label', { class: 'trk-field' }, h('span', {}, label), ...controls);
}

export function toggle(label: string, on: boolean, changed: (on: boolean) => void): HTMLElement {
  const box = h('input', { type: 'checkbox' });
  box.checked = on;
  box.addEventListener('change', () => changed(box.checked));
  return h('label', { class: 'trk-field' }, box, h('span', {}, label));
}

/** A slider with its value written beside it. */
export function numberField(
  range: { readonly min: number; readonly max: number; readonly step: number },
  start: number,
  changed: (value: number) => void,
): { node: HTMLInputElement; value: HTMLElement } {
  const node = h('input', { type: 'range', class: 'trk-range', ...range });
  node.value = String(start);
  const value = h('output', {}, start.toFixed(2));
  node.addEventListener('input', () => {
    value.textContent = node.valueAsNumber.toFixed(2);
    changed(node.valueAsNumber);
  });
  return { node, value };
}
