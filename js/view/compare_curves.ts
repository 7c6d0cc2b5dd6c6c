/** The metrics panel: a chart for each metric with a history, a row of dots for each with only a last value. */
import type { Curve } from '../core/types';
import { type CurveAxis, type CurveLine, curveAxis, curveLine, curvesFigure } from '../plot/curves';
import { dots } from '../plot/dots';
import { Chart, type Range } from '../plot/plotly';
import type { Context, Panel } from './compare_model';
import { field, numberField, select, toggle } from './controls';
import { h, keyed } from './dom';

interface MetricChart {
  draw(): void;
  close(): void;
}

export function curvesPanel(context: Context): Panel {
  const grid = h('div', { class: 'trk-grid' });
  const single = h('div', { class: 'trk-grid trk-single' });
  const empty = h('p', { class: 'trk-empty' });
  const state = context.state();
  const x = select(
    [
      ['step', 'Step'],
      ['relative', 'Relative time'],
      ['wall', 'Wall time'],
    ],
    state.x,
    value => context.change({ x: value as typeof state.x }),
  );
  const smoothing = numberField({ min: 0, max: 0.99, step: 0.01 }, state.smoothing, value =>
    context.change({ smoothing: value }),
  );
  const log = toggle('Log y', state.log, value => context.change({ log: value }));
  const bar = h(
    'div',
    { class: 'trk-bar' },
    field('x axis', x),
    field('Smoothing', smoothing.node, smoothing.value),
    log,
  );
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
    const figure = h('figure', { class: 'trk-figure' }, h('figcaption', { title: key }, key), node);
    charts.set(figure, metricChart(context, key, node));
    return figure;
  };
  return {
    node: h('div', {}, bar, grid, single, empty),
    draw() {
      const { drawn, last } = metricKeys(context);
      bar.hidden = drawn.length === 0;
      empty.hidden = drawn.length + last.length > 0;
      empty.textContent =
        context.runs().length > 0
          ? 'These runs have no metrics yet.'
          : 'No runs yet. Write %%track at the top of a cell and run it.';
      const before = new Set(grid.children);
      keyed(
        grid,
        drawn,
        key => key,
        make,
        figure => {
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
  const render = () => {
    if (!prepared) return;
    const { log, x } = context.state();
    const figure = curvesFigure(prepared.lines, prepared.axis, {
      log,
      width: chart.width,
      range,
      revision: `${x} ${log}`,
    });
    chart.draw(figure).catch((error: unknown) => {
      node.replaceChildren(
        h('p', { class: 'trk-empty' }, `The plotting library could not be loaded: ${String(error)}`),
      );
    });
  };
  const chart = new Chart(node, context.plotly, now => {
    if (String(now) === String(range)) return;
    range = now;
    render();
  });
  return {
    draw() {
      const { x, smoothing } = context.state();
      if (x !== axisKind) range = null;
      axisKind = x;
      const curves = context.curves().filter(curve => curve.key === key);
      const axis = curveAxis(x, curves);
      const byRun = new Map<string, Curve>(curves.map(curve => [curve.run, curve]));
      const lines = context.visible().flatMap(run => {
        const curve = byRun.get(run.id);
        return curve ? [curveLine(curve, axis, run.label, run.style, smoothing)] : [];
      });
      prepared = { lines, axis };
      render();
    },
    close: () => chart.close(),
  };
}
