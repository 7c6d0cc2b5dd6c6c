/**
 * An Arrow IPC stream as typed columns. flechette reads the messages; their buffers are taken here, for the types that
 * Python sends (numbers, timestamps, bools, texts with and without a dictionary), without a copy where they are doubles.
 */
import { type ArrowBatch, type ArrowType, decodeIPCStream } from '@uwdata/flechette/src/decode/decode-ipc.js';
import type { Column, ColumnKind } from './types';

export type Bytes = Uint8Array | DataView | ArrayBuffer;

const DICTIONARY = -1;
const NULL = 1;
const TEXT = 5;
const BOOL = 6;
const TIMESTAMP = 10;
const LARGE_TEXT = 20;
/** By Arrow's unit (s, ms, µs, ns): how many of them are a ms. */
const PER_MS = [1e-3, 1, 1e3, 1e6];

/** One column's buffers in one record batch. */
interface Chunk {
  readonly length: number;
  /** One bit a row, null where all rows have a value. */
  readonly valid: Uint8Array | null;
  readonly buffers: readonly Uint8Array[];
  /** The entries of its dictionary as they were when the batch came. */
  readonly entries: readonly (string | null)[];
}

/** The columns of a stream and their length; no bytes are no columns. Throws on damaged bytes. */
export function decodeArrow(bytes: Bytes): { readonly columns: Column[]; readonly length: number } {
  const data = aligned(bytes);
  if (data.length === 0) return { columns: [], length: 0 };
  const { schema, records, dictionaries, dictsBeforeRecord } = decodeIPCStream(data);
  const fields = schema?.fields ?? [];
  const types = new Map(fields.flatMap(({ type }) => (type.dictionary ? [[type.id, type.dictionary]] : [])));
  const known = new Map<number, readonly (string | null)[]>();
  const chunks: Chunk[][] = fields.map(() => []);
  let read = 0;
  records.forEach((record, i) => {
    for (; read < (dictsBeforeRecord[i] ?? 0); read++) {
      const { id, data, body, isDelta } = dictionaries[read]!;
      const type = types.get(id);
      const before = (isDelta && known.get(id)) || [];
      if (type) known.set(id, [...before, ...texts(take({ ...data, body }, type, new Cursor(), []), type)]);
    }
    const cursor = new Cursor();
    for (const [k, { type }] of fields.entries()) {
      chunks[k]!.push(take(record, type, cursor, known.get(type.id ?? Number.NaN) ?? []));
    }
  });
  const length = records.reduce((sum, record) => sum + record.length, 0);
  return { columns: fields.map(({ name, type }, k) => columnOf(name, type, chunks[k]!, length)), length };
}

/** Arrow wants its buffers on 8-byte bounds; what a comm delivers may start anywhere in a larger buffer. */
function aligned(bytes: Bytes): Uint8Array {
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.byteOffset % 8 === 0 ? view : view.slice();
}

class Cursor {
  node = 0;
  region = 0;
}

function take(batch: ArrowBatch, type: ArrowType, cursor: Cursor, entries: Chunk['entries']): Chunk {
  if (batch.compression) throw new Error('These runs came compressed, which this page cannot read.');
  const node = batch.nodes[cursor.node++]!;
  const count = type.typeId === NULL ? 0 : type.typeId === TEXT || type.typeId === LARGE_TEXT ? 3 : 2;
  const [valid, ...buffers] = batch.regions.slice(cursor.region, cursor.region + count).map(region => {
    return batch.body.subarray(region.offset, region.offset + region.length);
  });
  cursor.region += count;
  return { length: node.length, valid: node.nullCount > 0 && valid ? valid : null, buffers, entries };
}

function has(chunk: Chunk, row: number): boolean {
  return chunk.valid === null || bit(chunk.valid, row);
}

function bit(bits: Uint8Array, row: number): boolean {
  return ((bits[row >> 3]! >> (row & 7)) & 1) === 1;
}

