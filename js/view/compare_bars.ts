/** Panels of one number of each run: its spread by group, and bars. */
import { escapeText, shortName } from '../core/figures';
import { Chart } from '../plot/plotly';
import { chartTools, plotFailed, pythonCall } from './compare_frame';
import { type Context, groupOptions, numberOptions, type Panel } from './compare_model';
import { field, fillSelect, type Option, select } from './controls';
import { h } from './dom';

interface Choice {
  readonly name: string;
  readonly label: string;
  options(): readonly Option[];
  /** What is chosen where nobody chose. */
  first?(options: readonly Option[]): string;
}

export interface ChosenPanel {
  readonly title: string;
  readonly choices: readonly Choice[];
  readonly empty: string;
  draw(chart: Chart, chosen: Readonly<Record<string, string>>): Promise<void> | void;
  python(chosen: Readonly<Record<string, string>>): string;
}

/** A panel with one wide chart and selects whose choices are remembered. */
export function chosenPanel(context: Context, panel: ChosenPanel): Panel {
  const plot = h('div', { class: 'trk-plot trk-wide' });
  const empty = h('p', { class: 'trk-empty' }, panel.empty);
  const chart = new Chart(plot, context.plotly, undefined, at => context.hover(runAt(at)));
  const stop = context.onHover(id => chart.light(id));
  const key = (name: string) => `${panel.title}.${name}`;
  const chosen = () =>
    Object.fromEntries(
      panel.choices.map(({ name, options, first }) => {
        const offered = options();
        const kept = context.state().chosen?.[key(name)];
        const known = offered.some(([value]) => value === kept) ? kept! : undefined;
        return [name, known ?? first?.(offered) ?? offered[0]?.[0] ?? ''];
      }),
    );
  const selects = panel.choices.map(({ name }) =>
    select([], '', value => context.change({ chosen: { ...context.state().chosen, [key(name)]: value } })),
  );
  const tools = chartTools(
    context,
    panel.title,
    () => chart,
    () => panel.python(chosen()),
  );
  const bar = h('div', { class: 'trk-bar' }, ...panel.choices.map(({ label }, i) => field(label, selects[i]!)), tools);
  return {
    node: h('div', {}, bar, plot, empty),
    draw() {
      const now = chosen();
      for (const [i, { name, options }] of panel.choices.entries()) fillSelect(selects[i]!, options(), now[name]!);
      const bare =
        panel.choices.some(({ name }) => name !== 'group' && now[name] === '') || context.runs().length === 0;
      for (const part of [bar, plot]) part.hidden = bare;
      empty.hidden = !bare;
      if (!bare) Promise.resolve(panel.draw(chart, now)).catch(plotFailed(plot));
    },
    close() {
      stop();
      chart.close();
    },
  };
}

function runAt(at: { readonly meta: unknown; readonly point: number } | null): string | null {
  const ids = at?.meta;
  return Array.isArray(ids) ? (ids[at!.point] ?? null) : null;
}

export function firstDiffering(context: Context, prefix: string): (options: readonly Option[]) => string {
  return options => {
    const rows = context.runs().map(run => run.row);
    const family = options.filter(([name]) => name.startsWith(prefix));
    const differing = family.find(([name]) => {
      const { values } = context.table().column(name)!;
      return new Set(rows.map(row => values[row]!).filter(Number.isFinite)).size > 1;
    });
    return (differing ?? family[0] ?? options[0])?.[0] ?? '';
  };
}

export function distributionPanel(context: Context): Panel {
  return chosenPanel(context, {
    title: 'Distribution',
    empty: 'These runs have no numbers to show the spread of.',
    choices: [
      { name: 'y', label: 'Value', options: () => numberOptions(context), first: firstDiffering(context, 'metrics.') },
      { name: 'group', label: 'Group by', options: () => [['', 'no group'], ...groupOptions(context)] },
      {
        name: 'kind',
        label: 'Shape',
        options: () => [
          ['box', 'Box'],
          ['violin', 'Violin'],
        ],
      },
    ],
    draw(chart, { y, group, kind }) {
      const column = context.table().column(y!)!;
      const data = context.groups(group!).map(({ label, style, runs }) => ({
        type: kind,
        name: escapeText(label || 'all runs'),
        y: runs.map(run => finite(column.values[run.row]!)),
        text: runs.map(run => escapeText(run.label)),
        meta: runs.map(run => run.id),
        marker: { color: style.color, size: 5, opacity: 0.75 },
        line: { color: style.color },
        hovertemplate: '<b>%{text}</b><br>%{y:.5~g}<extra></extra>',
        ...(kind === 'box'
          ? { boxpoints: 'all', jitter: 0.4, pointpos: 0, boxmean: true, fillcolor: 'rgba(128,128,128,.08)' }
          : {
              points: 'all',
              jitter: 0.4,
              pointpos: 0,
              meanline: { visible: true },
              fillcolor: 'rgba(128,128,128,.12)',
            }),
      }));
      const title = { text: escapeText(shortName(y!)) };
      const xaxis = { type: 'category', title: { text: escapeText(group ? shortName(group) : '') } };
      return chart.draw({ data, layout: { ...WIDE, xaxis, yaxis: { title, zeroline: false } } });
    },
    python: ({ y, group, kind }) => pythonCall(context, kind!, [y!], { group }),
  });
}

const MOST_BARS = 200;
const WIDE = { height: 400, margin: { l: 60, r: 16, t: 12, b: 48 } };

export function barsPanel(context: Context): Panel {
  return chosenPanel(context, {
    title: 'Bars',
    empty: 'These runs have no numbers to draw as bars.',
    choices: [
      { name: 'y', label: 'Value', options: () => numberOptions(context), first: firstDiffering(context, 'metrics.') },
      {
        name: 'order',
        label: 'Order',
        options: () => [
          ['value', 'by value'],
          ['runs', 'as in the table'],
        ],
      },
    ],
    draw(chart, { y, order }) {
      const column = context.table().column(y!)!;
      const runs = context.visible().filter(run => Number.isFinite(column.values[run.row]!));
      if (order === 'value') runs.sort((a, b) => column.values[b.row]! - column.values[a.row]!);
      const shown = runs.slice(0, MOST_BARS);
      if (runs.length > shown.length) context.tell(`The first ${MOST_BARS} of ${runs.length} runs are drawn.`);
      const bar = {
        type: 'bar',
        x: shown.map(run => escapeText(run.label)),
        y: shown.map(run => column.values[run.row]),
        meta: shown.map(run => run.id),
        marker: { color: shown.map(run => run.style.color) },
        hovertemplate: '<b>%{x}</b><br>%{y:.6~g}<extra></extra>',
      };
      const xaxis = { type: 'category', tickangle: shown.length > 6 ? -35 : 0, showticklabels: shown.length <= 60 };
      const title = { text: escapeText(shortName(y!)) };
      return chart.draw({ data: [bar], layout: { ...WIDE, xaxis, yaxis: { title }, bargap: 0.25 } });
    },
    python: ({ y }) => pythonCall(context, 'bar', [y!]),
  });
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
