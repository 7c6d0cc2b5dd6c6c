/** The run table without a screen: data, edits and state in; rows and columns to show out. */
import { tableFromJson, textAt } from '../core/columns';
import { merged, removedBy, withEdits } from '../core/edits';
import { compileFilter, type Filter, FilterError, filterRows } from '../core/filter';
import { FOLDS, foldedRows, unfolded } from '../core/fold';
import { naturalOrder, type SortKey } from '../core/sort';
import { directionIn, missingStats, withStats } from '../core/stats';
import type { Curve, Edit, Fold, Table, TableState } from '../core/types';
import { type Best, bestOf } from './table_cells';
import { type ColumnInfo, describeColumns, shownColumns } from './table_columns';
import { arrange, type Rows } from './table_rows';

export const EMPTY_STATE: TableState = { where: '', sort: [], hidden: [] };
const NO_TABLE = tableFromJson([]);
const NO_ROWS = new Uint32Array(0);

/** All that a table is made of; what is left out stays as it was. */
export interface Given {
  readonly table?: Table;
  readonly changes?: Table | undefined;
  readonly gone?: readonly string[] | undefined;
  readonly edits?: readonly Edit[];
  readonly extremes?: Table | null;
  readonly sparks?: readonly Curve[];
  readonly state?: TableState;
}

