/** Panels whose figures Python computes: a surface over two numbers, and what a metric depends on. */
import { tableFromArrow, textAt } from '../core/columns';
import { escapeText, shorten, shortName } from '../core/figures';
import type { Answer, Ask } from '../core/types';
import { chosenPanel, firstDiffering } from './compare_bars';
import { pythonCall } from './compare_frame';
import { type Context, numberOptions, type Panel } from './compare_model';
import type { Option } from './controls';
import { patiently, WAITING } from './waiting';

const HEIGHT = 400;
const NOBODY = 'This is computed by Python: run the comparison’s cell again to see it.';

/** Asks once for each different question; says what could not be had in the place of the figure. */
function asker(context: Context): (question: Ask) => Promise<Answer | string> {
  let last: { readonly question: string; readonly answer: Promise<Answer | string> } | null = null;
  return question => {
    const text = JSON.stringify(question);
    if (last?.question === text) return last.answer;
    const answer = context.ask
      ? context.ask(question).catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
      : Promise.resolve(NOBODY);
    last = { question: text, answer };
    return answer;
  };
}

function saying(text: string): { data: object[]; layout: object } {
  const place = { xref: 'paper', yref: 'paper', x: 0.5, y: 0.5, showarrow: false };
  const axis = { visible: false };
  return {
    data: [],
    layout: { height: HEIGHT, annotations: [{ ...place, text: escapeText(text) }], xaxis: axis, yaxis: axis },
  };
}

export function contourPanel(context: Context): Panel {
  const ask = asker(context);
  const second = (options: readonly Option[]) => {
    const first = firstDiffering(context, 'params.')(options);
    const rest = options.filter(([name]) => name !== first);
    return firstDiffering(context, 'params.')(rest);
  };
  return chosenPanel(context, {
    title: 'Contour',
    empty: 'A contour needs three numbers in each run: two axes and a value.',
    choices: [
      { name: 'x', label: 'x', options: () => numberOptions(context), first: firstDiffering(context, 'params.') },
      { name: 'y', label: 'y', options: () => numberOptions(context), first: second },
      { name: 'z', label: 'Value', options: () => numberOptions(context), first: firstDiffering(context, 'metrics.') },
    ],
    async draw(chart, { x, y, z }) {
      const runs = context.visible();
      const question = { do: 'contour', x: x!, y: y!, z: z!, runs: runs.map(run => run.id) } as const;
      const answer = await patiently(ask(question), () => void chart.draw(saying(WAITING)));
      if (typeof answer === 'string') return chart.draw(saying(answer));
      const [across, up, value] = [x, y, z].map(name => context.table().column(name!)!);
      const title = (name: string) => ({ text: escapeText(shorten(shortName(name), 30)) });
      const surface = {
        type: 'contour',
        x: answer['x'],
        y: answer['y'],
        z: answer['z'],
        colorscale: 'Viridis',
        connectgaps: false,
        colorbar: { thickness: 12, outlinewidth: 0, title: { ...title(z!), side: 'right' } },
        hovertemplate: '%{x:.4~g}, %{y:.4~g}<br>%{z:.5~g}<extra></extra>',
      };
      const dots = {
        type: 'scatter',
        mode: 'markers',
        x: runs.map(run => across!.values[run.row]),
        y: runs.map(run => up!.values[run.row]),
        text: runs.map(run => escapeText(run.label)),
        meta: runs.map(run => run.id),
        customdata: runs.map(run => value!.values[run.row]),
        marker: { size: 7, color: 'rgba(255,255,255,.9)', line: { width: 1, color: 'rgba(0,0,0,.6)' } },
        hovertemplate: '<b>%{text}</b><br>%{customdata:.5~g}<extra></extra>',
      };
      const axis = (name: string, places: unknown) => ({
        title: title(name),
        zeroline: false,
        type: isLog(places as number[]) ? 'log' : 'linear',
      });
      const margin = { l: 60, r: 16, t: 12, b: 48 };
      const layout = { height: HEIGHT, margin, xaxis: axis(x!, answer['x']), yaxis: axis(y!, answer['y']) };
      return chart.draw({ data: [surface, dots], layout });
    },
    python: ({ x, y, z }) => pythonCall(context, 'contour', [x!, y!, z!]),
  });
}

/** Places that Python spread by equal factors. */
function isLog(places: readonly number[]): boolean {
  const [first = 0, second = 0, third = 0] = places;
  return first > 0 && Math.abs(second / first - third / second) < 1e-9 && third - second - (second - first) > 1e-12;
}

export function importancePanel(context: Context): Panel {
  const ask = asker(context);
  return chosenPanel(context, {
    title: 'Importance',
    empty: 'These runs have no metric whose dependence could be shown.',
    choices: [
      {
        name: 'target',
        label: 'For',
        options: () => numberOptions(context, /^metrics\./),
        first: firstDiffering(context, 'metrics.'),
      },
    ],
    async draw(chart, { target }) {
      const question = { do: 'importance', target: target!, runs: context.visible().map(run => run.id) } as const;
      const answer = await patiently(ask(question), () => void chart.draw(saying(WAITING)));
      if (typeof answer === 'string') return chart.draw(saying(answer));
      for (const notice of answer.notices ?? []) context.tell(notice);
      const table = tableFromArrow(answer.buffers[0]!);
      if (table.length === 0) return chart.draw(saying(answer.notices?.[0] ?? 'These runs differ in no parameter.'));
      const [name, share, tie] = ['name', 'importance', 'correlation'].map(column => table.column(column)!);
      const places = Array.from({ length: table.length }, (_, i) => table.length - 1 - i);
      const names = places.map(row => escapeText(shorten(shortName(textAt(name!, row)), 28)));
      const bars = (values: Float64Array, on: string, color: (value: number) => string, label: string) => ({
        type: 'bar',
        orientation: 'h',
        y: names,
        x: places.map(row => (Number.isNaN(values[row]!) ? null : values[row])),
        xaxis: on,
        marker: { color: places.map(row => color(values[row]!)) },
        hovertemplate: `<b>%{y}</b><br>${label} %{x:.3~f}<extra></extra>`,
      });
      const data = [
        bars(share!.values, 'x', () => '#0072b2', 'importance'),
        bars(tie!.values, 'x2', value => (value < 0 ? '#d55e00' : '#009e73'), 'correlation'),
      ];
      const tickfont = { size: 11 };
      const grid = { gridcolor: 'rgba(128,128,128,.18)', zerolinecolor: 'rgba(128,128,128,.5)', tickfont };
      const named = (text: string) => ({ text, font: { size: 12 } });
      const layout = {
        height: HEIGHT,
        margin: { l: 60, r: 16, t: 12, b: 48 },
        bargap: 0.35,
        xaxis: { ...grid, domain: [0, 0.47], rangemode: 'tozero', title: named('importance (share)') },
        xaxis2: { ...grid, domain: [0.53, 1], range: [-1, 1], anchor: 'y', title: named('correlation (Spearman)') },
        yaxis: { type: 'category', automargin: true },
      };
      return chart.draw({ data, layout });
    },
    python: ({ target }) => pythonCall(context, 'importance', [target!]),
  });
}
