/** Nested runs below their parents: an order of rows in, the same rows with depths out. Pure. */
import type { Table } from './types';

export interface Nested {
  readonly order: Uint32Array;
  /** By row: how deep it stands; 0 for a run whose parent is not among the rows. */
  readonly depth: ReadonlyMap<number, number>;
  /** By row: how many runs stand right below it, unfolded or not. */
  readonly children: ReadonlyMap<number, number>;
}

/** The row of each row's parent, −1 where it has none in this table; null where no run is nested. */
export function parentRows(table: Table): Int32Array | null {
  const parents = table.column('parent_run_id');
  const ids = table.column('run_id');
  if (!parents || !ids || parents.dictionary.length === 0) return null;
  const rowById = new Map<string, number>();
  for (let row = 0; row < table.length; row++) rowById.set(ids.dictionary[ids.values[row]!] ?? '', row);
  const rowByCode = Int32Array.from(parents.dictionary, id => rowById.get(id) ?? -1);
  let any = false;
  const rows = new Int32Array(table.length);
  for (let row = 0; row < table.length; row++) {
    const code = parents.values[row]!;
    rows[row] = code === code ? rowByCode[code]! : -1;
    if (rows[row] === row) rows[row] = -1;
    any ||= rows[row]! >= 0;
  }
  return any ? rows : null;
}

/** The rows of `order` with those below a folded parent left out. Runs that are each other's parents stand at the top. */
export function nest(order: Uint32Array, parents: Int32Array, open: (row: number) => boolean): Nested {
  const here = new Set(order);
  const below = new Map<number, number[]>();
  const roots: number[] = [];
  for (const row of order) {
    const parent = parents[row]!;
    if (parent < 0 || !here.has(parent) || isCircular(row, parents)) roots.push(row);
    else if (!below.get(parent)?.push(row)) below.set(parent, [row]);
  }
  const shown: number[] = [];
  const depth = new Map<number, number>();
  const stack = roots.reverse().map((row): [number, number] => [row, 0]);
  for (let next = stack.pop(); next; next = stack.pop()) {
    const [row, level] = next;
    shown.push(row);
    if (level > 0) depth.set(row, level);
    if (open(row)) for (const child of (below.get(row) ?? []).toReversed()) stack.push([child, level + 1]);
  }
  return {
    order: Uint32Array.from(shown),
    depth,
    children: new Map([...below].map(([row, rows]) => [row, rows.length])),
  };
}

function isCircular(row: number, parents: Int32Array): boolean {
  let slow = row;
  let fast = row;
  while (true) {
    slow = parents[slow]!;
    fast = parents[parents[fast] ?? -1] ?? -1;
    if (fast < 0 || slow < 0) return false;
    if (slow === fast) return true;
  }
}
