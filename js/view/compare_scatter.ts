/** The scatter panel: any number or word of a run against any other, coloured by a third. */
import { textAt } from '../core/columns';
import { differs, escapeText, scaleOf, shorten, shortName } from '../core/figures';
import type { Column } from '../core/types';
import { Chart, type Figure } from '../plot/plotly';
import { chartTools, pythonCall } from './compare_frame';
import { type Context, numberOptions, type Panel, type ShownRun } from './compare_model';
import { field, fillSelect, type Option, select } from './controls';
import { h } from './dom';

type Part = 'x' | 'y' | 'color' | 'size';
const [SMALLEST, LARGEST] = [6, 24];

export function scatterPanel(context: Context): Panel {
  const node = h('div', { class: 'trk-plot trk-wide' });
  const empty = h('p', { class: 'trk-empty' }, 'These runs have no numbers to set against each other.');
  const chart = new Chart(node, context.plotly, undefined, at => {
    const ids = at?.meta as readonly string[] | undefined;
    context.hover(ids?.[at!.point] ?? null);
  });
  const stop = context.onHover(id => chart.light(id));
  const python = () => {
    const { x, y, color, size } = chosen(context);
    return pythonCall(context, 'scatter', [x, y], { color, size });
  };
  const tools = chartTools(context, 'Scatter', () => chart, python);
  const choose = (part: Part) =>
    select([], '', value => context.change({ scatter: { ...chosen(context), [part]: value } }));
  const selects = { x: choose('x'), y: choose('y'), color: choose('color'), size: choose('size') };
  const bar = h(
    'div',
    { class: 'trk-bar' },
    field('x', selects.x),
    field('y', selects.y),
    field('Colour', selects.color),
    field('Size', selects.size),
    tools,
  );
  return {
    node: h('div', {}, bar, node, empty),
    draw() {
      const options = axisColumns(context).map((column): Option => [column.name, column.name]);
      const now = chosen(context);
      fillSelect(selects.x, options, now.x);
      fillSelect(selects.y, options, now.y);
      fillSelect(selects.color, [['', 'run'], ...options], now.color);
      fillSelect(selects.size, [['', 'the same'], ...numberOptions(context)], now.size);
      empty.hidden = options.length > 0;
      bar.hidden = options.length === 0;
      node.hidden = options.length === 0;
      if (options.length === 0) return;
      chart.draw(scatterFigure(context, now)).catch((error: unknown) => {
        node.replaceChildren(
          h('p', { class: 'trk-empty' }, `The plotting library could not be loaded: ${String(error)}`),
        );
      });
    },
    close() {
      stop();
      chart.close();
    },
  };
}

function axisColumns(context: Context): Column[] {
  const { columns } = context.table();
  return columns.filter(
    ({ name }) => /^(?:params|metrics)\./.test(name) || name === 'duration' || name === 'start_time',
  );
}

/** What was chosen, or else the first parameter that differs against the first metric. */
function chosen(context: Context): Readonly<Record<Part, string>> {
  const { scatter } = context.state();
  const columns = axisColumns(context);
  const rows = context.runs().map(run => run.row);
  const has = (name: string) => columns.some(column => column.name === name);
  const first = (prefix: string) => {
    const family = columns.filter(column => column.name.startsWith(prefix));
    const differing = family.filter(column => differs(column, rows));
    return (differing.find(column => column.kind === 'number') ?? differing[0] ?? family[0])?.name;
  };
  const fallback = columns[0]?.name ?? '';
  return {
    x: has(scatter.x) ? scatter.x : (first('params.') ?? fallback),
    y: has(scatter.y) ? scatter.y : (first('metrics.') ?? fallback),
    color: has(scatter.color) ? scatter.color : '',
    size: scatter.size && has(scatter.size) ? scatter.size : '',
  };
}

