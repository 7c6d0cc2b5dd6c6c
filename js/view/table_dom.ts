/** The parts that the table's toolbar is made of. */
import { h } from './dom';

/** A button that does `action`. */
export function button(
  label: string,
  attributes: Parameters<typeof h>[1],
  action: (event: MouseEvent) => void,
): HTMLButtonElement {
  const element = h('button', { type: 'button', ...attributes }, label);
  element.addEventListener('click', action);
  return element;
}

/** Shows `popup` in the browser's top layer, where no cell's output area cuts it, below `anchor` or above it. */
export function openBelow(popup: HTMLElement, anchor: HTMLElement): void {
  if (!popup.matches(':popover-open')) popup.showPopover();
  const box = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popup;
  const below = box.bottom + 4;
  const top = below + height > window.innerHeight && box.top - height - 4 > 0 ? box.top - height - 4 : below;
  popup.style.left = `${Math.max(4, Math.min(box.left, window.innerWidth - width - 4))}px`;
  popup.style.top = `${top}px`;
}

export function close(popup: HTMLElement): void {
  if (popup.matches(':popover-open')) popup.hidePopover();
}

/** Puts text on the clipboard; the older way serves pages that are not allowed the newer. */
export async function copyText(text: string, near: Node): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = h('textarea', { style: 'position:fixed;opacity:0' });
    area.value = text;
    near.appendChild(area);
    area.select();
    const copied = document.execCommand('copy');
    area.remove();
    return copied;
  }
}
