/** A metric's curve in the size of a word: SVG, drawn again in place as points arrive. */
import { decimate } from '../core/decimate';
import { formatNumber } from '../core/format';
import { s } from '../view/dom';

export const WIDTH = 120;
export const HEIGHT = 28;
const PAD = 2;

export interface Line {
  /** Path of the line, broken where a value is not finite. */
  readonly path: string;
  /** Path of the last finite point: a line of no length, which a round cap makes a dot. */
  readonly dot: string;
  readonly min: number;
  readonly max: number;
  readonly last: number;
}

/** The line of these points in a box of WIDTH × HEIGHT; null where no value is finite. */
export function sparkline(x: Float64Array, y: Float64Array): Line | null {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of y) {
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (min > max) return null;
  const low = x[0] ?? 0;
  const across = (WIDTH - 2 * PAD) / ((x[x.length - 1] ?? 0) - low || 1);
  const down = max > min ? (HEIGHT - 2 * PAD) / (max - min) : 0;
  const point = (i: number) => {
    const top = down ? HEIGHT - PAD - (y[i]! - min) * down : HEIGHT / 2;
    return `${(PAD + (x[i]! - low) * across).toFixed(1)} ${top.toFixed(1)}`;
  };
  let path = '';
  let open = false;
  let end = -1;
  for (const i of decimate(x, y, WIDTH)) {
    const finite = Number.isFinite(y[i]!);
    if (finite) {
      path += `${open ? 'L' : 'M'}${point(i)}`;
      end = i;
    }
    open = finite;
  }
  return { path, dot: end < 0 ? '' : `M${point(end)}h0`, min, max, last: y[end] ?? Number.NaN };
}

/** An empty sparkline, to be filled by `drawSparkline`. */
export function makeSparkline(): SVGSVGElement {
  return s(
    'svg',
    { class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' },
    s('title'),
    s('path', { class: 'line' }),
    s('path', { class: 'dot' }),
  );
}

/** Draws the points into `svg`, or hides it where there is no line to draw; says which. */
export function drawSparkline(svg: SVGSVGElement, key: string, x: Float64Array, y: Float64Array): boolean {
  const line = y.length > 1 ? sparkline(x, y) : null;
  svg.style.display = line ? '' : 'none';
  if (!line) return false;
  const [title, path, dot] = [...svg.children];
  const text = `${key}: last ${formatNumber(line.last)}, min ${formatNumber(line.min)}, max ${formatNumber(line.max)}`;
  title!.textContent = text;
  svg.setAttribute('aria-label', text);
  path!.setAttribute('d', line.path);
  dot!.setAttribute('d', line.dot);
  return true;
}
