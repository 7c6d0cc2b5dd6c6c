/** Elements without markup: text always arrives as text. */

type Child = Node | string | null | undefined | false;
type Props = Readonly<Record<string, string | number | boolean | null | undefined>>;

const SVG = 'http://www.w3.org/2000/svg';

let nonce = '';

/** From now on styles carry this word, by which a page with a strict policy knows its own. */
export function useNonce(word: string): void {
  nonce = word;
}

/** An HTML element with these attributes (null, undefined and false are left out) and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return filled(document.createElement(tag), props, children);
}

/** The same for SVG. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return filled(document.createElementNS(SVG, tag) as SVGElementTagNameMap[K], props, children);
}

function filled<E extends Element>(element: E, props: Props, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'style') (element as unknown as HTMLElement).style.cssText = String(value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  if (nonce && element instanceof HTMLStyleElement) element.nonce = nonce;
  element.append(...children.filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

/** Sets the text only where it differs, so that nothing flickers and a selection survives. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** An element's `key` → child, made on first need and kept after: what is still wanted stays the same node. */
export function keyed<T, E extends Element>(
  parent: Element,
  items: readonly T[],
  key: (item: T) => string,
  make: (item: T) => E,
  update: (element: E, item: T) => void,
): void {
  const known = new Map([...parent.children].map(child => [child.getAttribute('data-key') ?? '', child as E]));
  items.forEach((item, position) => {
    const id = key(item);
    let element = known.get(id);
    if (!element) {
      element = make(item);
      element.setAttribute('data-key', id);
    }
    known.delete(id);
    update(element, item);
    const there = parent.children[position];
    if (there !== element) parent.insertBefore(element, there ?? null);
  });
  for (const gone of known.values()) gone.remove();
}
