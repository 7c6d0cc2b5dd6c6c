/** An answer as src/tracker/server/wire.py packs it: buffers lie at multiples of eight, and are not copied. */
import type { Answer } from '../core/types';

export const KIND = 'application/vnd.tracker.answer';
const ALIGNED = 8;

/** Throws where the bytes are not an answer. */
export function unpacked(bytes: ArrayBuffer): Answer {
  const length = new DataView(bytes).getUint32(0, true);
  const text = new TextDecoder().decode(new Uint8Array(bytes, ALIGNED, length));
  const { sizes, ...told } = JSON.parse(text) as { readonly sizes: readonly number[] };
  let at = ALIGNED + padded(length);
  const buffers = sizes.map(size => {
    const buffer = new DataView(bytes, at, size);
    at += padded(size);
    return buffer;
  });
  return { ...told, buffers };
}

function padded(size: number): number {
  return Math.ceil(size / ALIGNED) * ALIGNED;
}
