/** A view's place in a page: a shadow of its own, whose styles and keys do not reach what stands around it. */
import type { Dispose } from '../core/types';
import { themeStyle } from '../style/theme';
import { h } from './dom';
import { followTheme } from './theme';

/** What a view draws, and how it ends. */
export interface Pane {
  readonly node: HTMLElement;
  dispose(): void;
}

/** Shows `pane` in `root` as `trk-<name>`, in `style` and the page's theme; what comes back takes it away again. */
export function inShadow(root: HTMLElement, name: string, style: string, pane: Pane): Dispose {
  const host = h('div', { class: `trk-${name}`, 'data-lm-suppress-shortcuts': 'true' });
  const shadow = host.attachShadow({ mode: 'open' });
  root.append(host);
  shadow.append(h('style', {}, themeStyle + style), pane.node);
  shadow.addEventListener('keydown', event => event.stopPropagation());
  const stopTheme = followTheme(host);
  return () => {
    pane.dispose();
    stopTheme();
    host.remove();
  };
}
