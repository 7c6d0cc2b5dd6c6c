import { expect, test } from 'vitest';
import { columnOf, makeTable } from '../core/columns';
import { sortRows } from '../core/sort';

const table = makeTable([
  columnOf('name', 'string', ['run 10', 'run 2', null, 'Run 2', 'run 2']),
  columnOf('metrics.acc', 'number', [0.5, 'NaN', 0.9, null, 0.5]),
  columnOf('params.C', 'string', [10, 'auto', 2, '1', null]),
]);
const by = (column: string, descending = false) => ({ column, descending });
const sorted = (...keys: { column: string; descending: boolean }[]): number[] => [...sortRows(table, keys)];

test('numbers sort as numbers, and what has none comes last either way', () => {
  expect(sorted(by('metrics.acc'))).toEqual([0, 4, 2, 1, 3]);
  expect(sorted(by('metrics.acc', true))).toEqual([2, 0, 4, 1, 3]);
});

test('text sorts by the numbers in it', () => {
  expect(sorted(by('name'))).toEqual([1, 4, 3, 0, 2]);
  expect(sorted(by('params.C'))).toEqual([3, 2, 0, 1, 4]);
});

test('later keys decide between equals, and the order given between equals of all', () => {
  expect(sorted(by('metrics.acc'), by('name'))).toEqual([4, 0, 2, 1, 3]);
  expect([...sortRows(table, [by('metrics.acc')], Uint32Array.of(4, 3, 0))]).toEqual([4, 0, 3]);
});

test('unknown columns sort nothing', () => {
  expect(sorted(by('nothing'))).toEqual([0, 1, 2, 3, 4]);
});
