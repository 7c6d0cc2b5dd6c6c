/** The curves of one metric, as many points as the chart has pixels to show them on. */
import { decimate, within } from '../core/decimate';
import { escapeText, type Style } from '../core/figures';
import { smooth } from '../core/smooth';
import type { CompareState, Curve } from '../core/types';
import { bandOf, bandTraces, interpolated } from './bands';
import type { Figure, Range } from './plotly';

/** With more lines than this each is drawn thinner. */
const MANY = 24;
/** Columns of points over all lines of a chart: what SVG draws in a moment. */
const COLUMNS = 20_000;
const FEWEST_COLUMNS = 40;

export interface CurveLine {
  readonly run: string;
  readonly label: string;
  readonly style: Style;
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** `y` smoothed, or `y` itself. */
  readonly shown: Float64Array;
}

export interface CurveAxis {
  readonly title: string;
  readonly type: 'linear' | 'date';
  /** What the x values of a curve are on this axis. */
  readonly x: (curve: Curve) => Float64Array;
  readonly hover: string;
  /** Whether x rises along every curve, so that points can be thinned by it. */
  readonly rises: boolean;
}

export interface LineGroup {
  readonly label: string;
  readonly color: string;
  readonly lines: readonly CurveLine[];
}

export interface CurveOptions {
  readonly log: boolean;
  readonly logX?: boolean;
  /** Leaves the outermost twentieths of all values out of the y range. */
  readonly clip?: boolean;
  readonly width: number;
  readonly range: Range;
  readonly revision: string;
  /** Groups in place of the lines: their means and bands. */
  readonly groups?: readonly LineGroup[];
}

/** The x axis that `kind` asks for. Relative time is in the unit that suits the longest curve. */
export function curveAxis(
  kind: CompareState['x'],
  curves: readonly Curve[],
  others: (run: string, key: string) => Curve | undefined = () => undefined,
): CurveAxis {
  if (kind.startsWith('metric:')) return metricAxis(kind.slice('metric:'.length), others);
  if (kind === 'wall') {
    const shift = -new Date().getTimezoneOffset() * 60_000;
    return {
      title: 'time',
      type: 'date',
      x: curve => curve.time.map(time => time + shift),
      hover: '%{x|%Y-%m-%d %H:%M:%S}',
      rises: true,
    };
  }
  if (kind === 'step') {
    return { title: 'step', type: 'linear', x: curve => curve.step, hover: 'step %{x:,~g}', rises: true };
  }
  const longest = Math.max(
    0,
    ...curves.map(curve => (curve.time.at(-1) ?? 0) - (curve.time[0] ?? 0)).filter(Number.isFinite),
  );
  const [unit, size] = longest >= 7_200_000 ? ['h', 3_600_000] : longest >= 180_000 ? ['min', 60_000] : ['s', 1000];
  const x = (curve: Curve) => curve.time.map(time => (time - curve.time[0]!) / Number(size));
  return { title: `time since start (${unit})`, type: 'linear', x, hover: `%{x:.3~f} ${unit}`, rises: true };
}

/** Another metric's value at the same step of the same run; NaN where it has none around. */
function metricAxis(key: string, others: (run: string, key: string) => Curve | undefined): CurveAxis {
  const x = (curve: Curve) => {
    const other = others(curve.run, key);
    return other ? interpolated(other.step, other.value, curve.step) : curve.step.map(() => Number.NaN);
  };
  const title = escapeText(key);
  return { title, type: 'linear', x, hover: `${title.replaceAll('%{', '%&#123;')} %{x:.5~g}`, rises: false };
}

/** A curve made ready to be drawn often. */
export function curveLine(curve: Curve, axis: CurveAxis, label: string, style: Style, smoothing: number): CurveLine {
  return { run: curve.run, label, style, x: axis.x(curve), y: curve.value, shown: smooth(curve.value, smoothing) };
}

/** The figure of these lines on `width` pixels, of that part of x that is looked at. */
export function curvesFigure(lines: readonly CurveLine[], axis: CurveAxis, given: CurveOptions): Figure {
  const columns = Math.max(FEWEST_COLUMNS, Math.floor(COLUMNS / Math.max(1, lines.length)));
  const options = { ...given, width: Math.min(given.width, columns) };
  const [levels, drawn] = [lines.filter(isLevel), lines.filter(line => !isLevel(line))];
  const faint = drawn.flatMap(line => (line.shown === line.y ? [] : [trace(line, line.y, true, axis, options)]));
  const full = levels.length > 0 ? drawn : lines;
  const extent = options.range ?? extentOf(full.length > 0 ? full : lines);
  const bands = (options.groups ?? []).flatMap(({ label, color, lines: members }) => {
    const band = axis.rises ? bandOf(members.filter(line => !isLevel(line))) : null;
    return band ? bandTraces(band, label, color, options.log, axis.hover, options.groups?.length) : [];
  });
  const data =
    bands.length > 0
      ? bands
      : [
          ...faint,
          ...levels.map(line => level(line, extent, axis, options.log)),
          ...drawn.map(line => trace(line, line.shown, false, axis, options, drawn.length > MANY)),
        ];
  return {
    data,
    layout: {
      ...(isDrawn(data) ? {} : { annotations: [nothing(lines, options)] }),
      height: 230,
      margin: { l: 44, r: 10, t: 8, b: 34 },
      uirevision: options.revision,
      ...(bands.length > 0 && { showlegend: true, legend: LEGEND, margin: { l: 44, r: 10, t: 30, b: 34 } }),
      xaxis: {
        type: options.logX && axis.type === 'linear' ? 'log' : axis.type,
        title: { text: axis.title },
        ...(axis.title === 'step' && extent && extent[1] - extent[0] <= 8 ? { dtick: 1 } : {}),
        zeroline: false,
        ...rangeFor(extent, axis, options),
      },
      yaxis: {
        type: options.log ? 'log' : 'linear',
        zeroline: false,
        exponentformat: 'e',
        ...clipped(drawn, options),
      },
    },
  };
}

