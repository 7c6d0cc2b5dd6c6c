/** Is the page dark where a view stands? Told by the colour of the text there, which every front end sets. */
import type { Dispose } from '../core/types';

const MARKS = [
  'class',
  'style',
  'theme',
  'data-theme',
  'data-jp-theme-name',
  'data-jp-theme-light',
  'data-vscode-theme-id',
];

/** Keeps `data-trk-theme` on `host` as the page's theme goes, and calls back when it has changed. */
export function followTheme(host: HTMLElement, changed: () => void = () => {}): Dispose {
  const apply = () => {
    const theme = isDark(host) ? 'dark' : 'light';
    const seen = `${theme} ${getComputedStyle(host).getPropertyValue('--jp-layout-color1')}`;
    if (host.dataset['trkSeen'] === seen) return;
    const first = host.dataset['trkSeen'] === undefined;
    host.dataset['trkSeen'] = seen;
    host.dataset['trkTheme'] = theme;
    if (!first) changed();
  };
  const marks = new MutationObserver(() => requestAnimationFrame(apply));
  for (const element of [document.documentElement, document.body]) {
    marks.observe(element, { attributes: true, attributeFilter: MARKS });
  }
  const system = window.matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', apply);
  const shown = new ResizeObserver(apply);
  shown.observe(host);
  apply();
  return () => {
    marks.disconnect();
    shown.disconnect();
    system.removeEventListener('change', apply);
  };
}

function isDark(host: HTMLElement): boolean {
  const color = getComputedStyle(host.parentElement ?? host).color;
  const [red = 0, green = 0, blue = 0] = (color.match(/[\d.]+/g) ?? []).map(Number);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 127;
}
