/** The metrics panel: a chart for each metric with a history, a row of dots for each with only a last value. */
import { curvesFromArrow } from '../core/columns';
import type { Curve } from '../core/types';
import { type CurveAxis, type CurveLine, curveAxis, curveLine, curvesFigure, type LineGroup } from '../plot/curves';
import { dots } from '../plot/dots';
import { Chart, type Range } from '../plot/plotly';
import { chartTools, plotFailed, pythonCall } from './compare_frame';
import { type Context, groupOptions, type Panel } from './compare_model';
import { field, fillSelect, numberField, type Option, select, toggle } from './controls';
import { h, keyed } from './dom';

/** With no more metrics than this one sees them all. */
const FEW = 5;
const SIZES: readonly Option[] = [
  ['small', 'small'],
  ['medium', 'medium'],
  ['large', 'large'],
];

interface MetricChart {
  readonly chart: Chart;
  draw(): void;
  close(): void;
}

export function curvesPanel(context: Context): Panel {
  const grid = h('div', { class: 'trk-grid' });
  const single = h('div', { class: 'trk-grid trk-single' });
  const empty = h('p', { class: 'trk-empty' });
  const { bar, refresh } = controls(context);
  const chosen = (name: string) => context.state().chosen?.[`Metrics.${name}`] ?? '';
  const choose = (name: string, value: string) =>
    context.change({ chosen: { ...context.state().chosen, [`Metrics.${name}`]: value } });
  const charts = new Map<Element, MetricChart>();
  const seen = new IntersectionObserver(
    entries => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        seen.unobserve(entry.target);
        charts.get(entry.target)?.draw();
      }
    },
    { rootMargin: '200px' },
  );
  const make = (key: string) => {
    const node = h('div', { class: 'trk-plot' });
    const chart = metricChart(context, key, node);
    const tools = chartTools(
      context,
      key,
      () => chart.chart,
      () => pythonFor(context, key),
    );
    const widen = h('button', { type: 'button', class: 'trk-tool', 'aria-pressed': 'false' }, 'Wide');
    widen.setAttribute('aria-label', `Wide: ${key}`);
    widen.addEventListener('click', () => choose(`wide.${key}`, chosen(`wide.${key}`) ? '' : 'wide'));
    tools.prepend(widen);
    const caption = h('figcaption', { title: key }, h('span', { dir: 'auto' }, key), tools);
    const figure = h('figure', { class: 'trk-figure' }, caption, node);
    charts.set(figure, chart);
    return figure;
  };
  return {
    node: h('div', {}, bar, grid, single, empty),
    draw() {
      const { drawn: all, last: levels } = metricKeys(context);
      const wanted = (context.state().find ?? '').trim().toLowerCase();
      const [drawn, last] = [all, levels].map(keys => keys.filter(key => key.toLowerCase().includes(wanted))) as [
        string[],
        string[],
      ];
      bar.hidden = all.length + levels.length === 0;
      refresh(all, levels);
      empty.hidden = drawn.length + last.length > 0;
      empty.textContent =
        all.length + levels.length > 0
          ? 'No metric has this in its name.'
          : context.runs().length > 0
            ? 'These runs have no metrics yet.'
            : 'No runs yet. Write %%track at the top of a cell and run it.';
      grid.dataset['size'] = single.dataset['size'] = context.state().size ?? 'medium';
      const before = new Set(grid.children);
      keyed(
        grid,
        drawn,
        key => key,
        make,
        (figure, key) => {
          const wide = chosen(`wide.${key}`) !== '';
          figure.classList.toggle('trk-span', wide);
          figure.querySelector('[aria-pressed]')?.setAttribute('aria-pressed', String(wide));
          seen.unobserve(figure);
          seen.observe(figure);
          before.delete(figure);
        },
      );
      for (const figure of before) {
        charts.get(figure)?.close();
        charts.delete(figure);
      }
      single.replaceChildren(...last.map(key => singleFigure(context, key)));
    },
    close() {
      seen.disconnect();
      for (const chart of charts.values()) chart.close();
    },
  };
}

/** Metrics with a history of two points or more in some run, and those with one value a run. */
function metricKeys(context: Context): { drawn: string[]; last: string[] } {
  const drawn = new Set(context.curves().flatMap(curve => (curve.value.length > 1 ? [curve.key] : [])));
  const names = context.table().columns.flatMap(({ name }) => (name.startsWith('metrics.') ? [name.slice(8)] : []));
  return { drawn: [...drawn].sort(), last: names.filter(name => !drawn.has(name)) };
}

function singleFigure(context: Context, key: string): HTMLElement {
  const column = context.table().column(`metrics.${key}`)!;
  return h('figure', { class: 'trk-figure' }, h('figcaption', { title: key }, key), dots(column, context.visible()));
}

