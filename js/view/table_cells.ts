/** What the cells of a run table show: text, look and tooltip by the kind of column. */
import { isMissing, textAt } from '../core/columns';
import { directionOf } from '../core/direction';
import { columnFormat, formatDuration, formatNumber, formatRelative, formatTime, statusText } from '../core/format';
import type { Column, Table } from '../core/types';
import type { GridColumn } from '../grid/types';
import type { ColumnInfo } from './table_columns';

const NONE = '–';
const SHORT = 9;
const formats = new WeakMap<Column, (value: number) => string>();

/** The best value of each metric among the rows shown, by column name; asked for at each drawing. */
export type Best = ReadonlyMap<string, number>;

export interface CellContext {
  readonly table: Table;
  readonly best: () => Best;
  readonly now: () => number;
}

/** How the grid shows one column. */
export function gridColumn(info: ColumnInfo, context: CellContext): GridColumn {
  const { column } = info;
  const numeric = column.kind === 'number';
  const text = textFor(info, context);
  const missing = (row: number): boolean => isMissing(column, row) && text(row) === '';
  return {
    id: column.name,
    title: info.title,
    hint: column.name,
    group: info.group,
    align: numeric ? 'right' : 'left',
    sortable: true,
    widest: column.name === 'name' ? 300 : 220,
    room: column.name === 'status' ? 24 : column.name === 'name' || info.group === 'metrics' ? 8 : 0,
    text: row => (missing(row) ? NONE : text(row)),
    copy: row => (missing(row) ? '' : copyText(column, row)),
    look: row => (missing(row) ? 'none' : lookFor(info, context, row)),
    tip: row => (missing(row) ? '' : tipFor(column, row, text(row))),
  };
}

function textFor(info: ColumnInfo, context: CellContext): (row: number) => string {
  const { column } = info;
  const { values } = column;
  if (column.name === 'status') return row => statusText(textAt(column, row));
  if (column.name === 'duration') return row => formatDuration(durationOf(column, row, context));
  if (column.name === 'star') return row => (values[row] === 1 ? '★' : '');
  if (column.kind === 'time') return row => formatRelative(values[row]!, context.now());
  if (column.kind !== 'number') return row => firstLine(textAt(column, row));
  const format = info.group === 'metrics' ? metricFormat(column) : paramText;
  return row => (isMissing(column, row) ? '' : format(values[row]!));
}

/** A running run has no duration yet: it is as long as it has run. */
function durationOf(column: Column, row: number, { table, now }: CellContext): number {
  const value = column.values[row]!;
  if (!Number.isNaN(value)) return value;
  const status = table.column('status');
  const start = table.column('start_time')?.values[row];
  return status && start !== undefined && textAt(status, row) === 'RUNNING' ? (now() - start) / 1000 : Number.NaN;
}

function metricFormat(column: Column): (value: number) => string {
  const known = formats.get(column) ?? columnFormat(column.values);
  formats.set(column, known);
  return known;
}

/** A parameter is shown as it was set where that is short. */
function paramText(value: number): string {
  const exact = String(value);
  const plain = Math.abs(value) >= 1e-4 && exact.length <= SHORT;
  return plain ? exact.replace('-', '−') : formatNumber(value);
}

function firstLine(text: string): string {
  const end = text.indexOf('\n');
  return end < 0 ? text : `${text.slice(0, end)} …`;
}

function lookFor(info: ColumnInfo, context: CellContext, row: number): string {
  const { column } = info;
  if (column.name === 'name') return 'runname';
  if (column.name === 'status')
    return `chip ${textAt(column, row)
      .toLowerCase()
      .replace(/[^a-z]/g, '')}`;
  if (info.group === 'metrics') return context.best().get(column.name) === column.values[row] ? 'best' : '';
  return info.group === '' ? 'soft' : '';
}

function tipFor(column: Column, row: number, shown: string): string {
  const exact = copyText(column, row);
  return exact === shown || column.name === 'status' ? '' : exact;
}

/** The value itself: all digits, the time as a time, the text whole. */
export function copyText(column: Column, row: number): string {
  if (isMissing(column, row)) return '';
  return column.kind === 'time' ? formatTime(column.values[row]!) : textAt(column, row);
}

/** The best value of each metric whose direction is known, where some rows are worse. */
export function bestOf(infos: readonly ColumnInfo[], rows: Uint32Array): Best {
  const best = new Map<string, number>();
  for (const { column, group, title } of infos) {
    const direction = group === 'metrics' && column.kind === 'number' ? directionOf(title) : null;
    if (direction === null) continue;
    const { least, most } = extremes(column.values, rows);
    if (least < most) best.set(column.name, direction === 'lower' ? least : most);
  }
  return best;
}

function extremes(values: Float64Array, rows: Uint32Array): { least: number; most: number } {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    const value = values[row]!;
    if (!Number.isFinite(value)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return { least, most };
}
