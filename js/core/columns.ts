/**
 * Arrow IPC bytes and JSON columns become the same typed columns, so that every view reads one shape.
 */
import { type Bytes, decodeArrow } from './arrow';
import type { Column, ColumnKind, Curve, JsonColumn, JsonCurve, JsonNumber, Table } from './types';

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
  const { columns, length } = decodeArrow(bytes);
  return makeTable(columns, length);
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
