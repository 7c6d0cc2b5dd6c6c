/** A curve as the path of a small line, memory of the last drawn kept by curve. */
import type { Curve } from '../core/types';

const paths = new WeakMap<Curve, string>();
const PAD = 2;

/** The path in a box of these px, broken where a value is not finite; '' where there is no line to draw. */
export function spark(curve: Curve, width: number, height: number): string {
  const known = paths.get(curve);
  if (known !== undefined) return known;
  const path = draw(curve.step, curve.value, width - 2 * PAD, height - 2 * PAD);
  paths.set(curve, path);
  return path;
}

function draw(x: Float64Array, y: Float64Array, width: number, height: number): string {
  const finite = y.filter(Number.isFinite);
  if (finite.length < 2) return '';
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const [first, last] = [x[0]!, x[x.length - 1]!];
  let path = '';
  let open = false;
  for (let i = 0; i < y.length; i++) {
    const value = y[i]!;
    if (!Number.isFinite(value)) {
      open = false;
      continue;
    }
    const left = PAD + (last > first ? (x[i]! - first) / (last - first) : 0.5) * width;
    const top = PAD + (high > low ? (high - value) / (high - low) : 0.5) * height;
    path += `${open ? 'L' : 'M'}${left.toFixed(1)} ${top.toFixed(1)}`;
    open = true;
  }
  return path;
}
