/** Every metric of a run with its curve: found by name, drawn as it is reached, more points fetched where one zooms. */
import { curvesFromArrow, curvesFromJson, jsonNumber } from '../core/columns';
import { styleOf } from '../core/figures';
import { formatCount, formatNumber } from '../core/format';
import type { RunDetail } from '../core/run';
import type { CompareState, Curve } from '../core/types';
import { curveAxis, curveLine, curvesFigure } from '../plot/curves';
import { Chart, type Range } from '../plot/plotly';
import { drawSparkline, makeSparkline } from '../plot/sparkline';
import { select, toggle } from './controls';
import { h, setText } from './dom';
import { actionButton, type RunContext, type RunPanel, sentence } from './run_parts';

const AT_ONCE = 24;
const POINTS = 800;
const SYSTEM = 'system/';

type Metric = RunDetail['metrics'][number];

export function metricsPanel(context: RunContext, isDark: () => boolean): RunPanel {
  const panel = new MetricsPanel(context, isDark);
  return {
    node: panel.node,
    count: run => (run.metrics.length > 0 ? formatCount(run.metrics.length) : ''),
    update: run => panel.update(run),
    close: () => panel.close(),
  };
}

interface Settings {
  readonly x: CompareState['x'];
  readonly smoothing: number;
  readonly log: boolean;
}

