/** The pieces of the run card. Each makes its elements once and is told of every new state of the run. */
import { jsonNumber } from '../core/columns';
import { formatBytes, formatCount, formatNumber, plural } from '../core/format';
import { plainText } from '../core/plain';
import type { JsonCurve, RunCard } from '../core/types';
import { drawSparkline, makeSparkline } from '../plot/sparkline';
import { h, keyed, setText } from './dom';

export interface Part {
  readonly node: HTMLElement;
  update(run: RunCard): void;
}

const CHIPS = 12;

/** Parameters, then tags, as key=value chips; more than a dozen wait behind a button. */
export function pairs(): Part {
  const list = h('ul', { class: 'pairs', 'aria-label': 'Parameters and tags' });
  const more = h('button', { class: 'more', type: 'button' });
  const node = h('div', {}, list);
  let all = false;
  let shown = '';
  let run: RunCard | null = null;
  more.addEventListener('click', () => {
    all = !all;
    if (run) draw(run);
    more.focus();
  });
  const draw = (now: RunCard) => {
    const chips = [...now.params.map(pair => chip(pair, '')), ...now.tags.map(pair => chip(pair, 'tag'))];
    const rest = chips.length - CHIPS;
    const folds = rest > 1;
    setText(more, all ? 'fewer' : `+${rest} more`);
    more.setAttribute('aria-expanded', String(all));
    list.replaceChildren(...(folds && !all ? chips.slice(0, CHIPS) : chips), ...(folds ? [h('li', {}, more)] : []));
    node.hidden = chips.length === 0;
  };
  return {
    node,
    update(now) {
      run = now;
      const state = JSON.stringify([now.params, now.tags]);
      if (state === shown) return;
      shown = state;
      draw(now);
    },
  };
}

function chip(pair: { readonly key: string; readonly value: string }, kind: string): HTMLElement {
  return h(
    'li',
    { class: kind || null, title: `${pair.key} = ${pair.value}` },
    h('span', { class: 'k' }, pair.key),
    h('span', { class: 'v' }, pair.value),
  );
}

/** One tile a metric: its last value, large, above its curve. */
export function metrics(): Part {
  const node = h('ul', { class: 'metrics', 'aria-label': 'Metrics' });
  return {
    node,
    update(run) {
      const curves = new Map(run.curves.map(curve => [curve.key, curve]));
      node.hidden = run.metrics.length === 0;
      keyed(
        node,
        run.metrics,
        metric => metric.key,
        makeTile,
        (tile, metric) => {
          updateTile(tile, metric, curves.get(metric.key));
        },
      );
    },
  };
}

function makeTile(metric: RunCard['metrics'][number]): HTMLElement {
  const name = h('div', { class: 'k', title: metric.key, dir: 'auto' }, metric.key);
  const tile = h(
    'li',
    { class: 'tile' },
    name,
    h('div', { class: 'now' }, h('span', { class: 'v' }), h('span', { class: 'step' })),
  );
  tile.append(makeSparkline());
  return tile;
}

function updateTile(tile: HTMLElement, metric: RunCard['metrics'][number], curve: JsonCurve | undefined): void {
  const [number, step] = [...tile.children[1]!.children];
  const value = jsonNumber(metric.value);
  setText(number!, metric.value === null ? '–' : formatNumber(value));
  number!.setAttribute('title', String(metric.value));
  setText(step!, metric.points > 1 && metric.step !== null ? `step ${formatCount(metric.step)}` : '');
  const x = Float64Array.from(curve?.step ?? []);
  const y = Float64Array.from(curve?.value ?? [], jsonNumber);
  const drawn = drawSparkline(tile.children[2] as SVGSVGElement, metric.key, x, y);
  tile.classList.toggle('flat', !drawn);
}

/** Sentences that the person should know of. */
export const notices = (): Part => sentences('notices', run => run.notices);

/** Sentences that tell something of the run without being a fault. */
export const remarks = (): Part => sentences('remarks', run => run.remarks ?? []);

/** What the run was made by and from, in one line. */
export function origins(): Part {
  const node = h('p', { class: 'origins' });
  return {
    node,
    update(run) {
      const told = [run.slice ? `made by ${run.slice}` : '', run.inputs?.length ? `read ${run.inputs.join(', ')}` : ''];
      const line = told.filter(Boolean).join(' · ');
      node.hidden = line === '';
      setText(node, line);
    },
  };
}

function sentences(kind: string, of: (run: RunCard) => readonly string[]): Part {
  const node = h('ul', { class: kind, role: 'status' });
  return {
    node,
    update(run) {
      const told = of(run);
      node.hidden = told.length === 0;
      keyed(
        node,
        told,
        text => text,
        text => h('li', {}, text),
        () => {},
      );
    },
  };
}

/** The foldable texts: what they hold may grow, whether they are open is the person's. */
export function folds(): Part {
  const traceback = textFold('Traceback', 'traceback', errorLine);
  const output = textFold('Output', 'output');
  const source = textFold('Source', 'source');
  const files = filesFold();
  const node = h('div', { class: 'folds' }, traceback.node, output.node, source.node, files.node);
  return {
    node,
    update(run) {
      traceback.update(run.traceback);
      output.update(run.output);
      source.update(run.source);
      files.update(run);
    },
  };
}

/** The line of a traceback that names the error: the first after its last frame that is not indented. */
function errorLine(text: string): string {
  const lines = plainText(text).trimEnd().split('\n');
  const frame = lines.findLastIndex(line => /^\s+File "?/.test(line));
  return lines.slice(frame + 1).find(line => /^\S/.test(line)) ?? lines.at(-1) ?? '';
}

/** `gist` says in a line what the folded text is about. */
function textFold(
  title: string,
  kind: string,
  gist: (text: string) => string = () => '',
): { node: HTMLDetailsElement; update(text: string): void } {
  const count = h('span', { class: 'count' });
  const line = h('span', { class: 'gist', dir: 'auto' });
  const pre = h('pre', { tabindex: 0, 'aria-label': title });
  const node = h('details', { class: kind }, h('summary', {}, title, line, count), pre);
  let shown = '';
  const draw = () => {
    const follows = pre.scrollHeight - pre.scrollTop - pre.clientHeight < 8;
    setText(pre, plainText(shown).replace(/\n$/, ''));
    if (follows) pre.scrollTop = pre.scrollHeight;
  };
  node.addEventListener('toggle', () => node.open && draw());
  node.hidden = true;
  return {
    node,
    update(text) {
      node.hidden = text === '';
      if (text === shown) return;
      shown = text;
      setText(line, gist(text));
      line.title = line.textContent;
      setText(count, plural(plainText(text).trimEnd().split('\n').length, 'line'));
      if (node.open) draw();
    },
  };
}

function filesFold(): Part {
  const count = h('span', { class: 'count' });
  const list = h('ul', { class: 'files' });
  const node = h('details', { class: 'artifacts' }, h('summary', {}, 'Artifacts', count), list);
  return {
    node,
    update(run) {
      node.hidden = run.artifacts.length === 0;
      const size = run.artifacts.reduce((sum, file) => sum + file.size, 0);
      setText(count, `${plural(run.artifacts.length, 'file')}, ${formatBytes(size)}`);
      keyed(
        list,
        run.artifacts,
        file => file.path,
        file =>
          h('li', { 'data-file': file.path }, h('span', { class: 'path' }, file.path), h('span', { class: 'size' })),
        (item, file) => setText(item.lastElementChild!, formatBytes(file.size)),
      );
    },
  };
}
