/** The curves of one metric, as many points as the chart has pixels to show them on. */
import { decimate, within } from '../core/decimate';
import { escapeText, type Style } from '../core/figures';
import { smooth } from '../core/smooth';
import type { CompareState, Curve } from '../core/types';
import type { Figure, Range } from './plotly';

export interface CurveLine {
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
}

/** The x axis that `kind` asks for. Relative time is in the unit that suits the longest curve. */
export function curveAxis(kind: CompareState['x'], curves: readonly Curve[]): CurveAxis {
  if (kind === 'wall') {
    const shift = -new Date().getTimezoneOffset() * 60_000;
    return {
      title: 'time',
      type: 'date',
      x: curve => curve.time.map(time => time + shift),
      hover: '%{x|%Y-%m-%d %H:%M:%S}',
    };
  }
  if (kind === 'step') return { title: 'step', type: 'linear', x: curve => curve.step, hover: 'step %{x:,~g}' };
  const longest = Math.max(
    0,
    ...curves.map(curve => (curve.time.at(-1) ?? 0) - (curve.time[0] ?? 0)).filter(Number.isFinite),
  );
  const [unit, size] = longest >= 7_200_000 ? ['h', 3_600_000] : longest >= 180_000 ? ['min', 60_000] : ['s', 1000];
  const x = (curve: Curve) => curve.time.map(time => (time - curve.time[0]!) / Number(size));
  return { title: `time since start (${unit})`, type: 'linear', x, hover: `%{x:.3~f} ${unit}` };
}

/** A curve made ready to be drawn often. */
export function curveLine(curve: Curve, axis: CurveAxis, label: string, style: Style, smoothing: number): CurveLine {
  return { label, style, x: axis.x(curve), y: curve.value, shown: smooth(curve.value, smoothing) };
}

/** The figure of these lines on `width` pixels, of that part of x that is looked at. */
export function curvesFigure(
  lines: readonly CurveLine[],
  axis: CurveAxis,
  options: { readonly log: boolean; readonly width: number; readonly range: Range; readonly revision: string },
): Figure {
  const faint = lines.flatMap(line => (line.shown === line.y ? [] : [trace(line, line.y, true, axis, options)]));
  const data = [...faint, ...lines.map(line => trace(line, line.shown, false, axis, options))];
  return {
    data,
    layout: {
      height: 230,
      margin: { l: 44, r: 10, t: 8, b: 34 },
      uirevision: options.revision,
      xaxis: {
        type: axis.type,
        title: { text: axis.title },
        zeroline: false,
        ...(options.range ? { range: options.range.slice() } : { autorange: true }),
      },
      yaxis: {
        type: options.log ? 'log' : 'linear',
        zeroline: false,
        exponentformat: 'e',
      },
    },
  };
}

function trace(
  line: CurveLine,
  y: Float64Array,
  faint: boolean,
  axis: CurveAxis,
  options: { readonly log: boolean; readonly width: number; readonly range: Range },
): object {
  const [from, to] = options.range ? within(line.x, options.range[0], options.range[1]) : [0, line.x.length];
  const kept = decimate(line.x, y, options.width, from, to);
  const few = kept.length <= 40;
  return {
    type: 'scatter',
    mode: few && !faint ? 'lines+markers' : 'lines',
    name: escapeText(line.label),
    x: Array.from(kept, i => line.x[i]),
    y: Array.from(kept, i => (Number.isFinite(y[i]!) && !(options.log && y[i]! <= 0) ? y[i] : null)),
    connectgaps: false,
    opacity: faint ? 0.35 : 1,
    line: { color: line.style.color, dash: line.style.dash, width: faint ? 1 : 1.7 },
    marker: { color: line.style.color, size: 4 },
    ...(faint
      ? { hoverinfo: 'skip' }
      : { hovertemplate: `<b>%{fullData.name}</b><br>${axis.hover}<br>%{y:.5~g}<extra></extra>` }),
  };
}