function view(
  bytes: Uint8Array,
  kind: ArrowType['values'],
  name: string,
): InstanceType<NonNullable<ArrowType['values']>> {
  if (!kind) throw new Error(`The column ${name} has a type that the run table does not read.`);
  const width = (kind as unknown as { readonly BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT;
  return new kind(bytes.buffer, bytes.byteOffset, bytes.byteLength / width);
}

/** Rows that are looked at before a column is decoded whole. */
const GLANCE = 64;

/** A column that decodes itself when it is first read: most of a wide table's never are. */
function columnOf(name: string, type: ArrowType, chunks: readonly Chunk[], length: number): Column {
  let known: Column | null = null;
  const whole = (): Column => {
    known ??= decoded(name, type, chunks, length);
    return known;
  };
  return {
    name,
    kind: kindOf(type),
    length,
    get values() {
      return whole().values;
    },
    get dictionary() {
      return whole().dictionary;
    },
    get nan() {
      return whole().nan;
    },
    get head() {
      const [first] = chunks;
      if (known || !first || first.length <= GLANCE) return undefined;
      return decoded(name, type, [{ ...first, length: GLANCE }], GLANCE);
    },
  };
}

function kindOf(type: ArrowType): ColumnKind {
  if (type.typeId === TIMESTAMP) return 'time';
  if (type.typeId === BOOL) return 'bool';
  return [DICTIONARY, TEXT, LARGE_TEXT, NULL].includes(type.typeId) ? 'string' : 'number';
}

function decoded(name: string, type: ArrowType, chunks: readonly Chunk[], length: number): Column {
  const kind = kindOf(type);
  if (kind === 'string') return textColumn(name, type, chunks, length);
  const values = numbers(name, type, chunks, length);
  const nan = kind === 'number' ? loggedNaN(values, chunks) : undefined;
  return { name, kind, length, values, dictionary: [], ...(nan && { nan }) };
}

function numbers(name: string, type: ArrowType, chunks: readonly Chunk[], length: number): Float64Array {
  const [only] = chunks;
  if (only && chunks.length === 1 && only.valid === null && type.typeId !== BOOL) {
    const values = view(only.buffers[0]!, type.values, name);
    if (values instanceof Float64Array) return values.subarray(0, length);
  }
  const values = new Float64Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    const into = values.subarray(offset, offset + chunk.length);
    fill(into, chunk, type, name);
    if (chunk.valid) for (let row = 0; row < chunk.length; row++) if (!bit(chunk.valid, row)) into[row] = Number.NaN;
    offset += chunk.length;
  }
  return values;
}

function fill(into: Float64Array, chunk: Chunk, type: ArrowType, name: string): void {
  const bytes = chunk.buffers[0]!;
  if (type.typeId === BOOL) {
    for (let row = 0; row < into.length; row++) into[row] = bit(bytes, row) ? 1 : 0;
    return;
  }
  const source = view(bytes, type.values, name);
  if (source instanceof BigInt64Array) fillInt64(into, source, type.typeId === TIMESTAMP ? PER_MS[type.unit ?? 1]! : 1);
  else into.set(source.subarray(0, into.length));
}

/** Two 32-bit halves a value: no BigInt is made for any of the millions. */
function fillInt64(into: Float64Array, source: BigInt64Array, divisor: number): void {
  const low = new Uint32Array(source.buffer, source.byteOffset, source.length * 2);
  const high = new Int32Array(source.buffer, source.byteOffset, source.length * 2);
  for (let row = 0; row < into.length; row++) {
    into[row] = (high[2 * row + 1]! * 4294967296 + low[2 * row]!) / divisor;
  }
}

function loggedNaN(values: Float64Array, chunks: readonly Chunk[]): Uint8Array | undefined {
  let nan: Uint8Array | undefined;
  let offset = 0;
  for (const chunk of chunks) {
    for (let row = 0; row < chunk.length; row++) {
      const value = values[offset + row]!;
      if (value === value || !has(chunk, row)) continue;
      nan ??= new Uint8Array(values.length);
      nan[offset + row] = 1;
    }
    offset += chunk.length;
  }
  return nan;
}

function textColumn(name: string, type: ArrowType, chunks: readonly Chunk[], length: number): Column {
  const [only] = chunks;
  if (type.typeId === DICTIONARY && only && chunks.length === 1 && isWhole(only.entries)) {
    const values = numbers(name, type.indices!, chunks, length);
    return { name, kind: 'string', length, values, dictionary: only.entries };
  }
  const values = new Float64Array(length).fill(Number.NaN);
  const codes = new Map<string, number>();
  const code = (text: string | null | undefined): number => {
    if (text === null || text === undefined) return Number.NaN;
    const known = codes.get(text) ?? codes.size;
    codes.set(text, known);
    return known;
  };
  let offset = 0;
  for (const chunk of chunks) {
    if (type.typeId === DICTIONARY) {
      const recoded = chunk.entries.map(code);
      const indices = view(chunk.buffers[0]!, type.indices?.values, name);
      for (let row = 0; row < chunk.length; row++) {
        if (has(chunk, row)) values[offset + row] = recoded[Number(indices[row])] ?? Number.NaN;
      }
    } else if (type.typeId !== NULL) {
      values.set(texts(chunk, type).map(code), offset);
    }
    offset += chunk.length;
  }
  return { name, kind: 'string', length, values, dictionary: [...codes.keys()] };
}

function isWhole(entries: readonly (string | null)[]): entries is readonly string[] {
  return !entries.includes(null);
}

/** Decoded in one go; only where not every character is one byte does each text need a decoding of its own. */
function texts(chunk: Chunk, type: ArrowType): (string | null)[] {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const offsets = view(chunk.buffers[0]!, type.offsets, 'text');
  const bytes = chunk.buffers[1]!.subarray(0, Number(offsets[chunk.length] ?? 0));
  const all = decoder.decode(bytes);
  const plain = all.length === bytes.length;
  const result: (string | null)[] = [];
  for (let row = 0; row < chunk.length; row++) {
    const from = Number(offsets[row]);
    const to = Number(offsets[row + 1]);
    result.push(!has(chunk, row) ? null : plain ? all.slice(from, to) : decoder.decode(bytes.subarray(from, to)));
  }
  return result;
}