function scatterFigure(context: Context, now: Readonly<Record<Part, string>>): Figure {
  const table = context.table();
  const runs = context.visible();
  const [x, y] = [table.column(now.x)!, table.column(now.y)!];
  const color = now.color ? table.column(now.color) : undefined;
  return {
    data: [
      {
        type: 'scatter',
        mode: 'markers',
        meta: runs.map(run => run.id),
        x: runs.map(run => plain(x, run.row)),
        y: runs.map(run => plain(y, run.row)),
        text: runs.map(run => escapeText(run.label)),
        hovertemplate: `<b>%{text}</b><br>${axisHover(x, 'x')}<br>${axisHover(y, 'y')}${color ? '<br>%{customdata}' : ''}<extra></extra>`,
        customdata: color && runs.map(run => `${escapeText(shortName(color.name))} = ${plain(color, run.row) ?? '–'}`),
        marker: {
          size: sizes(now.size ? table.column(now.size) : undefined, runs),
          opacity: 0.88,
          line: { width: 1, color: 'rgba(128,128,128,.35)' },
          ...markerColor(color, runs),
        },
      },
    ],
    layout: {
      height: 400,
      margin: { l: 60, r: 16, t: 12, b: 48 },
      uirevision: `${now.x} ${now.y}`,
      annotations: bothMissing(x, y, runs),
      xaxis: axisOf(x, runs),
      yaxis: axisOf(y, runs),
    },
  };
}

/** By area between the smallest and the largest; small where a run has no value. */
function sizes(column: Column | undefined, runs: readonly ShownRun[]): number | number[] {
  if (!column) return 10;
  const values = runs.map(run => column.values[run.row]!);
  const finite = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const share = (value: number) => (high > low ? (value - low) / (high - low) : 0.4);
  return values.map(value => (Number.isFinite(value) ? SMALLEST + (LARGEST - SMALLEST) * Math.sqrt(share(value)) : 4));
}

/** Says so where no run has a place in the plane. */
function bothMissing(x: Column, y: Column, runs: readonly ShownRun[]): object[] {
  if (runs.some(run => plain(x, run.row) !== null && plain(y, run.row) !== null)) return [];
  const names = [x, y].map(column => escapeText(shorten(shortName(column.name), 26)));
  const place = { xref: 'paper', yref: 'paper', x: 0.5, y: 0.5, showarrow: false };
  const text = runs.length > 0 ? `No run has both ${names.join(' and ')}` : 'Every run is hidden';
  return [{ ...place, text, bgcolor: 'rgba(128,128,128,.12)', borderpad: 6 }];
}

function axisHover(column: Column, letter: 'x' | 'y'): string {
  const value = column.kind === 'number' ? `%{${letter}:.5~g}` : `%{${letter}}`;
  return `${escapeText(shortName(column.name)).replaceAll('%{', '%&#123;')} = ${value}`;
}

function axisOf(column: Column, runs: readonly ShownRun[]): object {
  const { log } = scaleOf(
    column,
    runs.map(run => run.row),
  );
  const type = log ? 'log' : column.kind === 'number' ? 'linear' : column.kind === 'time' ? 'date' : 'category';
  const title = { text: escapeText(shorten(shortName(column.name), 26) + (log ? ' (log)' : '')) };
  return { type, title, zeroline: false, exponentformat: 'e' };
}

/** A value as plotly is to have it; null where there is none. */
function plain(column: Column, row: number): number | string | null {
  const value = column.values[row]!;
  if (Number.isNaN(value)) return null;
  if (column.kind === 'number' || column.kind === 'time') return Number.isFinite(value) ? value : null;
  return escapeText(textAt(column, row));
}

function markerColor(column: Column | undefined, runs: readonly ShownRun[]): object {
  if (!column) return { color: runs.map(run => run.style.color) };
  if (column.kind === 'number' || column.kind === 'time') {
    const title = { text: escapeText(shorten(shortName(column.name), 26)), side: 'right' };
    const colorbar = { thickness: 12, outlinewidth: 0, title, exponentformat: 'e' };
    return {
      color: runs.map(run => plain(column, run.row) ?? Number.NaN),
      colorscale: 'Viridis',
      showscale: true,
      colorbar,
    };
  }
  const words = [...new Set(runs.map(run => textAt(column, run.row)))];
  return { color: runs.map(run => runs[words.indexOf(textAt(column, run.row)) % runs.length]!.style.color) };
}
