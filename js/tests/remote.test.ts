import { describe, expect, it } from 'vitest';
import { artifactAt } from '../lab/artifact_at';
import { runOf } from '../lab/cell_runs';
import { unpacked } from '../remote/wire';
import { ALL, type Route, routeOf, routeText } from '../view/route';

/** As src/tracker/server/wire.py writes it. */
function packed(told: object, buffers: readonly Uint8Array[]): ArrayBuffer {
  const text = new TextEncoder().encode(JSON.stringify({ ...told, sizes: buffers.map(each => each.length) }));
  const parts = [new Uint8Array(8), text, ...buffers].map(part => {
    const whole = new Uint8Array(Math.ceil(part.length / 8) * 8);
    whole.set(part);
    return whole;
  });
  new DataView(parts[0]!.buffer).setUint32(0, text.length, true);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes.buffer;
}

describe('an answer', () => {
  it('holds its words and its buffers, which lie at multiples of eight', () => {
    const { buffers, ...told } = unpacked(
      packed({ word: 'größer', n: null }, [Uint8Array.of(1, 2, 3), Uint8Array.of(4)]),
    );
    expect(told).toEqual({ word: 'größer', n: null });
    expect(buffers.map(each => [...new Uint8Array(each.buffer, each.byteOffset, each.byteLength)])).toEqual([
      [1, 2, 3],
      [4],
    ]);
    expect(buffers.every(each => each.byteOffset % 8 === 0)).toBe(true);
  });

  it('that is none is refused', () => {
    expect(() => unpacked(new TextEncoder().encode('<!doctype html>…').buffer)).toThrow();
    expect(() => unpacked(new ArrayBuffer(2))).toThrow();
  });
});

describe('a route', () => {
  const routes: readonly Route[] = [
    ALL,
    { at: 'runs', experiments: ['12', '7'] },
    { at: 'compare', runs: ['a', 'b,c', 'd=e&f'] },
    { at: 'run', run: 'ü#%' },
  ];
  it.each(routes)('%j survives an address', route => {
    expect(routeOf(routeText(route))).toEqual(route);
  });
  it.each(['', 'run=', 'nothing=1', '%', 'compare', 'javascript:alert(1)'])('"%s" is all runs', text => {
    expect(routeOf(text)).toEqual(ALL);
  });
  it('passes over an escape that is none', () => {
    expect(routeOf('run=%zz')).toEqual({ at: 'run', run: '%zz' });
  });
});

describe('a cell', () => {
  const MIME = 'application/vnd.tracker.v1+json';
  const cell = (...data: object[]) =>
    runOf({
      id: '1',
      type: 'code',
      outputs: { length: data.length, get: i => ({ data: data[i] as never }), changed: null as never },
    });
  const card = (id: unknown) => ({ [MIME]: { protocol: 1, view: 'card', run: { id, name: 'n', status: 'FAILED' } } });

  it('made the run of its last card', () => {
    expect(cell({ 'text/plain': 'x' }, card('a'), card('b'), {})).toEqual({ id: 'b', name: 'n', status: 'FAILED' });
  });
  it('made none where its outputs hold no card', () => {
    expect(cell()).toBeNull();
    expect(runOf({ id: '1', type: 'markdown' })).toBeNull();
    expect(cell({ [MIME]: { view: 'table' } }, card(7), { [MIME]: null }, { [MIME]: { view: 'card' } })).toBeNull();
  });
});

describe('an artifact under the pointer', () => {
  const element = (data: Record<string, string>, expanded?: boolean) => {
    const node = document.createElement('li');
    Object.assign(node.dataset, data);
    if (expanded !== undefined) node.setAttribute('aria-expanded', String(expanded));
    return node;
  };
  it('is told by its file and the run around it', () => {
    const path = [document.createElement('span'), element({ file: 'a/b.txt' }), element({ run: 'R' }), document];
    expect(artifactAt(path)).toEqual({ run: 'R', path: 'a/b.txt' });
    expect(artifactAt([element({ path: 'c.txt' }), element({ run: 'R' })])).toEqual({ run: 'R', path: 'c.txt' });
  });
  it('is none for a folder, or where no run is around', () => {
    expect(artifactAt([element({ path: 'a' }, false), element({ run: 'R' })])).toBeNull();
    expect(artifactAt([element({ file: 'a' })])).toBeNull();
  });
});
