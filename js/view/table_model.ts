/** The run table without a screen: data and state in, rows and columns to show out. */
import { tableFromJson } from '../core/columns';
import { compileFilter, type Filter, FilterError, filterRows } from '../core/filter';
import { naturalOrder, type SortKey, sortRows } from '../core/sort';
import type { Table, TableState } from '../core/types';
import { type Best, bestOf } from './table_cells';
import { type ColumnInfo, describeColumns, shownColumns } from './table_columns';

export const EMPTY_STATE: TableState = { where: '', sort: [], hidden: [] };

export class TableModel {
  #table: Table = tableFromJson([]);
  #infos: readonly ColumnInfo[] = [];
  #state = EMPTY_STATE;
  #filtered: Uint32Array = new Uint32Array(0);
  #order: Uint32Array = new Uint32Array(0);
  #best: Best | null = null;
  #rowsById: Map<string, number> | null = null;
  #moved: string[] = [];
  /** Names in the filter that no run has. */
  unknown: readonly string[] = [];

  get table(): Table {
    return this.#table;
  }

  get state(): TableState {
    return this.#state;
  }

  get infos(): readonly ColumnInfo[] {
    return this.#infos;
  }

  /** The rows that match, in the order to show. */
  get order(): Uint32Array {
    return this.#order;
  }

  get columns(): ColumnInfo[] {
    return shownColumns(this.#infos, this.#state, this.#moved);
  }

  get best(): Best {
    this.#best ??= bestOf(this.#infos, this.#order);
    return this.#best;
  }

  take(table: Table, state: TableState): void {
    const fresh = table !== this.#table;
    const refilter = fresh || state.where !== this.#state.where;
    const resort = refilter || JSON.stringify(state.sort) !== JSON.stringify(this.#state.sort);
    this.#table = table;
    this.#state = state;
    if (fresh) {
      this.#infos = describeColumns(table);
      this.#rowsById = null;
    }
    if (refilter) this.#filter();
    if (resort) this.#order = sortRows(table, state.sort, this.#filtered);
    if (refilter) this.#best = null;
  }

  /** The filter as compiled, or its mistake. */
  check(where: string): Filter | FilterError {
    try {
      return compileFilter(where, this.#table);
    } catch (error) {
      if (error instanceof FilterError) return error;
      throw error;
    }
  }

  /** A filter with a mistake, which can only come from outside, hides no run. */
  #filter(): void {
    const all = naturalOrder(this.#table.length);
    const filter = this.check(this.#state.where);
    const broken = filter instanceof FilterError;
    this.unknown = broken ? [] : filter.unknown;
    this.#filtered = broken || this.#state.where.trim() === '' ? all : filterRows(filter, all);
  }

  /** The sort keys after `column` was chosen: ascending, descending, then as before. */
  sortedBy(column: string, adds: boolean): readonly SortKey[] {
    const keys = this.#state.sort;
    const known = keys.find(key => key.column === column);
    const others = adds ? keys.filter(key => key.column !== column) : [];
    const first = this.#descendsFirst(column);
    if (!known) return [...others, { column, descending: first }];
    if (known.descending !== first) return others;
    const turned = { column, descending: !first };
    return adds ? keys.map(key => (key === known ? turned : key)) : [turned];
  }

  /** What people want to see first: the highest metric, the latest run; names from A. */
  #descendsFirst(column: string): boolean {
    if (column.startsWith('metrics.')) return !this.#lowerIsBetter(column);
    return column === 'start_time' || column === 'end_time' || column === 'duration' || column === 'star';
  }

  #lowerIsBetter(column: string): boolean {
    const best = this.best.get(column);
    return best !== undefined && this.#order.every(row => !(this.#table.column(column)!.values[row]! < best));
  }

  /** Puts a column before another, null being the end. */
  move(column: string, next: string | null): void {
    const names = this.columns.map(info => info.column.name).filter(name => name !== column);
    const at = next === null ? names.length : names.indexOf(next);
    names.splice(at < 0 ? names.length : at, 0, column);
    this.#moved = names;
  }

  idOf(row: number): string {
    const ids = this.#table.column('run_id');
    return ids?.dictionary[ids.values[row] ?? -1] ?? '';
  }

  /** The row of a run, undefined where this table does not hold it. */
  rowOf(id: string): number | undefined {
    if (!this.#rowsById) {
      this.#rowsById = new Map();
      for (let row = 0; row < this.#table.length; row++) this.#rowsById.set(this.idOf(row), row);
    }
    return this.#rowsById.get(id);
  }
}
