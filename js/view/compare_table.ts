/** The side-by-side panel: one column a run, one row a parameter, metric or tag; what differs stands out. */
import { bestRow, differs, shortName, texts } from '../core/figures';
import { plural } from '../core/format';
import type { Column } from '../core/types';
import type { Context, Panel, ShownRun } from './compare_model';
import { toggle } from './controls';
import { h } from './dom';

const MOST_RUNS = 100;
const FAMILIES = [
  ['params.', 'Parameters'],
  ['metrics.', 'Metrics'],
  ['tags.', 'Tags'],
] as const;
const FACTS: Readonly<Record<string, string>> = {
  experiment: 'Experiment',
  status: 'Status',
  start_time: 'Started',
  duration: 'Duration',
};

export function tablePanel(context: Context): Panel {
  const note = h('span', { class: 'trk-dim' });
  const switcher = toggle('Only what differs', context.state().differing, value =>
    context.change({ differing: value }),
  );
  const frame = h('div', { class: 'trk-scroll', tabindex: 0, role: 'region', 'aria-label': 'Runs side by side' });
  let columns: readonly string[] = [];
  frame.addEventListener('pointerover', event => {
    const cell = event.target instanceof Element ? event.target.closest<HTMLTableCellElement>('th, td') : null;
    context.hover(columns[(cell?.cellIndex ?? 0) - 1] ?? null);
  });
  frame.addEventListener('pointerleave', () => context.hover(null));
  const stop = context.onHover(id => {
    const place = id === null ? -1 : columns.indexOf(id);
    for (const cell of frame.querySelectorAll('.trk-lit')) cell.classList.remove('trk-lit');
    if (place < 0) return;
    for (const cell of frame.querySelectorAll(`tr > :nth-child(${place + 2})`)) cell.classList.add('trk-lit');
  });
  return {
    close: stop,
    node: h('div', {}, h('div', { class: 'trk-bar' }, switcher, note), frame),
    draw() {
      const all = context.visible();
      const runs = all.slice(0, MOST_RUNS);
      columns = runs.map(run => run.id);
      const { body, same } = bodyOf(context, runs);
      const hidden = same > 0 ? `${plural(same, 'row')} hidden: the same in all runs` : '';
      const more = all.length > runs.length ? `first ${MOST_RUNS} of ${all.length} runs` : '';
      note.textContent = [hidden, more].filter(Boolean).join(' · ');
      frame.replaceChildren(
        body.length > 0
          ? h('table', { class: 'trk-table' }, h('thead', {}, headOf(runs)), ...body)
          : h(
              'p',
              { class: 'trk-empty' },
              context.runs().length === 0
                ? 'No runs yet. Write %%track at the top of a cell and run it.'
                : all.length === 0
                  ? 'Every run is hidden: click their names above to show them.'
                  : 'These runs differ in nothing.',
            ),
      );
    },
  };
}

function headOf(runs: readonly ShownRun[]): HTMLElement {
  const heads = runs.map(run => {
    const swatch = h('i', { class: 'trk-swatch' });
    swatch.style.background = run.style.color;
    return h('th', { scope: 'col', title: `${run.label}\n${run.id}` }, h('div', {}, swatch, h('span', {}, run.label)));
  });
  return h('tr', {}, h('th', { scope: 'col', class: 'trk-corner' }), ...heads);
}

function bodyOf(context: Context, runs: readonly ShownRun[]): { body: HTMLElement[]; same: number } {
  const rows = runs.map(run => run.row);
  const onlyDiffering = context.state().differing && runs.length > 1;
  const table = context.table();
  let same = 0;
  const section = (title: string, columns: readonly Column[]) => {
    const lines = columns.flatMap(column => {
      const differing = differs(column, rows);
      if (!differing && onlyDiffering) same++;
      return differing || !onlyDiffering ? [lineOf(column, runs, rows, differing && !onlyDiffering)] : [];
    });
    if (lines.length === 0) return [];
    const head = h('tr', { class: 'trk-family' }, h('th', { scope: 'rowgroup', colspan: runs.length + 1 }, title));
    return [h('tbody', {}, head, ...lines)];
  };
  const body = FAMILIES.flatMap(([prefix, title]) =>
    section(
      title,
      table.columns.filter(column => column.name.startsWith(prefix) && hasValue(column, rows)),
    ),
  );
  const facts = Object.keys(FACTS).flatMap(name => table.column(name) ?? []);
  return { body: [...body, ...section('Run', facts)], same };
}

function hasValue(column: Column, rows: readonly number[]): boolean {
  return rows.some(row => !Number.isNaN(column.values[row]!) || column.nan?.[row] === 1);
}

function lineOf(column: Column, runs: readonly ShownRun[], rows: readonly number[], differing: boolean): HTMLElement {
  const best = column.name.startsWith('metrics.') ? bestRow(column, rows) : null;
  const name = FACTS[column.name] ?? shortName(column.name);
  const text = texts(column, rows);
  const cells = runs.map(run => {
    const value = text(run.row);
    const kind = [column.kind === 'number' ? 'trk-number' : '', run.row === best ? 'trk-best' : ''].join(' ').trim();
    return h('td', { class: kind || null, title: run.row === best ? `${value} (best)` : value }, value);
  });
  return h('tr', { class: differing ? 'trk-differs' : null }, h('th', { scope: 'row', title: name }, name), ...cells);
}
