/**
 * Arrow IPC bytes and JSON columns become the same typed columns, so that every view reads one shape.
 * Float buffers are taken over without a copy where Arrow's layout allows it.
 */
import { type Column as ArrowColumn, type Batch, tableFromIPC } from '@uwdata/flechette';
import type { Column, ColumnKind, Curve, JsonColumn, JsonCurve, JsonNumber, Table } from './types';

export type Bytes = Uint8Array | DataView | ArrayBuffer;
type Scalar = JsonNumber | string | boolean;

const TEXT: readonly string[] = [];

class ColumnTable implements Table {
  readonly #byName: ReadonlyMap<string, Column>;

  constructor(
    readonly columns: readonly Column[],
    readonly length: number,
  ) {
    this.#byName = new Map(columns.map(column => [column.name, column]));
  }

  column(name: string): Column | undefined {
    return this.#byName.get(name);
  }
}

/** A table of these columns; all of them have `length` values. */
export function makeTable(columns: readonly Column[], length = columns[0]?.length ?? 0): Table {
  return new ColumnTable(columns, length);
}

/** Whether the run at `row` has no value, as opposed to a logged NaN. */
export function isMissing(column: Column, row: number): boolean {
  const value = column.values[row];
  return (value === undefined || Number.isNaN(value)) && column.nan?.[row] !== 1;
}

/** The text of a string or bool value, '' where there is none. */
export function textAt(column: Column, row: number): string {
  const value = column.values[row];
  if (value === undefined || Number.isNaN(value)) return '';
  if (column.kind === 'string') return column.dictionary[value] ?? '';
  return column.kind === 'bool' ? String(value === 1) : String(value);
}

/** The run table out of an Arrow IPC stream; no bytes are an empty table. Throws on damaged bytes. */
export function tableFromArrow(bytes: Bytes): Table {
  const data = aligned(bytes);
  if (data.length === 0) return makeTable([]);
  const arrow = tableFromIPC(data);
  const columns = arrow.schema.fields.map((field, i) => fromArrow(field.name, arrow.getChildAt(i)));
  return makeTable(columns, arrow.numRows);
}

/** Curves out of an Arrow IPC stream of (run, key, step, time, value), sorted by run, key and step. */
export function curvesFromArrow(bytes: Bytes): Curve[] {
  const table = tableFromArrow(bytes);
  const names = ['run', 'key', 'step', 'time', 'value'];
  const [run, key, step, time, value] = names.map(name => table.column(name));
  if (!run || !key || !step || !time || !value) return [];
  const curves: Curve[] = [];
  for (let from = 0, to = 1; from < table.length; from = to++) {
    while (to < table.length && run.values[to] === run.values[from] && key.values[to] === key.values[from]) to++;
    curves.push({
      run: textAt(run, from),
      key: textAt(key, from),
      step: step.values.subarray(from, to),
      time: time.values.subarray(from, to),
      value: value.values.subarray(from, to),
    });
  }
  return curves;
}

/** The run table out of a saved bundle's columns. */
export function tableFromJson(columns: readonly JsonColumn[]): Table {
  return makeTable(columns.map(column => columnOf(column.name, column.kind, column.values)));
}

/** Curves out of a saved bundle; a curve with no times has NaN for each. */
export function curvesFromJson(curves: readonly JsonCurve[]): Curve[] {
  return curves.map(curve => ({
    run: curve.run ?? '',
    key: curve.key,
    step: Float64Array.from(curve.step),
    time: curve.time ? Float64Array.from(curve.time) : new Float64Array(curve.step.length).fill(Number.NaN),
    value: Float64Array.from(curve.value, jsonNumber),
  }));
}

/** The number that a JSON number or one of the words NaN, Infinity, -Infinity stands for; NaN for null. */
export function jsonNumber(value: JsonNumber): number {
  return value === null ? Number.NaN : Number(value);
}

/** One typed column out of plain values. A string column keeps the type of each value that is no text. */
export function columnOf(name: string, kind: ColumnKind, values: readonly Scalar[]): Column {
  return kind === 'string' ? textColumn(name, values) : numberColumn(name, kind, values);
}

function numberColumn(name: string, kind: ColumnKind, source: readonly Scalar[]): Column {
  const values = new Float64Array(source.length);
  let nan: Uint8Array | undefined;
  source.forEach((value, row) => {
    values[row] = value === null ? Number.NaN : Number(value);
    if (value === 'NaN') {
      nan ??= new Uint8Array(source.length);
      nan[row] = 1;
    }
  });
  return { name, kind, length: values.length, values, dictionary: TEXT, ...(nan && { nan }) };
}

function textColumn(name: string, source: readonly Scalar[]): Column {
  const values = new Float64Array(source.length);
  const codes = new Map<Scalar, number>();
  const dictionary: string[] = [];
  const kinds: ColumnKind[] = [];
  source.forEach((value, row) => {
    let code = value === null ? Number.NaN : codes.get(value);
    if (code === undefined) {
      code = dictionary.push(String(value)) - 1;
      kinds.push(typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'bool' : 'string');
      codes.set(value, code);
    }
    values[row] = code;
  });
  const mixed = kinds.some(kind => kind !== 'string');
  return { name, kind: 'string', length: values.length, values, dictionary, ...(mixed && { kinds }) };
}

