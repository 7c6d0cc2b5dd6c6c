/** One value a run, on one line each: for metrics that have no history to draw. */
import { directionOf } from '../core/direction';
import { bestRow, type Style, scaleOf, shortName, texts } from '../core/figures';
import type { Column } from '../core/types';
import { h } from '../view/dom';

export interface DotRun {
  readonly row: number;
  readonly label: string;
  readonly style: Style;
}

const MOST = 60;

/** Best first, where one direction is the better one. */
function inOrder(column: Column, runs: readonly DotRun[]): readonly DotRun[] {
  const direction = directionOf(shortName(column.name));
  if (!direction || column.kind !== 'number') return runs;
  const sign = direction === 'higher' ? -1 : 1;
  return [...runs].sort((a, b) => sign * (column.values[a.row]! - column.values[b.row]!));
}

/** The runs' values of `column`, the best one marked; runs without a value are left out. */
export function dots(column: Column, runs: readonly DotRun[]): HTMLElement {
  const rows = runs.map(run => run.row);
  const scale = scaleOf(column, rows);
  const best = bestRow(column, rows);
  const text = texts(column, rows);
  const drawn = inOrder(
    column,
    runs.filter(run => !Number.isNaN(scale.at(run.row))),
  );
  const alike = drawn.every(run => column.values[run.row] === column.values[drawn[0]!.row]);
  const list = h('ul', { class: 'trk-dots' });
  for (const run of drawn.slice(0, MOST)) {
    const place = `${(2 + 96 * (alike ? 1 : scale.at(run.row))).toFixed(2)}%`;
    const line = h('span', { class: 'trk-dots-line' }, h('i'));
    line.style.setProperty('--at', place);
    line.style.setProperty('--run', run.style.color);
    list.append(
      h(
        'li',
        { class: run.row === best ? 'trk-best' : null },
        h('span', { class: 'trk-dots-name', title: run.label }, run.label),
        line,
        h('span', { class: 'trk-dots-value', title: String(column.values[run.row]) }, text(run.row)),
      ),
    );
  }
  if (drawn.length === 0) list.append(h('li', { class: 'trk-dim' }, 'Every value of it is NaN or missing.'));
  if (drawn.length > MOST) list.append(h('li', { class: 'trk-dim' }, `and ${drawn.length - MOST} more runs`));
  return list;
}
