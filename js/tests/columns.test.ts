import {
  bool,
  columnFromArray,
  columnFromValues,
  dictionary,
  float64,
  int32,
  int64,
  tableFromColumns,
  tableToIPC,
  timestamp,
  utf8,
} from '@uwdata/flechette';
import { describe, expect, test } from 'vitest';
import {
  columnOf,
  curvesFromArrow,
  curvesFromJson,
  isMissing,
  tableFromArrow,
  tableFromJson,
  textAt,
} from '../core/columns';

const MICROSECOND = 2;

function runs(): Uint8Array {
  const text = () => dictionary(utf8(), int32());
  const table = tableFromColumns({
    run_id: columnFromValues(['r0', 'r1', 'r2'], text()),
    start_time: columnFromValues([1767225600000, null, 1767225600001], timestamp(MICROSECOND, 'UTC')),
    'params.n': columnFromValues([1, null, -3], int64()),
    'params.kernel': columnFromValues(['rbf', null, 'rbf'], text()),
    'params.flag': columnFromValues([true, null, false]),
    'metrics.acc': columnFromValues([0.5, null, Number.NaN], float64()),
    'metrics.loss': columnFromValues([1, 2, Number.POSITIVE_INFINITY], float64()),
  });
  return tableToIPC(table, { format: 'stream' }) as Uint8Array;
}

describe('Arrow bytes become typed columns', () => {
  const table = tableFromArrow(runs());
  const values = (name: string): number[] => [...table.column(name)!.values];

  test('with their kinds and values', () => {
    expect(table.length).toBe(3);
    expect(table.columns.map(column => column.kind)).toEqual([
      'string',
      'time',
      'number',
      'string',
      'bool',
      'number',
      'number',
    ]);
    expect(values('start_time')).toEqual([1767225600000, Number.NaN, 1767225600001]);
    expect(values('params.n')).toEqual([1, Number.NaN, -3]);
    expect(values('params.flag')).toEqual([1, Number.NaN, 0]);
    expect(values('metrics.loss')).toEqual([1, 2, Number.POSITIVE_INFINITY]);
    expect([0, 1, 2].map(row => textAt(table.column('params.kernel')!, row))).toEqual(['rbf', '', 'rbf']);
  });

  test('a logged NaN is not a missing value', () => {
    const acc = table.column('metrics.acc')!;
    expect([0, 1, 2].map(row => isMissing(acc, row))).toEqual([false, true, false]);
  });

  test('from any offset of a larger buffer, as a comm delivers them', () => {
    const bytes = runs();
    for (const offset of [1, 4, 8]) {
      const large = new Uint8Array(bytes.length + offset);
      large.set(bytes, offset);
      const moved = tableFromArrow(new DataView(large.buffer, offset, bytes.length));
      expect([...moved.column('metrics.loss')!.values]).toEqual(values('metrics.loss'));
    }
  });

  test('in one batch as in several', () => {
    const batched = (maxBatchRows: number): Uint8Array => {
      const table = tableFromColumns({
        name: columnFromArray(['a', null, 'b', 'a', 'é'], dictionary(utf8(), int32()), { maxBatchRows }),
        note: columnFromArray(['x', null, '', 'y', 'x'], utf8(), { maxBatchRows }),
        n: columnFromArray([1, null, 3, 4, 5], int64(), { maxBatchRows }),
        acc: columnFromArray([0.5, null, Number.NaN, 4, 5], float64(), { maxBatchRows }),
        star: columnFromArray([true, null, false, true, true], bool(), { maxBatchRows }),
      });
      return tableToIPC(table, { format: 'stream' }) as Uint8Array;
    };
    expect(tableFromArrow(batched(2)).columns).toEqual(tableFromArrow(batched(100)).columns);
    expect(tableFromArrow(batched(2)).column('note')!.dictionary).toEqual(['x', '', 'y']);
  });

  test('or a sentence, where they are damaged', () => {
    expect(() => tableFromArrow(runs().slice(0, 400))).toThrow(/Expected to read/);
  });

  test('no bytes are no runs', () => {
    expect(tableFromArrow(new Uint8Array(0))).toMatchObject({ length: 0, columns: [] });
  });
});

test('a saved bundle becomes the same columns as Arrow bytes', () => {
  const table = tableFromJson([
    { name: 'run_id', kind: 'string', values: ['r0', 'r1', 'r2'] },
    { name: 'metrics.acc', kind: 'number', values: [0.5, null, 'NaN'] },
    { name: 'metrics.loss', kind: 'number', values: [1, 2, 'Infinity'] },
    { name: 'params.flag', kind: 'bool', values: [true, null, false] },
  ]);
  const arrow = tableFromArrow(runs());
  for (const column of table.columns) expect(column).toEqual(arrow.column(column.name));
});

test('a column of mixed types keeps the type of each value', () => {
  const column = columnOf('params.C', 'string', [1.5, '1.5', true, null]);
  expect(column.kinds).toEqual(['number', 'string', 'bool']);
  expect([...column.values]).toEqual([0, 1, 2, Number.NaN]);
});

test('curves are cut where run or key change', () => {
  const text = () => dictionary(utf8(), int32());
  const table = tableFromColumns({
    run: columnFromValues(['a', 'a', 'a', 'b'], text()),
    key: columnFromValues(['loss', 'loss', 'acc', 'acc'], text()),
    step: columnFromValues([0, 1, 0, 0], int64()),
    time: columnFromValues([10, 11, 12, 13], float64()),
    value: columnFromValues([0.5, 0.25, 1, 2], float64()),
  });
  const curves = curvesFromArrow(tableToIPC(table, { format: 'stream' }) as Uint8Array);
  expect(curves.map(curve => [curve.run, curve.key, [...curve.step], [...curve.value]])).toEqual([
    ['a', 'loss', [0, 1], [0.5, 0.25]],
    ['a', 'acc', [0], [1]],
    ['b', 'acc', [0], [2]],
  ]);
});

test('saved curves read their words as numbers', () => {
  const [curve] = curvesFromJson([{ key: 'loss', step: [0, 1, 2], value: [1, 'NaN', '-Infinity'] }]);
  expect([...curve!.value]).toEqual([1, Number.NaN, Number.NEGATIVE_INFINITY]);
  expect(curve!.run).toBe('');
  expect([...curve!.time].every(Number.isNaN)).toBe(true);
});
