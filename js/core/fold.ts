/** Runs that a person may want out of the way: failed ones, those over at once, and all but the last of equal ones. Pure. */
import type { Column, Fold, Table } from './types';

export const FOLDS: readonly Fold[] = ['failed', 'short', 'repeats'];

/** A run that ended within this part of the usual duration, and in less than ten seconds, was over at once. */
const SHORT_PART = 0.05;
const SHORT_SECONDS = 10;

/** By row: whether the fold takes it away; null where it takes none. */
export function foldedRows(table: Table, fold: Fold): Uint8Array | null {
  const mask = fold === 'failed' ? failed(table) : fold === 'short' ? short(table) : repeats(table);
  return mask.includes(1) ? mask : null;
}

function failed(table: Table): Uint8Array {
  const status = table.column('status');
  const mask = new Uint8Array(table.length);
  if (!status) return mask;
  const bad = status.dictionary.map(text => text === 'FAILED' || text === 'KILLED');
  for (let row = 0; row < mask.length; row++) if (bad[status.values[row]!]) mask[row] = 1;
  return mask;
}

function short(table: Table): Uint8Array {
  const { values } = table.column('duration') ?? { values: new Float64Array(0) };
  const known = values.filter(value => value >= 0).sort();
  const bound = Math.min(SHORT_SECONDS, SHORT_PART * (known[known.length >> 1] ?? 0));
  const mask = new Uint8Array(table.length);
  for (let row = 0; row < values.length; row++) if (values[row]! < bound) mask[row] = 1;
  return mask;
}

/** Equal: of one experiment, with all parameters the same, having some; the latest started stays. */
function repeats(table: Table): Uint8Array {
  const params = table.columns.filter(column => column.name.startsWith('params.'));
  const mask = new Uint8Array(table.length);
  if (params.length === 0) return mask;
  const experiment = table.column('experiment');
  const { high, low, some } = digests(experiment ? [...params, experiment] : params, params.length, table.length);
  const start = table.column('start_time')?.values;
  const latest = new Map<number, number>();
  for (let row = 0; row < table.length; row++) {
    if (some[row] === 0) continue;
    const key = (high[row]! & 0x1fffff) * 4294967296 + low[row]!;
    const other = latest.get(key);
    if (other === undefined) {
      latest.set(key, row);
    } else if ((start?.[row] ?? 0) > (start?.[other] ?? 0)) {
      mask[other] = 1;
      latest.set(key, row);
    } else {
      mask[row] = 1;
    }
  }
  return mask;
}

/** Two hashes of each row's values, of which 53 bits together tell rows apart, and whether it has any of the first columns. */
function digests(columns: readonly Column[], counted: number, length: number) {
  const [high, low] = [new Uint32Array(length), new Uint32Array(length)];
  const some = new Uint8Array(length);
  const number = new Float64Array(1);
  const halves = new Uint32Array(number.buffer);
  columns.forEach((column, place) => {
    const { values, nan } = column;
    for (let row = 0; row < length; row++) {
      const value = values[row]!;
      const missing = value !== value && nan?.[row] !== 1;
      number[0] = missing ? Number.NEGATIVE_INFINITY : value;
      high[row] = Math.imul((Math.imul(high[row]! ^ halves[0]!, 0x9e3779b1) ^ halves[1]!) >>> 0, 0x85ebca6b);
      high[row]! ^= high[row]! >>> 15;
      low[row] = Math.imul((Math.imul(low[row]! ^ halves[1]!, 0xc2b2ae35) ^ halves[0]!) >>> 0, 0x27d4eb2f);
      low[row]! ^= low[row]! >>> 13;
      if (!missing && place < counted) some[row] = 1;
    }
  });
  return { high, low, some };
}

/** Those of `rows` that none of the masks takes away. */
export function unfolded(rows: Uint32Array, masks: readonly (Uint8Array | null)[]): Uint32Array {
  const active = masks.filter(mask => mask !== null);
  return active.length === 0 ? rows : rows.filter(row => active.every(mask => mask[row] !== 1));
}
