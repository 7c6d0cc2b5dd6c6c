/** The kinds of files that have a form: pictures, sound, JSON, pages, plotly's figures, notebooks. */

import { plainText } from '../core/plain';
import { plainFigure } from '../core/plain_figure';
import type { NotebookCell } from '../core/run';
import type { Dispose } from '../core/types';
import { Chart, type PlotlyLike } from '../plot/plotly';
import { h } from './dom';
import { markdown } from './markdown';
import { copyOf } from './run_download';
import { actionButton, codeBlock, sentence } from './run_parts';

/** A picture, a drawing, a sound or a film. An <img> runs nothing and asks for nothing, whatever an SVG holds. */
export function mediaOf(
  kind: 'image' | 'svg' | 'audio' | 'video',
  mime: string,
  bytes: DataView,
  path: string,
  stops: Dispose[],
): HTMLElement {
  const url = URL.createObjectURL(new Blob([copyOf(bytes)], { type: mime }));
  stops.push(() => URL.revokeObjectURL(url));
  const failed = h('p', { class: 'trk-none', hidden: true }, 'This file is damaged: it cannot be shown.');
  const media =
    kind === 'audio' || kind === 'video'
      ? h(kind, { controls: true, src: url, 'aria-label': path })
      : h('img', { src: url, alt: path });
  media.addEventListener('error', () => {
    failed.hidden = false;
    media.hidden = true;
  });
  return h('div', { class: 'trk-media' }, media, failed);
}

const PAGE = `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:"><base target="_blank">`;

/** A page in a frame without scripts, forms, or a way out; it can ask for nothing. */
export function page(text: string, path: string): HTMLElement {
  const frame = h('iframe', { sandbox: '', title: path, class: 'trk-page', referrerpolicy: 'no-referrer' });
  frame.setAttribute('srcdoc', PAGE + quiet(text));
  const said = h('p', { class: 'trk-dim' }, 'Shown without its scripts, and without what lies elsewhere.');
  return h('div', {}, said, frame);
}

/** One of plotly's figures, with what it would fetch or style taken out. */
export function figure(text: string, load: (() => Promise<PlotlyLike>) | null, stops: Dispose[]): HTMLElement {
  let parsed: ReturnType<typeof plainFigure> = null;
  try {
    parsed = plainFigure(JSON.parse(text));
  } catch {
    // shown as text
  }
  if (!parsed || !load) return jsonTree(text);
  const node = h('div', { class: 'trk-plot trk-large' });
  const frame = h('div', {}, node);
  const chart = new Chart(node, load);
  stops.push(() => chart.close());
  const draw = () =>
    chart.draw(parsed).catch((error: unknown) => {
      frame.replaceChildren(h('p', { class: 'trk-none' }, `plotly cannot draw it: ${sentence(error)}`), jsonTree(text));
    });
  requestAnimationFrame(() => void draw());
  return frame;
}

export function notebook(cells: readonly NotebookCell[], total: number): HTMLElement {
  const rest = total - cells.length;
  const shown = cells.map(cell => {
    const isText = cell.type === 'markdown';
    const source = isText ? markdown(cell.source) : codeBlock(cell.source, 'Cell');
    const mark = h('span', { class: 'trk-count' }, cell.type === 'code' ? `[${cell.count ?? ' '}]` : '');
    const outputs = cell.outputs.map(output => {
      if (output.data) return h('img', { src: `data:${output.mime};base64,${output.data}`, alt: 'Output' });
      return output.text ? codeBlock(plainText(output.text), 'Output', true) : null;
    });
    return h('div', { class: 'trk-cell' }, mark, h('div', {}, source, ...outputs));
  });
  return h('div', {}, ...shown, rest > 0 && h('p', { class: 'trk-dim' }, `and ${rest} more cells`));
}

const ACTIVE = 'script, iframe, frame, object, embed, link, meta, base, form, audio, video, source, track';

