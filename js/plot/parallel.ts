/**
 * Parallel coordinates in SVG: one axis a column, one line a run. Drawn here and not by plotly, whose own needs WebGL.
 * Dragging along an axis keeps the runs that pass there; a click on the axis lets go.
 */
import { differs, type Scale, type Style, scaleOf, shorten, shortName, valueText } from '../core/figures';
import type { Column } from '../core/types';
import { h, s } from '../view/dom';

export interface ParallelRun {
  readonly id: string;
  readonly row: number;
  readonly label: string;
  readonly style: Style;
}

/** Shares of the axes' height that a person has marked, by column name. They outlive a redraw. */
export type Brushes = Map<string, Range>;
type Range = readonly [number, number];
/** An axis is a slider to those who do not point. */
const ZONE = {
  role: 'slider',
  tabindex: '0',
  'aria-orientation': 'vertical',
  'aria-valuemin': '0',
  'aria-valuemax': '100',
};

const HEIGHT = 300;
const TOP = 46;
const FOOT = 34;
const SPAN = HEIGHT - TOP - FOOT;
const NONE = HEIGHT - FOOT + 18;
const DASH: Readonly<Record<Style['dash'], string>> = { solid: 'none', dash: '7 4', dot: '2 3', dashdot: '7 3 2 3' };

interface Axis {
  readonly column: Column;
  readonly scale: Scale;
  readonly x: number;
}

/** The columns worth an axis: those in which these runs differ; parameters first, then metrics. */
export function axisColumns(columns: readonly Column[], rows: readonly number[]): Column[] {
  const family = (prefix: string) =>
    columns.filter(column => column.name.startsWith(prefix) && differs(column, rows)).slice(0, 20);
  return [...family('params.'), ...family('metrics.')];
}

/** What a person does in the drawing. `kept` hears which runs the brushes keep, `done` that a brush was let go. */
export interface ParallelEvents {
  kept(runs: readonly number[]): void;
  done(): void;
  pointed(run: number | null): void;
}

/** The drawing, `width` pixels wide or as wide as its axes need; runs are told by their place in `runs`. */
export function parallel(
  columns: readonly Column[],
  runs: readonly ParallelRun[],
  width: number,
  brushes: Brushes,
  events: ParallelEvents,
): HTMLElement {
  const side = 62;
  const gap = columns.length > 1 ? Math.max(96, (width - 2 * side) / (columns.length - 1)) : 0;
  const rows = runs.map(run => run.row);
  const axes = columns.map((column, i) => ({ column, scale: scaleOf(column, rows), x: side + i * gap }));
  const full = 2 * side + gap * (columns.length - 1);
  const tip = h('div', { class: 'trk-tip', role: 'status' });
  const svg = s('svg', {
    class: 'trk-parallel-svg',
    width: full,
    height: HEIGHT,
    viewBox: `0 0 ${full} ${HEIGHT}`,
    role: 'group',
    'aria-label': `Parallel coordinates of ${runs.length} runs over ${columns.map(c => shortName(c.name)).join(', ')}`,
  });
  const lines = runs.map(run => drawRun(run, axes));
  const dim = () => {
    const inside = runs.map(run => axes.every(axis => passes(axis, run.row, brushes)));
    lines.forEach((line, i) => {
      line.classList.toggle('trk-out', !inside[i]);
    });
    events.kept(inside.flatMap((is, i) => (is ? [i] : [])));
  };
  svg.style.setProperty('--ink', String(Math.min(0.85, Math.max(0.3, 4 / Math.sqrt(runs.length)))));
  svg.append(
    s('g', { class: 'trk-lines' }, ...lines),
    ...axes.map(axis => drawAxis(axis, rows, brushes, dim, events.done)),
  );
  lines.forEach((line, i) => {
    line.addEventListener('pointerenter', event => {
      showTip(tip, svg, runs[i]!, axes, event);
      events.pointed(i);
    });
    line.addEventListener('pointerleave', () => {
      tip.classList.remove('trk-on');
      events.pointed(null);
    });
  });
  dim();
  const frame = { class: 'trk-parallel', tabindex: 0, role: 'group', 'aria-label': 'Parallel coordinates' };
  return h('div', frame, svg, tip);
}

function height(axis: Axis, row: number): number {
  const at = axis.scale.at(row);
  return Number.isNaN(at) ? NONE : TOP + (1 - at) * SPAN;
}

function drawRun(run: ParallelRun, axes: readonly Axis[]): SVGGElement {
  const path = axes
    .map((axis, i) => `${i ? 'L' : 'M'}${axis.x.toFixed(1)} ${height(axis, run.row).toFixed(1)}`)
    .join('');
  return s(
    'g',
    { class: 'trk-run-line', 'data-run': run.id },
    s('path', { class: 'trk-hit', d: path }),
    s('path', { class: 'trk-ink', d: path, stroke: run.style.color, 'stroke-dasharray': DASH[run.style.dash] }),
  );
}