function metricChart(context: Context, key: string, node: HTMLElement): MetricChart {
  let range: Range = null;
  let axisKind = '';
  let prepared: { lines: CurveLine[]; axis: CurveAxis } | null = null;
  let finer: { readonly range: string; readonly curves: readonly Curve[] } | null = null;
  let asked = '';
  const render = () => {
    if (!prepared) return;
    const { log, logX, clip, x, group } = context.state();
    const figure = curvesFigure(prepared.lines, prepared.axis, {
      log,
      logX: logX ?? false,
      clip: clip ?? false,
      width: chart.width,
      range,
      revision: `${x} ${log} ${logX}`,
      ...(group && { groups: groupsOf(context, prepared.lines, group) }),
    });
    chart.draw(figure).catch(plotFailed(node));
  };
  const prepare = () => {
    const { x, smoothing } = context.state();
    if (x !== axisKind) range = null;
    axisKind = x;
    const all = context.curves();
    const coarse = all.filter(curve => curve.key === key);
    const curves = finer && finer.range === String(range) ? finer.curves : coarse;
    const axis = curveAxis(x, coarse, (run, other) => all.find(curve => curve.run === run && curve.key === other));
    const byRun = new Map<string, Curve>(curves.map(curve => [curve.run, curve]));
    const lines = context.visible().flatMap(run => {
      const curve = byRun.get(run.id);
      return curve ? [curveLine(curve, axis, run.label, run.style, smoothing)] : [];
    });
    prepared = { lines, axis };
  };
  /** More points of what is looked at, from Python, if it has the time; until then what is here stays. */
  const refine = async () => {
    const wanted = String(range);
    if (!range || !context.ask || axisKind !== 'step' || asked === wanted) return;
    asked = wanted;
    const runs = context.visible().map(run => run.id);
    const [from, to] = range;
    try {
      const { buffers } = await context.ask({ do: 'curves', key, runs, from, to, points: 2 * chart.width });
      if (!buffers[0] || String(range) !== wanted) return;
      finer = { range: wanted, curves: curvesFromArrow(buffers[0]) };
      prepare();
      render();
    } catch (error) {
      context.tell(error instanceof Error ? error.message : String(error));
    }
  };
  const chart = new Chart(
    node,
    context.plotly,
    now => {
      if (String(now) === String(range)) return;
      range = now && context.state().logX && axisKind !== 'wall' ? [10 ** now[0], 10 ** now[1]] : now;
      prepare();
      render();
      void refine();
    },
    at => context.hover(typeof at?.meta === 'string' ? at.meta : null),
  );
  const stop = context.onHover(id => chart.light(id));
  return {
    chart,
    draw() {
      finer = null;
      asked = '';
      prepare();
      render();
    },
    close() {
      stop();
      chart.close();
    },
  };
}

function groupsOf(context: Context, lines: readonly CurveLine[], column: string): LineGroup[] {
  const byRun = new Map(lines.map(line => [line.run, line]));
  return context.groups(column).map(({ label, style, runs }) => ({
    label,
    color: style.color,
    lines: runs.flatMap(run => byRun.get(run.id) ?? []),
  }));
}

function pythonFor(context: Context, key: string): string {
  const { x, smoothing, group, log } = context.state();
  const axis = x.startsWith('metric:') ? x.slice('metric:'.length) : x === 'step' ? '' : x;
  return pythonCall(context, 'curves', [key], { x: axis, smoothing, group, log });
}

/** What all the charts of the panel obey. */
function controls(context: Context): {
  bar: HTMLElement;
  refresh(drawn: readonly string[], last: readonly string[]): void;
} {
  const state = context.state();
  const x = select([], '', value => context.change({ x: value as typeof state.x }));
  const group = select([], '', value => context.change({ group: value }));
  const smoothing = numberField({ min: 0, max: 0.99, step: 0.01 }, state.smoothing, value =>
    context.change({ smoothing: value }),
  );
  const sizes = select([], '', value => context.change({ size: value as NonNullable<typeof state.size> }));
  const find = h('input', {
    type: 'search',
    class: 'trk-select',
    placeholder: 'Find a metric',
    'aria-label': 'Find a metric',
  });
  find.value = state.find ?? '';
  find.addEventListener('input', () => context.change({ find: find.value }));
  const history = [
    field('x axis', x),
    field('Group by', group),
    field('Smoothing', smoothing.node, smoothing.value),
    toggle('Log x', state.logX ?? false, logX => context.change({ logX })),
    toggle('Log y', state.log, log => context.change({ log })),
    toggle('Ignore outliers', state.clip ?? false, clip => context.change({ clip })),
  ];
  const bar = h('div', { class: 'trk-bar' }, ...history, field('Charts', sizes), find);
  const refresh = (keys: readonly string[], last: readonly string[]) => {
    const now = context.state();
    for (const each of history) each.hidden = keys.length === 0;
    find.hidden = keys.length + last.length < FEW && !now.find;
    fillSelect(sizes, SIZES, now.size ?? 'medium');
    const times: Option[] = [
      ['step', 'Step'],
      ['relative', 'Relative time'],
      ['wall', 'Wall time'],
    ];
    fillSelect(x, [...times, ...keys.map((key): Option => [`metric:${key}`, key])], now.x);
    fillSelect(group, [['', 'no group'], ...groupOptions(context)], now.group ?? '');
  };
  return { bar, refresh };
}
