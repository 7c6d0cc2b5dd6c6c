/** The rows that a run table shows, in order: runs, groups of runs, or nested runs below their parents. Pure. */
import { type Group, GroupTable, groupRows } from '../core/groups';
import { nest, parentRows } from '../core/nest';
import { type SortKey, sortRows } from '../core/sort';
import type { Table, TableState } from '../core/types';
import { FLAT, type GridRows } from '../grid/types';

/** A group stands in the order as the number of the table's rows plus its own. */
export interface Rows {
  readonly order: Uint32Array;
  readonly facts: GridRows;
  readonly groups: GroupTable | null;
  /** What `open` in the state calls the thing that a row unfolds; '' where it unfolds nothing. */
  keyOf(row: number): string;
  /** How many runs stand right below a run. */
  children(row: number): number;
}

export interface Arrangement {
  readonly table: Table;
  /** Runs that pass, in the order in which the table has them. */
  readonly rows: Uint32Array;
  readonly state: TableState;
  idOf(row: number): string;
}

/** Sorted, and grouped or nested as the state says. */
export function arrange(given: Arrangement): Rows {
  const { table, rows, state } = given;
  const sorted = sortRows(table, state.sort, rows);
  const by = (state.group ?? []).filter(name => table.column(name));
  if (by.length > 0) return grouped(given, groupRows(table, by, sorted), by, state.sort);
  const parents = state.flat ? null : parentRows(table);
  if (!parents) return { order: sorted, facts: FLAT, groups: null, keyOf: () => '', children: () => 0 };
  const open = new Set(state.open);
  const { order, depth, children } = nest(sorted, parents, row => open.has(given.idOf(row)));
  return {
    order,
    groups: null,
    keyOf: row => (children.has(row) ? given.idOf(row) : ''),
    children: row => children.get(row) ?? 0,
    facts: {
      level: row => depth.get(row) ?? 0,
      expanded: row => (children.has(row) ? open.has(given.idOf(row)) : null),
      members: () => null,
    },
  };
}

function grouped(
  { table, state }: Arrangement,
  found: readonly Group[],
  by: readonly string[],
  sort: readonly SortKey[],
): Rows {
  const order = sortRows(new GroupTable(table, found), sort.length > 0 ? sort : by.map(ascending));
  const groups = new GroupTable(
    table,
    Array.from(order, place => found[place]!),
  );
  const open = new Set(state.open);
  const first = table.length;
  const members = groups.groups.map(group => group.rows);
  const shown: number[] = [];
  groups.groups.forEach((group, place) => {
    shown.push(first + place);
    if (open.has(group.key)) for (const row of group.rows) shown.push(row);
  });
  return {
    order: Uint32Array.from(shown),
    groups,
    keyOf: row => groups.groups[row - first]?.key ?? '',
    children: () => 0,
    facts: {
      level: row => (row >= first ? 0 : 1),
      expanded: row => (row >= first ? open.has(groups.groups[row - first]!.key) : null),
      members: row => members[row - first] ?? null,
    },
  };
}

function ascending(column: string): SortKey {
  return { column, descending: false };
}
