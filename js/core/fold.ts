/** Runs that a person may want out of the way: failed ones, those over at once, and all but the last of equal ones. Pure. */
import { isMissing, textAt } from './columns';
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
  const start = table.column('start_time')?.values;
  const latest = new Map<string, number>();
  for (let row = 0; row < table.length; row++) {
    if (params.every(column => isMissing(column, row))) continue;
    const key = JSON.stringify([experiment && textAt(experiment, row), ...params.map(column => part(column, row))]);
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

function part(column: Column, row: number): number | string | null {
  const value = column.values[row]!;
  return value === value ? (Number.isFinite(value) ? value : String(value)) : column.nan?.[row] === 1 ? 'NaN' : null;
}

/** Those of `rows` that none of the masks takes away. */
export function unfolded(rows: Uint32Array, masks: readonly (Uint8Array | null)[]): Uint32Array {
  const active = masks.filter(mask => mask !== null);
  return active.length === 0 ? rows : rows.filter(row => active.every(mask => mask[row] !== 1));
}
