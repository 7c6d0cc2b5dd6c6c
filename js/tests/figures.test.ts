import { describe, expect, test } from 'vitest';
import { tableFromJson } from '../core/columns';
import { bestRow, differs, escapeText, runLabels, scaleOf, shorten, styleOf, valueText } from '../core/figures';
import { plainText } from '../core/plain';
import { curveAxis, curveLine, curvesFigure } from '../plot/curves';
import { axisColumns } from '../plot/parallel';
import { rangeOf } from '../plot/plotly';
import { sparkline } from '../plot/sparkline';

const table = tableFromJson([
  { name: 'run_id', kind: 'string', values: ['aaaaaaaa1', 'aaaaaaaa2', 'aaaaaaaa3'] },
  { name: 'name', kind: 'string', values: ['fox', 'fox', null] },
  { name: 'params.C', kind: 'number', values: [0.01, 1, 1000] },
  { name: 'params.seed', kind: 'number', values: [1, 1, 1] },
  { name: 'params.kernel', kind: 'string', values: ['rbf', null, 'rbf'] },
  { name: 'metrics.accuracy', kind: 'number', values: [0.9, 0.95, 'NaN'] },
  { name: 'metrics.loss', kind: 'number', values: [0.2, 0.1, null] },
  { name: 'metrics.epoch', kind: 'number', values: [1, 2, 3] },
  { name: 'duration', kind: 'number', values: [75, 0.5, null] },
]);
const rows = [0, 1, 2];
const column = (name: string) => table.column(name)!;

describe('runs', () => {
  test('the same name twice is told apart by the id, no name is the id', () => {
    expect(runLabels(table).map(run => run.label)).toEqual(['fox (aaaaa1)', 'fox (aaaaa2)', 'aaaaaaa3']);
  });

  test('colours are stable and repeat with another dash', () => {
    expect(styleOf(1, false)).toEqual(styleOf(1, false));
    expect(styleOf(9, false).color).toBe(styleOf(1, false).color);
    expect(styleOf(9, false).dash).not.toBe(styleOf(1, false).dash);
    const looks = new Set(Array.from({ length: 32 }, (_, i) => JSON.stringify(styleOf(i, true))));
    expect(looks.size).toBe(32);
  });

  test('what differs: also where only one run lacks a value', () => {
    expect(['params.C', 'params.seed', 'params.kernel'].map(name => differs(column(name), rows))).toEqual([
      true,
      false,
      true,
    ]);
    expect(axisColumns(table.columns, rows).map(c => c.name)).toEqual([
      'params.C',
      'params.kernel',
      'metrics.accuracy',
      'metrics.loss',
      'metrics.epoch',
    ]);
  });

  test('the best value goes by the direction of the metric; a logged NaN is never the best', () => {
    expect(bestRow(column('metrics.accuracy'), rows)).toBe(1);
    expect(bestRow(column('metrics.loss'), rows)).toBe(1);
    expect(bestRow(column('metrics.epoch'), rows)).toBeNull();
  });

  test('values as text: none, NaN, a duration', () => {
    expect(valueText(column('params.kernel'), 1)).toBe('–');
    expect(valueText(column('metrics.accuracy'), 2)).toBe('NaN');
    expect(valueText(column('duration'), 0)).toBe('1 m 15 s');
  });
});

describe('scales', () => {
  test('positive numbers over two decades stand on a logarithmic scale', () => {
    const scale = scaleOf(column('params.C'), rows);
    expect(scale.log).toBe(true);
    expect(scale.at(0)).toBe(0);
    expect(scale.at(1)).toBeCloseTo(0.4, 12);
    expect(scale.at(2)).toBe(1);
  });

  test('words stand in order, a run without one nowhere', () => {
    const scale = scaleOf(column('params.kernel'), rows);
    expect(scale.at(0)).toBe(0.5);
    expect(scale.at(1)).toBeNaN();
  });
});

