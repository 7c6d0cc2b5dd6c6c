/** What the cells of a run table show: text, look and tooltip by the kind of column. */
import { isMissing, textAt } from '../core/columns';
import { columnFormat, formatDuration, formatNumber, formatRelative, formatTime, statusText } from '../core/format';
import type { Column, Curve, Direction, Stat, Table } from '../core/types';
import { LINE_HEIGHT, LINE_WIDTH } from '../grid/body';
import { FLAT, type GridColumn } from '../grid/types';
import { spark } from '../plot/spark';
import type { ColumnInfo } from './table_columns';
import { groupCells } from './table_group_cells';
import type { Rows } from './table_rows';

const NONE = '–';
const SHORT = 9;
/** What ± and a deviation take beside a mean. */
const SPREAD_ROOM = 58;
const formats = new WeakMap<Column, (value: number) => string>();

/** The best value of each metric among the rows shown, by column name; asked for at each drawing. */
export type Best = Pick<ReadonlyMap<string, number>, 'get'>;

export interface CellContext {
  readonly table: Table;
  readonly best: () => Best;
  readonly now: () => number;
  readonly rows: () => Rows;
  readonly stat: (column: string) => Stat;
  /** A metric's history in a few points; undefined where it is not here or not to be drawn. */
  readonly spark: (key: string, row: number) => Curve | undefined;
  /** Whether the cells of this metric leave room for a line. */
  readonly hasLines: (column: string) => boolean;
  /** Whether this value of the run waits to be written. */
  readonly isPending: (row: number, column: string) => boolean;
  /** Whether what a person edits can reach the store. */
  readonly editable: () => boolean;
}

/** How the grid shows one column. */
export function gridColumn(info: ColumnInfo, context: CellContext): GridColumn {
  const { column } = info;
  const numeric = column.kind === 'number';
  const text = textFor(info, context);
  const missing = (row: number): boolean => isMissing(column, row) && text(row) === '';
  const group = groupCells(info, context, metricFormat);
  const runs = context.table.length;
  const lines = info.group === 'metrics' && context.hasLines(column.name);
  const stat = context.stat(column.name);
  return {
    id: column.name,
    title: info.group === 'metrics' && stat !== 'last' ? `${info.title} (${stat})` : info.title,
    hint: column.name,
    group: info.group,
    align: numeric ? 'right' : 'left',
    sortable: true,
    widest: (column.name === 'name' ? 280 : 220) + (context.rows().groups ? SPREAD_ROOM : 0) + (lines ? LINE_WIDTH : 0),
    room: (lines ? LINE_WIDTH + 8 : 0) + roomFor(info, context),
    text: row => (row >= runs ? group.text(row) : missing(row) ? NONE : text(row)),
    copy: row => (row >= runs ? group.text(row) : missing(row) ? '' : copyText(column, row)),
    look: row => (row >= runs ? group.look(row) : look(row)),
    tip: row => (row >= runs ? group.tip(row) : missing(row) ? '' : tipFor(column, row, text(row))),
    ...(lines && { line: row => (row >= runs ? '' : lineFor(info, context, row)) }),
  };

  function look(row: number): string {
    const waits = context.isPending(row, column.name) ? ' waits' : '';
    return `${missing(row) && column.name !== 'star' ? 'none' : lookFor(info, context, row)}${waits}`;
  }
}

function roomFor({ column, group }: ColumnInfo, { rows }: CellContext): number {
  if (column.name === 'status') return 24;
  if (column.name === 'name') return rows().facts === FLAT ? 8 : 42;
  const spread = rows().groups && column.kind === 'number' ? SPREAD_ROOM : 0;
  return (group === 'metrics' ? 8 : 0) + spread;
}

function lineFor({ title }: ColumnInfo, context: CellContext, row: number): string {
  const curve = context.spark(title, row);
  return curve ? spark(curve, LINE_WIDTH, LINE_HEIGHT) : '';
}

function textFor(info: ColumnInfo, context: CellContext): (row: number) => string {
  const { column } = info;
  const { values } = column;
  if (column.name === 'status') return row => statusText(textAt(column, row));
  if (column.name === 'duration') return row => formatDuration(durationOf(column, row, context));
  if (column.name === 'star') return row => (values[row] === 1 ? '★' : context.editable() ? '☆' : '');
  if (column.name === 'name') return row => withChildren(firstLine(textAt(column, row)), context.rows().children(row));
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

function withChildren(name: string, children: number): string {
  return children > 0 ? `${name} (${children})` : name;
}

function firstLine(text: string): string {
  const end = text.indexOf('\n');
  return end < 0 ? text : `${text.slice(0, end)} …`;
}

function lookFor(info: ColumnInfo, context: CellContext, row: number): string {
  const { column } = info;
  if (column.name === 'name') return 'runname';
  if (column.name === 'star') return column.values[row] === 1 ? 'star on' : 'star';
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

/** The best value of each metric whose direction is known, where some rows are worse; found when it is first asked for. */
export function bestOf(
  infos: readonly ColumnInfo[],
  rows: Uint32Array,
  directionOf: (column: string) => Direction | null,
): Best {
  const columns = new Map(infos.map(info => [info.column.name, info]));
  const known = new Map<string, number | undefined>();
  const find = (name: string): number | undefined => {
    const info = columns.get(name);
    const direction = info?.group === 'metrics' && info.column.kind === 'number' ? directionOf(name) : null;
    if (!info || direction === null) return undefined;
    const { least, most } = extremes(info.column.values, rows);
    return least < most ? (direction === 'lower' ? least : most) : undefined;
  };
  return {
    get(name) {
      if (!known.has(name)) known.set(name, find(name));
      return known.get(name);
    },
  };
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