class MetricsPanel {
  readonly node = h('div', { class: 'trk-panel' });
  readonly #context: RunContext;
  readonly #isDark: () => boolean;
  readonly #grid = h('div', { class: 'trk-charts' });
  readonly #singles = h('div', { class: 'trk-charts trk-singles' });
  readonly #find = h('input', {
    type: 'search',
    class: 'trk-find',
    placeholder: 'Find',
    'aria-label': 'Find a metric',
  });
  readonly #more: HTMLButtonElement;
  readonly #none = h('p', { class: 'trk-none' });
  readonly #said = h('p', { class: 'trk-said', role: 'status' });
  readonly #charts = new Map<string, MetricChart>();
  #settings: Settings = { x: 'step', smoothing: 0, log: false };
  #curves = new Map<string, { readonly curve: Curve; readonly points: number }>();
  #run: RunDetail | null = null;
  #most = AT_ONCE;
  #asked = '';

  constructor(context: RunContext, isDark: () => boolean) {
    this.#context = context;
    this.#isDark = isDark;
    this.#more = actionButton('', () => {
      this.#most += AT_ONCE;
      this.#draw();
    });
    this.#find.addEventListener('input', () => this.#draw());
    this.node.append(this.#bar(), this.#said, this.#grid, this.#singles, this.#none, this.#more);
  }

  #bar(): HTMLElement {
    const x = select(
      [
        ['step', 'by step'],
        ['relative', 'by time since start'],
        ['wall', 'by time'],
      ],
      'step',
      value => this.#set({ x: value as Settings['x'] }),
    );
    x.setAttribute('aria-label', 'x axis');
    const smoothing = h('input', { type: 'range', class: 'trk-range', min: 0, max: 0.99, step: 0.01, value: 0 });
    smoothing.addEventListener('input', () => this.#set({ smoothing: smoothing.valueAsNumber }));
    const smooth = h('label', { class: 'trk-field' }, h('span', {}, 'Smoothing'), smoothing);
    const log = toggle('Log y', false, on => this.#set({ log: on }));
    const drawn = this.#context.plotly ? [x, smooth, log] : [];
    return h('div', { class: 'trk-bar' }, this.#find, ...drawn);
  }

  #set(part: Partial<Settings>): void {
    this.#settings = { ...this.#settings, ...part };
    for (const chart of this.#charts.values()) chart.draw(this.#settings);
  }

  update(run: RunDetail): void {
    const first = this.#run?.id !== run.id;
    if (first) {
      this.#curves = new Map(
        curvesFromJson(run.curves).map(curve => [curve.key, { curve, points: curve.step.length }]),
      );
      this.#asked = '';
    }
    this.#run = run;
    this.#draw();
  }

  #wanted(): readonly Metric[] {
    const text = this.#find.value.trim().toLowerCase();
    const found = (this.#run?.metrics ?? []).filter(metric => metric.key.toLowerCase().includes(text));
    const rank = ({ key, points }: Metric) => (key.startsWith(SYSTEM) ? 1 : 0) + (points > 1 ? 0 : 2);
    return found.toSorted((a, b) => rank(a) - rank(b));
  }

  #draw(): void {
    const found = this.#wanted();
    const shown = found.slice(0, this.#most);
    const rest = found.length - shown.length;
    this.#find.hidden = (this.#run?.metrics.length ?? 0) <= 6;
    this.#more.hidden = rest <= 0;
    setText(this.#more, `${formatCount(Math.min(rest, AT_ONCE))} more of ${formatCount(rest)}`);
    setText(this.#none, found.length > 0 ? '' : this.#find.value ? 'No such metric.' : 'This run logged no metrics.');
    const keys = new Set(shown.map(metric => metric.key));
    for (const [key, chart] of this.#charts) {
      if (keys.has(key)) continue;
      chart.close();
      this.#charts.delete(key);
    }
    const curves = shown.filter(metric => metric.points > 1).length;
    shown.forEach((metric, i) => {
      const known = this.#charts.get(metric.key) ?? new MetricChart(this.#context, metric.key, this.#isDark);
      this.#charts.set(metric.key, known);
      known.update(metric, this.#curves.get(metric.key)?.curve ?? null, this.#settings);
      const [grid, place] = i < curves ? [this.#grid, i] : [this.#singles, i - curves];
      if (grid.children[place] !== known.node) grid.insertBefore(known.node, grid.children[place] ?? null);
    });
    void this.#fetch(shown);
  }

  /** Gets the histories that are not here, or have grown. */
  async #fetch(shown: readonly Metric[]): Promise<void> {
    const { ask } = this.#context;
    const run = this.#run;
    const missing = shown.filter(({ key, points }) => points > 1 && this.#curves.get(key)?.points !== points);
    const turn = `${run?.id} ${missing.map(({ key, points }) => `${key} ${points}`).join('\n')}`;
    if (!ask || !run || missing.length === 0 || turn === this.#asked) return;
    if (run.curves.length > 0 && run.status !== 'RUNNING') return;
    this.#asked = turn;
    try {
      const keys = missing.map(metric => metric.key);
      const { buffers } = await ask({ do: 'history', run: run.id, keys, points: POINTS });
      if (this.#run?.id !== run.id || !buffers[0]) return;
      const points = new Map(missing.map(metric => [metric.key, metric.points]));
      for (const curve of curvesFromArrow(buffers[0])) {
        this.#curves.set(curve.key, { curve, points: points.get(curve.key) ?? 0 });
      }
      setText(this.#said, '');
      this.#draw();
    } catch (error) {
      this.#asked = '';
      setText(this.#said, sentence(error));
    }
  }

  close(): void {
    for (const chart of this.#charts.values()) chart.close();
    this.#charts.clear();
  }
}

/** One metric: its name, its last value with least and greatest, its curve. */
class MetricChart {
  readonly node: HTMLElement;
  readonly #value = h('span', { class: 'trk-number' });
  readonly #facts = h('span', { class: 'trk-dim' });
  readonly #plot = h('div', { class: 'trk-plot' });
  #chart: Chart | null = null;
  #spark: SVGSVGElement | null = null;
  #curve: Curve | null = null;
  #finer: Curve | null = null;
  #range: Range = null;
  #settings: Settings | null = null;

  constructor(
    readonly context: RunContext,
    readonly key: string,
    readonly isDark: () => boolean,
  ) {
    const name = h('span', { class: 'trk-key', dir: 'auto', title: key }, key);
    this.node = h('figure', { class: 'trk-figure' }, h('figcaption', {}, name, this.#value, this.#facts), this.#plot);
  }

  update(metric: Metric, curve: Curve | null, settings: Settings): void {
    setText(this.#value, metric.value === null ? '–' : formatNumber(jsonNumber(metric.value)));
    this.#value.title = String(metric.value);
    const changed = curve !== this.#curve || settings !== this.#settings;
    this.#curve = curve;
    setText(this.#facts, factsOf(metric, curve));
    this.#plot.hidden = metric.points <= 1 || (curve !== null && !curve.value.some(Number.isFinite));
    if (changed && !this.#plot.hidden) this.draw(settings);
  }

  draw(settings: Settings): void {
    this.#settings = settings;
    const curve = (this.#range && this.#finer) || this.#curve;
    if (!curve || curve.step.length < 2) return;
    if (!this.context.plotly) {
      this.#spark ??= this.#plot.appendChild(makeSparkline());
      drawSparkline(this.#spark, this.key, curve.step, curve.value);
      return;
    }
    if (!this.node.isConnected) {
      requestAnimationFrame(() => this.node.isConnected && this.draw(settings));
      return;
    }
    this.#chart ??= new Chart(this.#plot, this.context.plotly, range => this.#zoomed(range));
    const axis = curveAxis(settings.x, [curve]);
    const line = curveLine(curve, axis, this.key, styleOf(0, this.isDark()), settings.smoothing);
    const { width } = this.#chart;
    const options = { log: settings.log, width, range: this.#range, revision: settings.x };
    this.#chart.draw(curvesFigure([line], axis, options)).catch((error: unknown) => {
      this.#plot.textContent = sentence(error);
    });
  }

  #zoomed(range: Range): void {
    if (String(range) === String(this.#range)) return;
    this.#range = range;
    this.#finer = null;
    if (this.#settings) this.draw(this.#settings);
    void this.#refine();
  }

  async #refine(): Promise<void> {
    const { ask, run } = this.context;
    const range = this.#range;
    const curve = this.#curve;
    if (!range || !ask || this.#settings?.x !== 'step' || !curve || curve.step.length < POINTS / 2) return;
    const [from, to] = [Math.floor(range[0]), Math.ceil(range[1])];
    try {
      const question = { do: 'history', run: run().id, keys: [this.key], points: POINTS, from, to } as const;
      const { buffers } = await ask(question);
      const [found] = buffers[0] ? curvesFromArrow(buffers[0]) : [];
      if (!found || this.#range !== range) return;
      this.#finer = found;
      if (this.#settings) this.draw(this.#settings);
    } catch {
      // what is drawn stays
    }
  }

  close(): void {
    this.#chart?.close();
    this.node.remove();
  }
}

function factsOf(metric: Metric, curve: Curve | null): string {
  if (metric.points <= 1) return '';
  const finite = curve ? curve.value.filter(Number.isFinite) : new Float64Array();
  const count = `${formatCount(metric.points)} points`;
  if (finite.length === 0) return curve ? `${count}, none of them a number` : count;
  let [low, high] = [finite[0]!, finite[0]!];
  for (const value of finite) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return `${formatNumber(low)} … ${formatNumber(high)}, ${count}`;
}
