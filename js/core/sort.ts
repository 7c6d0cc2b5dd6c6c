/** Sorting by permutation: columns stay where they are, an order of row numbers is what changes. */
import type { Column, Table } from './types';

export interface SortKey {
  readonly column: string;
  readonly descending: boolean;
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'variant' });
const ranks = new WeakMap<Column, Float64Array>();

/** 0, 1, 2, … `length` − 1. */
export function naturalOrder(length: number): Uint32Array {
  const order = new Uint32Array(length);
  for (let row = 0; row < length; row++) order[row] = row;
  return order;
}

/** `rows` (all of them by default) by these keys in turn; equal ones keep their order, those with no value come last. */
export function sortRows(table: Table, keys: readonly SortKey[], rows = naturalOrder(table.length)): Uint32Array {
  const parts = keys.flatMap(({ column, descending }) => {
    const found = table.column(column);
    return found ? [comparator(sortable(found), descending)] : [];
  });
  const order = rows.slice();
  const [first, ...rest] = parts;
  if (!first) return order;
  if (rest.length === 0) return order.sort(first);
  return order.sort((a, b) => {
    for (const part of parts) {
      const result = part(a, b);
      if (result !== 0) return result;
    }
    return 0;
  });
}

function comparator(values: Float64Array, descending: boolean): (a: number, b: number) => number {
  const sign = descending ? -1 : 1;
  return (a, b) => {
    const x = values[a]!;
    const y = values[b]!;
    if (x < y) return -sign;
    if (x > y) return sign;
    if (x === y) return 0;
    return (x === x ? 0 : 1) - (y === y ? 0 : 1);
  };
}

/** Numbers that sort as the column's values do: text by its rank, "run 2" before "run 10". */
function sortable(column: Column): Float64Array {
  if (column.kind !== 'string') return column.values;
  const known = ranks.get(column);
  if (known) return known;
  const rank = rankOf(column);
  const values = column.values.map(code => rank[code] ?? Number.NaN);
  ranks.set(column, values);
  return values;
}

function rankOf(column: Column): Float64Array {
  const { dictionary } = column;
  const number = dictionary.map(Number);
  const codes = Array.from(dictionary, (_, code) => code);
  codes.sort((a, b) => {
    const x = number[a]!;
    const y = number[b]!;
    if (x === x && y === y) return x - y;
    if (x === x || y === y) return x === x ? -1 : 1;
    return collator.compare(dictionary[a]!, dictionary[b]!);
  });
  const rank = new Float64Array(dictionary.length);
  codes.forEach((code, place) => {
    rank[code] = place;
  });
  return rank;
}