export class TableModel {
  #given = {
    table: NO_TABLE,
    changes: undefined as Table | undefined,
    gone: undefined as readonly string[] | undefined,
    edits: [] as readonly Edit[],
    extremes: null as Table | null,
    sparks: [] as readonly Curve[],
    state: EMPTY_STATE,
  };
  #merged: Table = NO_TABLE;
  #raw: Table = NO_TABLE;
  #shown: Table = NO_TABLE;
  #infos: readonly ColumnInfo[] = [];
  #filtered: Uint32Array = NO_ROWS;
  #kept: Uint32Array = NO_ROWS;
  #rows: Rows | null = null;
  #best: Best | null = null;
  #rowsById: Map<string, number> | null = null;
  #masks = new Map<Fold, Uint8Array | null>();
  #sparks = new Map<string, Map<string, Curve>>();
  /** Names in the filter that no run has. */
  unknown: readonly string[] = [];

  /** The runs with each metric by the value that is shown. */
  get table(): Table {
    return this.#shown;
  }

  /** The runs as the filter reads them. */
  get raw(): Table {
    return this.#raw;
  }

  get state(): TableState {
    return this.#given.state;
  }

  get infos(): readonly ColumnInfo[] {
    return this.#infos;
  }

  get rows(): Rows {
    this.#rows ??= arrange({ table: this.#shown, rows: this.#kept, state: this.state, idOf: row => this.idOf(row) });
    return this.#rows;
  }

  /** What is shown, from the top: runs, and groups as numbers beyond the runs. */
  get order(): Uint32Array {
    return this.rows.order;
  }

  /** The runs that pass filter and folds. */
  get kept(): Uint32Array {
    return this.#kept;
  }

  get columns(): ColumnInfo[] {
    return shownColumns(this.#infos, this.state);
  }

  get best(): Best {
    this.#best ??= bestOf(this.#infos, this.#kept, name => directionIn(this.state, name));
    return this.#best;
  }

  /** Keys of metrics of which the state shows an extreme that is not here yet. */
  get wantedStats(): string[] {
    return missingStats(this.state, this.#given.extremes);
  }

  take(given: Given): void {
    const before = this.#given;
    const now = { ...before, ...given };
    this.#given = now;
    const arrived = now.table !== before.table || now.changes !== before.changes || now.gone !== before.gone;
    if (arrived) this.#merged = now.changes ? merged(now.table, now.changes, now.gone ?? []) : now.table;
    const edited = arrived || now.edits !== before.edits;
    if (edited) {
      this.#raw = withEdits(this.#merged, now.edits);
      this.#rowsById = null;
      this.#masks.clear();
    }
    const restated =
      edited || now.extremes !== before.extremes || differ(now.state, before.state, ['stats', 'directions']);
    if (restated) {
      this.#shown = withStats(this.#raw, now.state, now.extremes);
      this.#infos = describeColumns(this.#shown);
      this.#best = null;
    }
    if (now.sparks !== before.sparks) this.#takeSparks(now.sparks);
    const refiltered = edited || differ(now.state, before.state, ['where', 'view']);
    if (refiltered) this.#filter();
    const refolded = refiltered || differ(now.state, before.state, ['fold']);
    if (refolded) {
      this.#kept = unfolded(
        this.#filtered,
        (now.state.fold ?? []).map(fold => this.#mask(fold)),
      );
      this.#best = null;
    }
    if (refolded || restated || differ(now.state, before.state, ['sort', 'group', 'open', 'flat'])) this.#rows = null;
  }

  /** The filter as compiled, or its mistake. */
  check(where: string): Filter | FilterError {
    try {
      return compileFilter(where, this.#raw);
    } catch (error) {
      if (error instanceof FilterError) return error;
      throw error;
    }
  }

  /** A filter with a mistake, which can only come from outside, hides no run. */
  #filter(): void {
    const { state, edits } = this.#given;
    const gone = removedBy(edits, state.view ?? 'active');
    const every = naturalOrder(this.#raw.length);
    const all = gone.size > 0 ? every.filter(row => !gone.has(this.idOf(row))) : every;
    const filter = this.check(state.where);
    const broken = filter instanceof FilterError;
    this.unknown = broken ? [] : filter.unknown;
    this.#filtered = broken || state.where.trim() === '' ? all : filterRows(filter, all);
  }

  /** How many of the runs that pass the filter each fold takes away; those that take none are left out. */
  folds(): { readonly fold: Fold; readonly count: number }[] {
    return FOLDS.flatMap(fold => {
      const mask = this.#mask(fold);
      let count = 0;
      if (mask) for (const row of this.#filtered) count += mask[row]!;
      return count > 0 ? [{ fold, count }] : [];
    });
  }

  #mask(fold: Fold): Uint8Array | null {
    if (!this.#masks.has(fold)) this.#masks.set(fold, foldedRows(this.#raw, fold));
    return this.#masks.get(fold) ?? null;
  }

  #takeSparks(sparks: readonly Curve[]): void {
    this.#sparks = new Map();
    for (const curve of sparks) {
      const byRun = this.#sparks.get(curve.key) ?? new Map<string, Curve>();
      this.#sparks.set(curve.key, byRun.set(curve.run, curve));
    }
  }

  /** The history of a metric of one run in a few points, where it has come. */
  spark(key: string, row: number): Curve | undefined {
    return this.#sparks.get(key)?.get(this.idOf(row));
  }

  /** Whether any run's history of this metric has come. */
  hasSparks(key: string): boolean {
    return this.#sparks.has(key);
  }

  /** The sort keys after `column` was chosen: its better end first, the other, then as before. */
  sortedBy(column: string, adds: boolean): readonly SortKey[] {
    const keys = this.state.sort;
    const known = keys.find(key => key.column === column);
    const others = adds ? keys.filter(key => key.column !== column) : [];
    const first = this.#descendsFirst(column);
    if (!known) return [...others, { column, descending: first }];
    if (known.descending !== first) return others;
    const turned = { column, descending: !first };
    return adds ? keys.map(key => (key === known ? turned : key)) : [turned];
  }

  /** What people want to see first: the best metric, the latest run; names from A. */
  #descendsFirst(column: string): boolean {
    if (column.startsWith('metrics.')) return directionIn(this.state, column) !== 'lower';
    return column === 'start_time' || column === 'end_time' || column === 'duration' || column === 'star';
  }

  /** The state with a column put before another, null being the end. */
  moved(column: string, next: string | null): TableState {
    const names = this.columns.map(info => info.column.name).filter(name => name !== column);
    const at = next === null ? names.length : names.indexOf(next);
    names.splice(at < 0 ? names.length : at, 0, column);
    return { ...this.state, order: names };
  }

  /** The state with what stands below a row seen or no longer. */
  toggled(row: number): TableState {
    const key = this.rows.keyOf(row);
    const open = this.state.open ?? [];
    if (key === '') return this.state;
    return { ...this.state, open: open.includes(key) ? open.filter(each => each !== key) : [...open, key] };
  }

  idOf(row: number): string {
    const ids = this.#raw.column('run_id');
    return ids ? textAt(ids, row) : '';
  }

  /** The row of a run, undefined where this table does not hold it. */
  rowOf(id: string): number | undefined {
    if (!this.#rowsById) {
      this.#rowsById = new Map();
      for (let row = 0; row < this.#raw.length; row++) this.#rowsById.set(this.idOf(row), row);
    }
    return this.#rowsById.get(id);
  }
}

function differ(now: TableState, before: TableState, names: readonly (keyof TableState)[]): boolean {
  return now !== before && names.some(name => JSON.stringify(now[name]) !== JSON.stringify(before[name]));
}
