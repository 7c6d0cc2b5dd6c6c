/** The part of flechette that reads Arrow's messages; the rest of it knows many types that no run table has. */
declare module '@uwdata/flechette/src/decode/decode-ipc.js' {
  export interface ArrowType {
    readonly typeId: number;
    /** The array that holds the values, or the offsets of texts. */
    readonly values?: new (
      buffer: ArrayBufferLike,
      offset: number,
      length: number,
    ) => ArrowArray;
    readonly offsets?: new (buffer: ArrayBufferLike, offset: number, length: number) => ArrowArray;
    readonly unit?: number;
    /** Of a dictionary: its number, the type of its entries and that of the indices into them. */
    readonly id?: number;
    readonly dictionary?: ArrowType;
    readonly indices?: ArrowType;
  }

  export type ArrowArray =
    | BigInt64Array
    | Float64Array
    | Float32Array
    | Int32Array
    | Int16Array
    | Int8Array
    | Uint8Array;

  export interface ArrowBatch {
    readonly length: number;
    readonly nodes: readonly { readonly length: number; readonly nullCount: number }[];
    readonly regions: readonly { readonly offset: number; readonly length: number }[];
    readonly compression?: object | null;
    readonly body: Uint8Array;
  }

  export interface ArrowDictionary {
    readonly id: number;
    readonly data: Omit<ArrowBatch, 'body'>;
    readonly isDelta: boolean;
    readonly body: Uint8Array;
  }

  export interface ArrowData {
    readonly schema?: { readonly fields: readonly { readonly name: string; readonly type: ArrowType }[] };
    readonly records: readonly ArrowBatch[];
    readonly dictionaries: readonly ArrowDictionary[];
    readonly dictsBeforeRecord: readonly number[];
  }

  export function decodeIPCStream(bytes: Uint8Array): ArrowData;
}
