import { describe, expect, test } from 'vitest';
import { directionOf } from '../core/direction';
import {
  columnFormat,
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatRelative,
  formatTime,
  plural,
} from '../core/format';

test.each([
  [0, '0'],
  [1, '1'],
  [-2, '−2'],
  [123456, '123456'],
  [0.97333333, '0.9733'],
  [0.1 + 0.2, '0.3'],
  [1234.5678, '1235'],
  [0.0001234567, '0.0001235'],
  [1e-5, '1e-5'],
  [1.5e-300, '1.5e-300'],
  [2.5e9 + 0.5, '2.5e9'],
  [Number.MAX_VALUE, '1.798e308'],
  [Number.NaN, 'NaN'],
  [Number.NEGATIVE_INFINITY, '−∞'],
])('the number %d reads %s', (value, text) => expect(formatNumber(value)).toBe(text));

describe('the numbers of a column', () => {
  test('line up where their range allows it', () => {
    const format = columnFormat([0.5, 0.9733, 1, Number.NaN]);
    expect([0.5, 0.97333, 1, Number.NaN].map(format)).toEqual(['0.5000', '0.9733', '1.0000', 'NaN']);
  });

  test('keep their digits where it does not', () => {
    const format = columnFormat([1e-6, 2.5]);
    expect([1e-6, 2.5].map(format)).toEqual(['1e-6', '2.5']);
  });

  test('stay whole where all are', () => expect([1, 200].map(columnFormat([1, 200]))).toEqual(['1', '200']));
});

test.each([
  [0, '0 s'],
  [0.000012, '12 µs'],
  [0.0124, '12 ms'],
  [3.44, '3.4 s'],
  [59.6, '1 m 0 s'],
  [75, '1 m 15 s'],
  [7380, '2 h 3 m'],
  [442800, '5 d 3 h'],
  [Number.NaN, ''],
])('%d seconds read %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));

test('a moment reads by how long ago it was', () => {
  const now = Date.UTC(2026, 0, 31, 12);
  const ago = (seconds: number): string => formatRelative(now - seconds * 1000, now);
  expect([1, 30, 300, 7200, 200_000].map(ago)).toEqual(['just now', '30 s ago', '5 min ago', '2 h ago', '2 d ago']);
  expect(ago(90 * 86400)).toMatch(/^2025-11-0\d$/);
  expect(formatRelative(Number.NaN, now)).toBe('');
  expect(formatTime(now)).toMatch(/^2026-0[12]-\d\d \d\d:00:00$/);
});

test('sizes and counts', () => {
  expect([512, 1536, 12_000_000].map(formatBytes)).toEqual(['512 B', '1.5 kB', '12 MB']);
  expect([999, 1204, 1_000_000].map(formatCount)).toEqual(['999', '1,204', '1,000,000']);
  expect([1, 10_000].map(count => plural(count, 'run'))).toEqual(['1 run', '10,000 runs']);
});

test.each([
  ['accuracy', 'higher'],
  ['val/f1@10', 'higher'],
  ['glossary_hits', 'higher'],
  ['valLoss', 'lower'],
  ['train_rmse', 'lower'],
  ['log-loss', 'lower'],
  ['epoch', null],
  ['learning_rate', null],
])('of %s the %s is better', (key, direction) => expect(directionOf(key)).toBe(direction));
