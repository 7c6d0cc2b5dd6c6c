/** Runs of a group as one line: their mean on a shared grid of x, and a band of one standard deviation. Pure. */
import { escapeText } from '../core/figures';
import type { CurveLine } from './curves';

const PLACES = 200;

export interface Band {
  readonly x: Float64Array;
  readonly mean: Float64Array;
  /** Standard deviation of a sample; 0 where only one run is. */
  readonly sd: Float64Array;
  /** The most runs that any place has. */
  readonly count: number;
}

/** Null where no line has two points with an x that rises. */
export function bandOf(lines: readonly CurveLine[]): Band | null {
  const drawn = lines.filter(line => line.x.length > 1 && Number.isFinite(line.x[0]!));
  if (drawn.length === 0) return null;
  const low = Math.min(...drawn.map(line => line.x[0]!));
  const high = Math.max(...drawn.map(line => line.x.at(-1)!));
  if (!(high > low)) return null;
  const x = Float64Array.from({ length: PLACES }, (_, i) => low + (i / (PLACES - 1)) * (high - low));
  const mean = new Float64Array(PLACES).fill(Number.NaN);
  const sd = new Float64Array(PLACES);
  const columns = drawn.map(line => interpolated(line.x, line.shown, x));
  for (let i = 0; i < PLACES; i++) {
    const values = columns.flatMap(column => (Number.isFinite(column[i]!) ? [column[i]!] : []));
    if (values.length === 0) continue;
    const average = values.reduce((sum, value) => sum + value, 0) / values.length;
    mean[i] = average;
    const squares = values.reduce((sum, value) => sum + (value - average) ** 2, 0);
    sd[i] = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0;
  }
  return { x, mean, sd, count: drawn.length };
}

/** The line's value at each x, straight between its finite points; NaN outside. `x` and `at` rise. */
export function interpolated(x: Float64Array, y: Float64Array, at: Float64Array): Float64Array {
  const known = Array.from(x.keys()).filter(i => Number.isFinite(y[i]!) && Number.isFinite(x[i]!));
  let next = 0;
  return at.map(place => {
    while (next < known.length && x[known[next]!]! < place) next += 1;
    const right = known[next];
    if (right === undefined) return Number.NaN;
    if (x[right] === place) return y[right]!;
    const left = known[next - 1];
    if (left === undefined) return Number.NaN;
    const share = (place - x[left]!) / (x[right]! - x[left]!);
    return y[left]! + share * (y[right]! - y[left]!);
  });
}

/** The band's traces: its lower edge, what lies between, its mean. */
export function bandTraces(band: Band, label: string, color: string, log: boolean, hover: string, count = 1): object[] {
  const fit = (value: number) => (Number.isFinite(value) && !(log && value <= 0) ? value : null);
  const x = Array.from(band.x);
  const edge = { type: 'scatter', mode: 'lines', x, line: { width: 0 }, hoverinfo: 'skip', showlegend: false };
  const name = escapeText(`${label} (n = ${band.count})`);
  return [
    { ...edge, y: x.map((_, i) => fit(band.mean[i]! - band.sd[i]!)) },
    {
      ...edge,
      y: x.map((_, i) => fit(band.mean[i]! + band.sd[i]!)),
      fill: 'tonexty',
      fillcolor: faint(color, 0.6 / Math.max(3, count)),
    },
    {
      type: 'scatter',
      mode: 'lines',
      name,
      x,
      y: x.map((_, i) => fit(band.mean[i]!)),
      line: { color, width: 2 },
      customdata: x.map((_, i) => band.sd[i]),
      hovertemplate: `<b>%{fullData.name}</b><br>${hover}<br>%{y:.5~g} ± %{customdata:.2~g}<extra></extra>`,
    },
  ];
}

function faint(color: string, alpha: number): string {
  const [red, green, blue] = [1, 3, 5].map(i => Number.parseInt(color.slice(i, i + 2), 16));
  return `rgba(${red},${green},${blue},${alpha.toFixed(2)})`;
}
