/** Taking what the table shows elsewhere: as CSV, or as the Python call that gives the same runs. */
import { writtenName } from '../core/filter';
import type { Column, TableState } from '../core/types';
import { copyText } from './table_cells';

/** Rows as CSV with a header; values have all their digits. */
export function toCsv(columns: readonly Column[], rows: Iterable<number>): string {
  const lines = [columns.map(column => field(column.name))];
  for (const row of rows) lines.push(columns.map(column => field(copyText(column, row))));
  return `${lines.map(line => line.join(',')).join('\r\n')}\r\n`;
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The Python call for the runs that a state shows, or for the selected ones if there are any. */
export function toPython(state: TableState, selected: readonly string[]): string {
  const where = selected.length > 0 ? `run_id IN (${selected.map(id => `'${id}'`).join(', ')})` : state.where;
  const order = state.sort.map(({ column, descending }) => `${writtenName(column)} ${descending ? 'DESC' : 'ASC'}`);
  const options = [
    ...(where === '' ? [] : [`where=${JSON.stringify(where)}`]),
    ...(order.length === 0 ? [] : [`order_by=[${order.map(each => JSON.stringify(each)).join(', ')}]`]),
  ];
  return `tracker.runs(${options.join(', ')})`;
}