/** Arrow wants its buffers on 8-byte bounds; what a comm delivers may start anywhere in a larger buffer. */
function aligned(bytes: Bytes): Uint8Array {
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.byteOffset % 8 === 0 ? view : view.slice();
}

function fromArrow(name: string, arrow: ArrowColumn<unknown>): Column {
  const length = arrow.length;
  const first = arrow.data[0]?.values;
  const kind = kindOf(arrow);
  if (kind === 'string') return arrowText(name, arrow);
  if (arrow.data.length === 1 && arrow.nullCount === 0 && first instanceof Float64Array) {
    return { name, kind, length, values: first, dictionary: TEXT, ...nanFlags(first, arrow) };
  }
  const values = new Float64Array(length);
  let offset = 0;
  for (const batch of arrow.data) {
    copyNumbers(batch, values.subarray(offset, offset + batch.length), timeDivisor(arrow));
    offset += batch.length;
  }
  return { name, kind, length, values, dictionary: TEXT, ...nanFlags(values, arrow) };
}

function kindOf(arrow: ArrowColumn<unknown>): ColumnKind {
  const sample = arrow.data[0];
  if ('unit' in arrow.type && 'timezone' in arrow.type) return 'time';
  if (sample?.values instanceof Float64Array || sample?.values instanceof BigInt64Array) return 'number';
  const value = sample && firstValid(sample);
  if (typeof value === 'number') return 'number';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

function firstValid(batch: Batch<unknown>): unknown {
  for (let row = 0; row < batch.length; row++) {
    const value = batch.at(row);
    if (value !== null) return value;
  }
  return null;
}

/** Arrow's time units are 0 s, 1 ms, 2 µs, 3 ns; what comes out is ms. */
function timeDivisor(arrow: ArrowColumn<unknown>): number {
  const type = arrow.type;
  return 'unit' in type && 'timezone' in type ? ([1e-3, 1, 1e3, 1e6][Number(type.unit)] ?? 1) : 1;
}

function copyNumbers(batch: Batch<unknown>, into: Float64Array, divisor: number): void {
  const source: unknown = batch.values;
  if (source instanceof BigInt64Array) {
    copyInt64(source, into, divisor);
  } else if (source instanceof Float64Array) {
    into.set(source.subarray(0, batch.length));
  } else {
    for (let row = 0; row < batch.length; row++) into[row] = Number(batch.at(row));
  }
  if (batch.nullCount === 0) return;
  for (let row = 0; row < batch.length; row++) if (!batch.isValid(row)) into[row] = Number.NaN;
}

/** Two 32-bit halves a value: no BigInt is made for any of the millions. */
function copyInt64(source: BigInt64Array, into: Float64Array, divisor: number): void {
  const low = new Uint32Array(source.buffer, source.byteOffset, source.length * 2);
  const high = new Int32Array(source.buffer, source.byteOffset, source.length * 2);
  for (let row = 0; row < into.length; row++) {
    into[row] = ((high[2 * row + 1] ?? 0) * 4294967296 + (low[2 * row] ?? 0)) / divisor;
  }
}

function nanFlags(values: Float64Array, arrow: ArrowColumn<unknown>): { nan?: Uint8Array } {
  let nan: Uint8Array | undefined;
  let offset = 0;
  for (const batch of arrow.data) {
    if (batch.values instanceof Float64Array) {
      for (let row = 0; row < batch.length; row++) {
        const value = values[offset + row];
        if (value === value || (batch.nullCount > 0 && !batch.isValid(row))) continue;
        nan ??= new Uint8Array(values.length);
        nan[offset + row] = 1;
      }
    }
    offset += batch.length;
  }
  return nan ? { nan } : {};
}

function arrowText(name: string, arrow: ArrowColumn<unknown>): Column {
  const values = new Float64Array(arrow.length);
  const dictionary: string[] = [];
  const codes = new Map<string, number>();
  const code = (value: unknown): number => {
    if (value === null || value === undefined) return Number.NaN;
    const text = String(value);
    const known = codes.get(text) ?? dictionary.push(text) - 1;
    codes.set(text, known);
    return known;
  };
  let offset = 0;
  for (const batch of arrow.data) {
    const entries = dictionaryOf(batch);
    if (entries) {
      const recoded = Float64Array.from(entries, code);
      const indices = batch.values as ArrayLike<number>;
      for (let row = 0; row < batch.length; row++) {
        const valid = batch.nullCount === 0 || batch.isValid(row);
        values[offset + row] = valid ? (recoded[Number(indices[row])] ?? Number.NaN) : Number.NaN;
      }
    } else {
      for (let row = 0; row < batch.length; row++) values[offset + row] = code(batch.at(row));
    }
    offset += batch.length;
  }
  return { name, kind: 'string', length: arrow.length, values, dictionary };
}

function dictionaryOf(batch: Batch<unknown>): Iterable<unknown> | null {
  return 'dictionary' in batch && batch.dictionary ? (batch.dictionary as Iterable<unknown>) : null;
}
