import { describe, expect, test } from 'vitest';
import { decimate, within } from '../core/decimate';
import { smooth } from '../core/smooth';

const range = (length: number) => Float64Array.from({ length }, (_, i) => i);

/** Lowest and highest value in each of `columns` equal parts of x. */
function envelope(x: Float64Array, y: Float64Array, indices: Iterable<number>, columns: number): string[] {
  const parts = Array.from({ length: columns }, () => [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const);
  const scale = columns / (x[x.length - 1]! - x[0]!);
  const out = parts.map(part => [...part]);
  for (const i of indices) {
    if (!Number.isFinite(y[i]!)) continue;
    const part = out[Math.min(columns - 1, Math.floor((x[i]! - x[0]!) * scale))]!;
    part[0] = Math.min(part[0]!, y[i]!);
    part[1] = Math.max(part[1]!, y[i]!);
  }
  return out.map(String);
}

describe('decimate', () => {
  test('keeps the least and the greatest value of every pixel column, and both ends', () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 16807) % 2147483647;
      return seed / 2147483647;
    };
    const x = range(20_000).map(i => i + random() * 0.5);
    const y = x.map(i => Math.sin(i / 300) + random());
    const kept = decimate(x, y, 200);
    expect(kept.length).toBeLessThanOrEqual(800);
    expect(kept[0]).toBe(0);
    expect(kept.at(-1)).toBe(19_999);
    expect(envelope(x, y, kept, 200)).toEqual(envelope(x, y, x.keys(), 200));
    expect([...kept]).toEqual([...kept].sort((a, b) => a - b));
  });

  test('a single spike among a million points is not lost', () => {
    const x = range(1_000_000);
    const y = new Float64Array(1_000_000);
    y[654_321] = 9;
    expect([...decimate(x, y, 300)]).toContain(654_321);
  });

  test('few points are all kept, and a gap stays a gap', () => {
    const y = Float64Array.from([1, 2, Number.NaN, 4]);
    expect([...decimate(range(4), y, 100)]).toEqual([0, 1, 2, 3]);
    const long = range(10_000);
    long.fill(Number.NaN, 4000, 6000);
    const kept = decimate(range(10_000), long, 50);
    expect([...kept].some(i => Number.isNaN(long[i]!))).toBe(true);
  });

  test('points with no x are left out', () => {
    const x = Float64Array.from([0, Number.NaN, 2]);
    expect([...decimate(x, range(3), 10)]).toEqual([0, 2]);
  });

  test('a constant x draws its extremes', () => {
    const y = range(1000).map(i => (i * 37) % 1000);
    const kept = decimate(new Float64Array(1000).fill(5), y, 10);
    expect(kept.length).toBeLessThanOrEqual(4);
    expect(Math.max(...[...kept].map(i => y[i]!))).toBe(999);
  });

  test('a zoomed part takes one point more at each side', () => {
    expect(within(range(100), 10.5, 20.5)).toEqual([10, 22]);
    expect(within(range(100), -5, 500)).toEqual([0, 100]);
    expect(within(range(100), 10, 10)).toEqual([9, 12]);
  });
});

describe('smooth', () => {
  test('no weight gives the values themselves', () => {
    const values = range(5);
    expect(smooth(values, 0)).toBe(values);
  });

  test('a constant stays constant from the first point on', () => {
    for (const value of smooth(new Float64Array(50).fill(3), 0.95)) expect(value).toBeCloseTo(3, 12);
  });

  test('the average with the start taken out, by hand', () => {
    const out = smooth(Float64Array.from([1, 3]), 0.5);
    expect(out[0]).toBeCloseTo(1, 12);
    expect(out[1]).toBeCloseTo((0.5 * 0.5 * 1 + 0.5 * 3) / 0.75, 12);
  });

  test('NaN and infinities stay where they are and spoil nothing after them', () => {
    const out = smooth(Float64Array.from([2, Number.NaN, Number.POSITIVE_INFINITY, 2]), 0.9);
    expect([out[1], out[2]]).toEqual([Number.NaN, Number.POSITIVE_INFINITY]);
    expect(out[3]).toBeCloseTo(2, 12);
  });
});
