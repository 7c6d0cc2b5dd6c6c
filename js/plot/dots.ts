/** One value a run, on one line each: for metrics that have no history to draw. */
import { bestRow, scaleOf, type Style, valueText } from '../core/figures';
import type { Column } from '../core/types';
import { h } from '../view/dom';

export interface DotRun {
  readonly row: number;
  readonly label: string;
  readonly style: Style;
}

const MOST = 60;

/** The runs' values of `column`, the best one marked; runs without a value are left out. */
export function dots(column: Column, runs: readonly DotRun[]): HTMLElement {
  const rows = runs.map(run => run.row);
  const scale = scaleOf(column, rows);
  const best = bestRow(column, rows);
  const drawn = runs.filter(run => !Number.isNaN(scale.at(run.row)));
  const list = h('ul', { class: 'trk-dots' });
  for (const run of drawn.slice(0, MOST)) {
    const place = `${(2 + 96 * scale.at(run.row)).toFixed(2)}%`;
    const line = h('span', { class: 'trk-dots-line' }, h('i'));
    line.style.setProperty('--at', place);
    line.style.setProperty('--run', run.style.color);
    list.append(
      h(
        'li',
        { class: run.row === best ? 'trk-best' : null },
        h('span', { class: 'trk-dots-name', title: run.label }, run.label),
        line,
        h('span', { class: 'trk-dots-value', title: String(column.values[run.row]) }, valueText(column, run.row)),
      ),
    );
  }
  if (drawn.length > MOST) list.append(h('li', { class: 'trk-dim' }, `and ${drawn.length - MOST} more runs`));
  return list;
}
