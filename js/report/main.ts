/**
 * A report: the run table, the comparison and each run in full, in one file that asks for nothing. What it shows is in
 * the file, packed; `data.ts` unpacks it, `answers.ts` stands for whoever would answer elsewhere.
 */
import { localSource } from '../core/local';
import type { RunData } from '../core/run';
import type { CompareData, CompareState, TableData } from '../core/types';
import type { PlotlyLike } from '../plot/plotly';
import { compare } from '../view/compare';
import { h, useNonce } from '../view/dom';
import { runView } from '../view/run';
import { runPane } from '../view/run_pane';
import { sentence } from '../view/run_parts';
import { table } from '../view/table';
import { answersOf } from './answers';
import { type ReportData, unpacked } from './data';

const STATE: CompareState = {
  x: 'step',
  smoothing: 0,
  log: false,
  differing: true,
  scatter: { x: '', y: '', color: '' },
};

async function show(root: HTMLElement): Promise<void> {
  const data = await unpacked();
  root.replaceChildren(header(data));
  const { title, total, runs, curves } = data;
  const plotly = async () => (globalThis as unknown as { readonly trkPlotly: PlotlyLike }).trkPlotly;
  const ask = answersOf(data);
  const pane = runPane(async (place, id, closed) => {
    const run = data.details.get(id) ?? null;
    if (!run) throw new Error('This report does not hold this run in full.');
    const source = { ...localSource<RunData>({ id, run: data.withCurves(run) }), ask };
    return runView(place, source, { plotly, closed, still: true, opened: pane.open });
  });
  const tables = localSource<TableData>({
    title,
    total,
    runs,
    sparks: data.sparks,
    state: { where: '', sort: [], hidden: [] },
    selected: [],
  });
  const compared = localSource<CompareData>({
    title: 'Comparison',
    total,
    runs,
    curves,
    state: { ...STATE, ...data.state },
  });
  const [first, second] = [h('div'), h('div')];
  root.append(first, pane.node, second);
  table(first, tables, { opened: pane.open });
  compare(second, compared, plotly);
  tables.on('selected', () => {
    const chosen = new Set(tables.get('selected'));
    const hidden = chosen.size === 0 ? [] : data.ids.filter(id => !chosen.has(id));
    compared.set('state', { ...compared.get('state'), hidden });
  });
}

function header(data: ReportData): HTMLElement {
  const notices = data.notices.map(text => h('li', {}, text));
  const about = h('p', { class: 'about' }, data.about);
  return h('header', {}, h('h1', { dir: 'auto' }, data.title), about, h('ul', { class: 'notices' }, ...notices));
}

const root = document.querySelector('main')!;
useNonce(document.querySelector('style')?.nonce ?? '');
show(root).catch((error: unknown) => {
  root.replaceChildren(h('p', {}, `This report cannot be shown: ${sentence(error)}`));
});