/** The page without what the frame would refuse anyway, so that it need not say so in the console. */
function quiet(text: string): string {
  const parsed = new DOMParser().parseFromString(text, 'text/html');
  for (const node of parsed.querySelectorAll(ACTIVE)) node.remove();
  for (const style of parsed.querySelectorAll('style')) style.textContent = quietStyle(style.textContent ?? '');
  for (const node of parsed.querySelectorAll('*')) {
    for (const { name, value } of [...node.attributes]) {
      if (name === 'style') node.setAttribute(name, quietStyle(value));
      const asks =
        ['src', 'srcset', 'background', 'xlink:href', 'poster'].includes(name) && !/^data:image\//i.test(value);
      if (asks || name.startsWith('on')) node.removeAttribute(name);
    }
  }
  return parsed.documentElement.outerHTML;
}

function quietStyle(css: string): string {
  return css.replace(/@import\b[^;]*;?/gi, '').replace(/url\((?!\s*["']?data:)[^)]*\)/gi, 'none');
}

// -- JSON

const AT_ONCE = 200;

/** JSON as a tree whose branches are made when they are opened; text that is none as it stands. */
export function jsonTree(text: string): HTMLElement {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return codeBlock(text, 'JSON', true);
  }
  return loggedTable(value) ?? h('ul', { class: 'trk-json' }, branch('', value, true));
}

/** JSON in the form that log_table writes: columns, and data in rows. */
function loggedTable(value: unknown): HTMLElement | null {
  const { columns, data } = (value ?? {}) as { readonly columns?: unknown; readonly data?: unknown };
  if (!Array.isArray(columns) || !Array.isArray(data) || !data.every(Array.isArray)) return null;
  const cell = (each: unknown) => h('td', { dir: 'auto' }, typeof each === 'string' ? each : JSON.stringify(each));
  const rows = data.slice(0, AT_ONCE).map((row: unknown[]) => h('tr', {}, ...row.slice(0, AT_ONCE).map(cell)));
  const head = h('tr', {}, ...columns.slice(0, AT_ONCE).map(name => h('th', { scope: 'col' }, String(name))));
  const rest = data.length - rows.length;
  const table = h('table', {}, h('thead', {}, head), h('tbody', {}, ...rows));
  const frame = h('div', { class: 'trk-rows', tabindex: 0, 'aria-label': 'Rows' }, table);
  return h('div', {}, frame, rest > 0 && h('p', { class: 'trk-dim' }, `and ${rest} more rows`));
}

function branch(key: string, value: unknown, open = false): HTMLElement {
  const name = key === '' ? null : h('span', { class: 'trk-k', dir: 'auto' }, `${key}: `);
  if (typeof value !== 'object' || value === null) {
    const text = typeof value === 'string' ? `“${value}”` : String(value);
    return h('li', { 'data-type': value === null ? 'null' : typeof value }, name, h('span', { dir: 'auto' }, text));
  }
  const isList = Array.isArray(value);
  const count = isList ? value.length : Object.keys(value).length;
  const brief = isList ? `[${count}]` : `{${count}}`;
  if (count === 0) return h('li', {}, name, h('span', { class: 'trk-dim' }, brief));
  const list = h('ul', {});
  const details = h('details', {}, h('summary', {}, name, h('span', { class: 'trk-dim' }, brief)), list);
  const fill = () => {
    if (list.childElementCount > 0) return;
    more(list, Object.entries(value), 0);
  };
  details.addEventListener('toggle', () => details.open && fill());
  if (open) {
    details.open = true;
    fill();
  }
  return h('li', {}, details);
}

function more(list: HTMLElement, entries: readonly [string, unknown][], from: number): void {
  list.append(...entries.slice(from, from + AT_ONCE).map(([key, value]) => branch(key, value)));
  const rest = entries.length - from - AT_ONCE;
  if (rest <= 0) return;
  const button = actionButton(`${rest} more`, () => {
    button.parentElement?.remove();
    more(list, entries, from + AT_ONCE);
  });
  list.append(h('li', {}, button));
}