function drawAxis(
  axis: Axis,
  rows: readonly number[],
  brushes: Brushes,
  changed: () => void,
  done: () => void,
): SVGGElement {
  const { column, scale, x } = axis;
  const name = shortName(column.name);
  const family = column.name.startsWith('metrics.') ? 'metric' : 'param';
  const title = s('text', { class: `trk-axis-name trk-${family}`, x, y: 18, 'text-anchor': 'middle' });
  title.append(shorten(name, 14), s('title', {}, scale.log ? `${name} (logarithmic)` : name));
  const band = s('rect', { class: 'trk-brush', x: x - 7, width: 14, rx: 3 });
  const zone = s('rect', { class: 'trk-zone', x: x - 14, y: TOP - 6, width: 28, height: SPAN + 12 });
  zone.append(s('title', {}, 'Drag to keep the runs that pass here; click to let go'));
  for (const [key, value] of Object.entries(ZONE)) zone.setAttribute(key, value);
  zone.setAttribute('data-axis', column.name);
  zone.setAttribute('aria-label', `Runs kept by ${name}: arrows move, Shift with arrows widens, Escape lets go`);
  const group = s('g', { class: 'trk-axis' }, s('line', { x1: x, x2: x, y1: TOP, y2: TOP + SPAN }), title);
  for (const tick of scale.ticks) {
    const label = s('text', { class: 'trk-tick', x: x + 7, y: TOP + (1 - tick.at) * SPAN + 4 });
    label.append(shorten(tick.text, 12), s('title', {}, tick.text));
    group.append(label);
  }
  if (rows.some(row => Number.isNaN(scale.at(row)))) {
    group.append(s('text', { class: 'trk-tick trk-none', x: x + 7, y: NONE + 4 }, 'none'));
  }
  group.append(band, zone);
  const place = (range: Range | undefined) => {
    placeBand(band, range);
    zone.setAttribute('aria-valuenow', String(Math.round(50 * ((range?.[0] ?? 0) + (range?.[1] ?? 1)))));
    const [low, high] = (range ?? [0, 1]).map(share => `${Math.round(100 * share)} %`);
    zone.setAttribute('aria-valuetext', range ? `from ${low} to ${high} of the axis` : 'all runs');
  };
  const set = (range: Range | undefined) => {
    if (range) brushes.set(column.name, range);
    else brushes.delete(column.name);
    place(range);
    changed();
  };
  place(brushes.get(column.name));
  brushable(zone, set, done);
  zone.addEventListener('keydown', event => {
    const next = nextRange(event, brushes.get(column.name));
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    set(next ?? undefined);
    done();
  });
  return group;
}

const STEP = 0.05;

/** What a key makes of a marked range: null lets go, undefined is none of its keys. */
function nextRange({ key, shiftKey }: KeyboardEvent, range: Range | undefined): Range | null | undefined {
  if (key === 'Escape' || key === 'Delete') return range ? null : undefined;
  const by = key === 'ArrowUp' ? STEP : key === 'ArrowDown' ? -STEP : 0;
  if (by === 0) return undefined;
  if (!range) return by > 0 ? [0.75, 1] : [0, 0.25];
  const [low, high] = range;
  if (shiftKey) return [low, Math.max(low + STEP, Math.min(1, high + by))];
  const shift = Math.max(-low, Math.min(1 - high, by));
  return [low + shift, high + shift];
}

function placeBand(band: SVGRectElement, range: Range | undefined): void {
  band.style.display = range ? '' : 'none';
  if (!range) return;
  band.setAttribute('y', String(TOP + (1 - range[1]) * SPAN));
  band.setAttribute('height', String(Math.max(3, (range[1] - range[0]) * SPAN)));
}

function brushable(zone: SVGRectElement, set: (range: Range | undefined) => void, done: () => void): void {
  let start = Number.NaN;
  const share = (event: PointerEvent) => {
    const box = zone.getBoundingClientRect();
    const y = ((event.clientY - box.top) / box.height) * (SPAN + 12) - 6;
    return Math.min(1, Math.max(0, 1 - y / SPAN));
  };
  zone.addEventListener('pointerdown', event => {
    zone.setPointerCapture(event.pointerId);
    start = share(event);
    set(undefined);
  });
  zone.addEventListener('pointermove', event => {
    if (Number.isNaN(start)) return;
    const now = share(event);
    if (Math.abs(now - start) > 0.015) set([Math.min(start, now), Math.max(start, now)]);
  });
  const end = () => {
    if (!Number.isNaN(start)) done();
    start = Number.NaN;
  };
  zone.addEventListener('pointerup', end);
  zone.addEventListener('pointercancel', end);
}

function passes(axis: Axis, row: number, brushes: Brushes): boolean {
  const range = brushes.get(axis.column.name);
  const at = axis.scale.at(row);
  return !range || (at >= range[0] - 1e-9 && at <= range[1] + 1e-9);
}

function showTip(
  tip: HTMLElement,
  svg: SVGElement,
  run: ParallelRun,
  axes: readonly Axis[],
  event: PointerEvent,
): void {
  const name = h('b', {}, run.label);
  name.style.color = run.style.color;
  const facts = axes.map(axis => h('span', {}, `${shortName(axis.column.name)} = ${valueText(axis.column, run.row)}`));
  tip.replaceChildren(name, ...facts.slice(0, 14));
  tip.classList.add('trk-on');
  const frame = svg.parentElement!.getBoundingClientRect();
  const left = event.clientX - frame.left + svg.parentElement!.scrollLeft;
  tip.style.left = `${left > frame.width * 0.6 ? left - tip.offsetWidth - 14 : left + 14}px`;
  tip.style.top = `${Math.max(0, Math.min(event.clientY - frame.top + 10, HEIGHT - tip.offsetHeight))}px`;
}
