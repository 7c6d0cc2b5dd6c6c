/** Fewer points that draw the same line: what one pixel column covers is known by its first, least, greatest and last point. */

/**
 * Indices of the points to draw, in order, of those from index `from` to `to` (exclusive) on `columns` pixel columns.
 * `x` rises. A gap (a `y` that is not finite) keeps one point in its column; points with no `x` are left out.
 */
export function decimate(
  x: Float64Array,
  y: Float64Array,
  columns: number,
  from = 0,
  to: number = x.length,
): Uint32Array {
  const width = Math.max(1, Math.floor(columns));
  if (to - from <= 4 * width) return everyPoint(x, from, to);
  const [low, high] = bounds(x, from, to);
  const scale = high > low ? width / (high - low) : 0;
  const kept = new Uint32Array(5 * (width + 1));
  let length = 0;
  let cell: Cell | null = null;
  const flush = () => {
    if (!cell) return;
    let before = -1;
    for (const i of [cell.first, cell.least, cell.most, cell.gap, cell.last].sort((a, b) => a - b)) {
      if (i < 0 || i === before) continue;
      kept[length++] = i;
      before = i;
    }
  };
  for (let i = from; i < to; i++) {
    const column = Math.min(width - 1, Math.floor((x[i]! - low) * scale));
    if (Number.isNaN(column)) continue;
    if (!cell || cell.column !== column) {
      flush();
      cell = { column, first: i, least: -1, most: -1, last: i, gap: -1 };
    }
    cell.last = i;
    if (!Number.isFinite(y[i]!)) {
      if (cell.gap < 0) cell.gap = i;
    } else {
      if (cell.least < 0 || y[i]! < y[cell.least]!) cell.least = i;
      if (cell.most < 0 || y[i]! > y[cell.most]!) cell.most = i;
    }
  }
  flush();
  return kept.slice(0, length);
}

interface Cell {
  readonly column: number;
  readonly first: number;
  least: number;
  most: number;
  last: number;
  gap: number;
}

function everyPoint(x: Float64Array, from: number, to: number): Uint32Array {
  const kept: number[] = [];
  for (let i = from; i < to; i++) if (!Number.isNaN(x[i]!)) kept.push(i);
  return Uint32Array.from(kept);
}

function bounds(x: Float64Array, from: number, to: number): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = from; i < to; i++) {
    if (x[i]! < low) low = x[i]!;
    if (x[i]! > high) high = x[i]!;
  }
  return [low, high];
}

/** The half-open range of indices whose `x` lies in [low, high], with one point more at each side so that lines leave the frame. */
export function within(x: Float64Array, low: number, high: number): [number, number] {
  return [Math.max(0, lowerBound(x, low) - 1), Math.min(x.length, lowerBound(x, high, true) + 1)];
}

function lowerBound(x: Float64Array, value: number, after = false): number {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle]! < value || (after && x[middle]! === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}
