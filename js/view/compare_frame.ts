/** A chart with its title and what can be done with it: saved as a picture, taken to Python. */
import type { Chart } from '../plot/plotly';
import type { Context } from './compare_model';
import { h } from './dom';
import { copyText } from './table_dom';

interface Saver {
  save(format: 'png' | 'svg', file: string): Promise<void>;
}

/** The buttons of a chart that plotly draws. `python` gives the call that draws the same figure. */
export function chartTools(
  context: Context,
  name: string,
  chart: () => Chart | null,
  python: () => string,
): HTMLElement {
  return tools(context, name, { save: async (format, file) => chart()?.save(format, file) }, python);
}

/** The buttons of a chart that is an SVG of our own. */
export function svgTools(
  context: Context,
  name: string,
  svg: () => SVGSVGElement | null,
  python: () => string,
): HTMLElement {
  const save = async (format: 'png' | 'svg', file: string) => {
    const source = svg();
    if (!source) return;
    const text = new Blob([standalone(source)], { type: 'image/svg+xml' });
    download(format === 'svg' ? text : await painted(text, source), `${file}.${format}`);
  };
  return tools(context, name, { save }, python);
}

function tools(context: Context, name: string, saver: Saver, python: () => string): HTMLElement {
  const tool = (label: string, title: string, act: () => unknown) => {
    const button = h('button', { type: 'button', class: 'trk-tool', title, 'aria-label': `${title}: ${name}` }, label);
    button.addEventListener('click', () => void act());
    return button;
  };
  const file = name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '_').slice(0, 80) || 'chart';
  const node = h(
    'span',
    { class: 'trk-tools' },
    tool('PNG', 'Save as PNG', () => saver.save('png', file)),
    tool('SVG', 'Save as SVG', () => saver.save('svg', file)),
    tool('Python', 'Copy as Python', async () => {
      const copied = await copyText(python(), node);
      context.tell(copied ? 'Copied the Python call.' : 'This page may not use the clipboard.');
    }),
  );
  return node;
}

const STYLES = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'opacity', 'font', 'paint-order', 'display'];

/** The drawing with the looks that the page's style sheet gives it written into it. */
function standalone(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const [from, to] = [svg, copy].map(each => [each, ...each.querySelectorAll<SVGElement>('*')]);
  from!.forEach((element, i) => {
    const style = getComputedStyle(element);
    const looks = STYLES.map(name => `${name}:${style.getPropertyValue(name)}`);
    to![i]!.setAttribute('style', looks.join(';'));
  });
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return new XMLSerializer().serializeToString(copy);
}

async function painted(svg: Blob, source: SVGSVGElement): Promise<Blob> {
  const [width, height] = [source.clientWidth || 800, source.clientHeight || 300];
  const image = new Image(width, height);
  image.src = URL.createObjectURL(svg);
  await image.decode();
  const canvas = h('canvas', { width: 2 * width, height: 2 * height });
  canvas.getContext('2d')!.drawImage(image, 0, 0, 2 * width, 2 * height);
  URL.revokeObjectURL(image.src);
  return new Promise((resolve, reject) => {
    canvas.toBlob(blob => (blob ? resolve(blob) : reject(new Error('This browser painted nothing.'))));
  });
}

function download(blob: Blob, name: string): void {
  const link = h('a', { download: name, href: URL.createObjectURL(blob) });
  link.click();
  URL.revokeObjectURL(link.href);
}

/** `tracker.plots.NAME(runs, …)` over the runs that are seen; options that are '' are left out. */
export function pythonCall(
  context: Context,
  name: string,
  positional: readonly string[],
  options: Readonly<Record<string, string | number | boolean | undefined>> = {},
): string {
  const runs = context.visible().map(run => run.id);
  const written = (value: string | number | boolean) =>
    typeof value === 'boolean' ? (value ? 'True' : 'False') : JSON.stringify(value);
  const named = Object.entries(options).flatMap(([key, value]) =>
    value === undefined || value === '' || value === false || value === 0 ? [] : [`${key}=${written(value)}`],
  );
  const call = [JSON.stringify(runs), ...positional.map(written), ...named].join(', ');
  return `tracker.plots.${name}(${call})`;
}

export function plotFailed(node: HTMLElement): (error: unknown) => void {
  return error => {
    node.replaceChildren(h('p', { class: 'trk-empty' }, `The plotting library could not be loaded: ${String(error)}`));
  };
}