describe('text', () => {
  test('plotly reads no markup and no TeX in a name', () => {
    const hostile = '<img src=x onerror=alert(1)> & <b>$x^2$</b>';
    const escaped = escapeText(hostile);
    expect(escaped).not.toMatch(/[<>$]/);
    const decoded = new DOMParser().parseFromString(escaped, 'text/html').body.textContent;
    expect(decoded).toBe(hostile);
  });

  test('a shortened name keeps both ends', () => {
    expect(shorten('abcdefghijklmnop', 10)).toBe('abcdef…nop');
    expect(shorten('abc', 10)).toBe('abc');
  });

  test('a terminal: colours go, a progress bar leaves its last state', () => {
    expect(plainText('\u001b[0;31mred\u001b[0m\r\n 1%\r50%\r100%\ndone\r\n')).toBe('red\n100%\ndone\n');
  });
});

describe('curves', () => {
  const curve = {
    run: 'a',
    key: 'loss',
    step: Float64Array.from([0, 1, 2, 3]),
    time: Float64Array.from([1000, 2000, 3000, 4000]),
    value: Float64Array.from([1, Number.NaN, 0, 4]),
  };
  const options = { log: false, width: 300, range: null, revision: '' };

  test('a NaN is a gap; on a log axis what is not positive is one too; with smoothing the raw line stays, faint', () => {
    const axis = curveAxis('step', [curve]);
    const plain = curvesFigure([curveLine(curve, axis, 'a', styleOf(0, false), 0)], axis, options);
    expect(plain.data).toMatchObject([{ x: [0, 1, 2, 3], y: [1, null, 0, 4] }]);
    const log = curvesFigure([curveLine(curve, axis, 'a', styleOf(0, false), 0)], axis, { ...options, log: true });
    expect(log.data).toMatchObject([{ y: [1, null, null, 4] }]);
    const smoothed = curvesFigure([curveLine(curve, axis, '<b>', styleOf(0, false), 0.5)], axis, options);
    expect(smoothed.data).toMatchObject([
      { y: [1, null, 0, 4], opacity: 0.35 },
      { name: '&lt;b&gt;', opacity: 1 },
    ]);
  });

  test('one value beside histories is a dotted level across, with the same x range for all', () => {
    const once = { ...curve, run: 'b', step: curve.step.slice(0, 1), value: Float64Array.from([2]) };
    const axis = curveAxis('step', [curve, once]);
    const lines = [curve, once].map((each, i) => curveLine(each, axis, each.run, styleOf(i, false), 0));
    const figure = curvesFigure(lines, axis, options) as { data: object[]; layout: { xaxis: { range: number[] } } };
    expect(figure.data).toMatchObject([{ x: [0, 0.75, 1.5, 2.25, 3], y: [2, 2, 2, 2, 2], line: { dash: 'dot' } }, {}]);
    expect(figure.layout.xaxis.range).toEqual([-0.06, 3.06]);
  });

  test('relative time starts at nought, in seconds', () => {
    const axis = curveAxis('relative', [curve]);
    expect([...axis.x(curve)]).toEqual([0, 1, 2, 3]);
    expect(axis.title).toContain('(s)');
  });

  test('a zoom is read from either form of the event, dates as UTC; other events are not zooms', () => {
    expect(rangeOf({ 'xaxis.range[0]': 3, 'xaxis.range[1]': 1 })).toEqual([1, 3]);
    expect(rangeOf({ 'xaxis.range': [1, 2] })).toEqual([1, 2]);
    expect(rangeOf({ 'xaxis.range[0]': '1970-01-01 00:00:01.5', 'xaxis.range[1]': '1970-01-01 00:00:02' })).toEqual([
      1500, 2000,
    ]);
    expect(rangeOf({ 'xaxis.autorange': true })).toBeNull();
    expect(rangeOf({ 'yaxis.range[0]': 1, 'yaxis.range[1]': 2 })).toBeUndefined();
  });

  test('a sparkline breaks at a gap and ends in a dot at its last finite value', () => {
    const line = sparkline(curve.step, curve.value)!;
    expect(line.path.match(/M/g)).toHaveLength(2);
    expect([line.min, line.max, line.last]).toEqual([0, 4, 4]);
    expect(sparkline(curve.step, new Float64Array(4).fill(Number.NaN))).toBeNull();
  });
});
