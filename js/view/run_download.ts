/** A file brought to the page in parts, and saved. */
import type { RunAsk } from '../core/run';
import type { Answer } from '../core/types';
import { h } from './dom';

/** In bytes: more than this a page is not asked to hold. */
export const TOO_LARGE = 500_000_000;

export async function download(
  ask: (question: RunAsk) => Promise<Answer>,
  run: string,
  file: { readonly path: string; readonly size: number },
  name: string,
  progress: (part: number) => void,
): Promise<void> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let offset: number | null = 0;
  while (offset !== null) {
    const answer: Answer = await ask({ do: 'part', run, path: file.path, offset });
    const [bytes] = answer.buffers;
    if (bytes) parts.push(copyOf(bytes));
    offset = answer['next'] as number | null;
    if ((offset ?? 0) > TOO_LARGE) throw new Error('This file grew too large to be sent to the page.');
    progress(file.size > 0 ? Math.min(1, (offset ?? file.size) / file.size) : 1);
  }
  const url = URL.createObjectURL(new Blob(parts, { type: 'application/octet-stream' }));
  const link = h('a', { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** The bytes by themselves, out of what may be a larger buffer. */
export function copyOf(bytes: DataView): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}
