/** Taking what the table shows elsewhere: as CSV, as a filter, or as the Python call that gives the same runs. */
import { isMissing, textAt } from '../core/columns';
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

/** The filter of the selected runs if there are any, else that of the table. */
export function toFilter(state: TableState, selected: readonly string[]): string {
  return selected.length > 0 ? `run_id IN (${selected.map(id => `'${id}'`).join(', ')})` : state.where;
}

/** The Python call for the runs of these experiments that a state shows, or for the selected ones if there are any. */
export function toPython(state: TableState, selected: readonly string[], experiments: readonly string[] = []): string {
  const where = toFilter(state, selected);
  const [only] = experiments.length === 1 && selected.length === 0 ? experiments : [];
  const order = state.sort.map(({ column, descending }) => `${writtenName(column)} ${descending ? 'DESC' : 'ASC'}`);
  const options = [
    ...(only === undefined ? [] : [JSON.stringify(only)]),
    ...(where === '' ? [] : [`where=${JSON.stringify(where)}`]),
    ...(order.length === 0 ? [] : [`order_by=[${order.map(each => JSON.stringify(each)).join(', ')}]`]),
  ];
  return `tracker.runs(${options.join(', ')})`;
}

/** The Python call that compares them. */
export function toComparison(state: TableState, selected: readonly string[], experiments: readonly string[]): string {
  if (selected.length > 0) return `tracker.compare([${selected.map(id => JSON.stringify(id)).join(', ')}])`;
  const options = [
    ...(experiments.length === 1 ? [`experiment=${JSON.stringify(experiments[0])}`] : []),
    ...(state.where.trim() === '' ? [] : [`where=${JSON.stringify(state.where)}`]),
  ];
  return `tracker.compare(${options.join(', ')})`;
}

/** The condition that a run has this value; '' for values that the grammar cannot write. */
export function conditionFor(column: Column, row: number): string {
  const name = writtenName(column.name);
  if (column.kind === 'time' || (column.kind === 'number' && !Number.isFinite(column.values[row]!))) return '';
  if (isMissing(column, row)) return column.name.includes('.') ? `${name} IS NULL` : '';
  const text = textAt(column, row);
  return `${name} = ${column.kind === 'string' ? `'${text.replaceAll("'", "''")}'` : text}`;
}