function isDrawn(data: readonly object[]): boolean {
  return data.some(each => (each as { y?: readonly unknown[] }).y?.some(value => value !== null));
}

/** Why nothing is drawn, in the place of the lines. */
function nothing(lines: readonly CurveLine[], { log, range }: CurveOptions): object {
  const values = lines.flatMap(line => Array.from(line.y)).filter(Number.isFinite);
  const text =
    lines.length === 0
      ? 'Every run is hidden'
      : values.length === 0
        ? 'Every value is NaN or infinite'
        : log && values.every(value => value <= 0)
          ? 'No value is above 0: a logarithmic axis shows none'
          : range
            ? 'No point lies here'
            : 'No point has a place on this axis';
  return { xref: 'paper', yref: 'paper', x: 0.5, y: 0.5, showarrow: false, text, bgcolor: 'rgba(128,128,128,.12)' };
}

function rangeFor(extent: readonly [number, number] | null, axis: CurveAxis, options: CurveOptions): object {
  if (!extent || (!axis.rises && !options.range)) return { autorange: true };
  if (!options.logX || axis.type !== 'linear') return { range: options.range ? extent.slice() : padded(extent) };
  return extent[0] > 0 ? { range: extent.map(Math.log10) } : { autorange: true };
}

const CLIPPED = 0.05;
const LEGEND = { orientation: 'h', x: 0, y: 1.02, yanchor: 'bottom', font: { size: 11 }, bgcolor: 'rgba(0,0,0,0)' };

/** The y range between the 5th and the 95th percentile of what is shown, with a little room. */
function clipped(lines: readonly CurveLine[], options: CurveOptions): object {
  if (!options.clip) return {};
  const values = Float64Array.from(
    lines.flatMap(line =>
      Array.from(line.shown).filter(value => Number.isFinite(value) && !(options.log && value <= 0)),
    ),
  ).sort();
  const [low, high] = [CLIPPED, 1 - CLIPPED].map(share => values[Math.round(share * (values.length - 1))] ?? 0);
  if (!(high! > low!)) return {};
  const ends = options.log ? [Math.log10(low!), Math.log10(high!)] : [low!, high!];
  const room = (ends[1]! - ends[0]!) * 0.08;
  return { range: [ends[0]! - room, ends[1]! + room] };
}

/** A run that logged the metric once, beside runs with a history of it. */
function isLevel(line: CurveLine): boolean {
  return line.x.length === 1;
}

function extentOf(lines: readonly CurveLine[]): readonly [number, number] | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { x } of lines) {
    low = Math.min(low, x[0] ?? low);
    high = Math.max(high, x.at(-1) ?? high);
  }
  return low < high ? [low, high] : null;
}

/** Room beside the first and last points, so that no mark is cut. */
function padded([low, high]: readonly [number, number]): [number, number] {
  const room = (high - low) * 0.02;
  return [low - room, high + room];
}

/** A dotted line across: one value is a level to hold the curves against, not a point at the step it happens to have. */
function level(line: CurveLine, extent: readonly [number, number] | null, axis: CurveAxis, log: boolean): object {
  const value = line.y[0]!;
  const at = extent ?? [line.x[0]! - 0.5, line.x[0]! + 0.5];
  const ends = [0, 0.25, 0.5, 0.75, 1].map(part => at[0] + part * (at[1] - at[0]));
  const y = Number.isFinite(value) && !(log && value <= 0) ? value : null;
  return {
    type: 'scatter',
    meta: line.run,
    mode: 'lines',
    name: escapeText(line.label),
    x: ends,
    y: ends.map(() => y),
    line: { color: line.style.color, dash: 'dot', width: 1.7 },
    hovertemplate: `<b>%{fullData.name}</b><br>one value${axis.type === 'linear' && axis.title === 'step' ? `, at step ${line.x[0]}` : ''}<br>%{y:.5~g}<extra></extra>`,
  };
}

function trace(
  line: CurveLine,
  y: Float64Array,
  faint: boolean,
  axis: CurveAxis,
  options: { readonly log: boolean; readonly width: number; readonly range: Range },
  thin = false,
): object {
  const ranged = options.range && axis.rises;
  const [from, to] = ranged ? within(line.x, options.range![0], options.range![1]) : [0, line.x.length];
  const kept = axis.rises ? decimate(line.x, y, options.width, from, to) : Uint32Array.from(line.x.keys());
  const few = kept.length <= 40;
  return {
    type: 'scatter',
    meta: line.run,
    mode: few && !faint ? 'lines+markers' : 'lines',
    name: escapeText(line.label),
    x: Array.from(kept, i => line.x[i]),
    y: Array.from(kept, i => (Number.isFinite(y[i]!) && !(options.log && y[i]! <= 0) ? y[i] : null)),
    connectgaps: false,
    opacity: faint ? 0.35 : thin ? 0.75 : 1,
    line: { color: line.style.color, dash: line.style.dash, width: faint ? 1 : thin ? 1.2 : 1.7 },
    marker: { color: line.style.color, size: thin ? 3 : 4 },
    ...(faint
      ? { hoverinfo: 'skip' }
      : { hovertemplate: `<b>%{fullData.name}</b><br>${axis.hover}<br>%{y:.5~g}<extra></extra>` }),
  };
}
