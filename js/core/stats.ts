/** Metrics by their least, greatest or best value instead of their last. Pure. */
import { textAt } from './columns';
import { directionOf } from './direction';
import { withColumns } from './edits';
import type { Column, Direction, Stat, Table, TableState } from './types';

/** Which of a metric's values is the better: as a person said, else as its name says; null for neither. */
export function directionIn(state: TableState, column: string): Direction | null {
  const said = state.directions?.[column];
  return said === 'none' ? null : (said ?? directionOf(column.replace(/^metrics\./, '')));
}

/** The part of a history that a stat needs: 'best' is one of the two by the metric's direction. */
export function extremeOf(stat: Stat, direction: Direction | null): 'min' | 'max' | null {
  if (stat === 'best') return direction === 'lower' ? 'min' : 'max';
  return stat === 'last' ? null : stat;
}

/** Keys of the metrics whose extremes the state asks for and `known` has not. */
export function missingStats(state: TableState, known: Table | null): string[] {
  return Object.entries(state.stats ?? {}).flatMap(([column, stat]) => {
    const key = column.replace(/^metrics\./, '');
    return stat === 'last' || known?.column(`min.${key}`) ? [] : [key];
  });
}

/** The table with each metric by the stat that the state asks for, as far as `extremes` (run_id, min.KEY, max.KEY) is here. */
export function withStats(table: Table, state: TableState, extremes: Table | null): Table {
  const ids = table.column('run_id');
  if (!extremes || !ids) return table;
  const rows = rowsByRun(extremes);
  const columns = Object.entries(state.stats ?? {}).flatMap(([name, stat]): Column[] => {
    const column = table.column(name);
    const extreme = extremeOf(stat, directionIn(state, name));
    const source = extreme && extremes.column(`${extreme}.${name.replace(/^metrics\./, '')}`);
    if (!column || !source) return [];
    const values = Float64Array.from({ length: table.length }, (_, row) => {
      const from = rows.get(textAt(ids, row));
      return (from === undefined ? undefined : source.values[from]) ?? Number.NaN;
    });
    return [{ ...column, name, kind: 'number', length: table.length, values, dictionary: [] }];
  });
  return withColumns(table, columns);
}

function rowsByRun(table: Table): Map<string, number> {
  const ids = table.column('run_id');
  return new Map(Array.from({ length: table.length }, (_, row) => [ids ? textAt(ids, row) : '', row]));
}
