import { describe, expect, test } from 'vitest';
import { columnOf, makeTable, textAt } from '../core/columns';
import { inverse, merged, removedBy, withEdits } from '../core/edits';
import { foldedRows, unfolded } from '../core/fold';
import { GroupTable, groupRows } from '../core/groups';
import { nest, parentRows } from '../core/nest';
import { naturalOrder } from '../core/sort';
import { missingStats, withStats } from '../core/stats';
import type { Table, TableState } from '../core/types';
import { TableModel } from '../view/table_model';

const STATE: TableState = { where: '', sort: [], hidden: [] };
const ids = (count: number): string[] => Array.from({ length: count }, (_, row) => `r${row}`);
const runs = (columns: Record<string, readonly (number | string | boolean | null)[]>): Table => {
  const [first = []] = Object.values(columns);
  const kind = (values: readonly unknown[]) => {
    const known = values.find(value => value !== null && value !== 'NaN');
    return typeof known === 'number' ? 'number' : typeof known === 'boolean' ? 'bool' : 'string';
  };
  return makeTable([
    columnOf('run_id', 'string', ids(first.length)),
    ...Object.entries(columns).map(([name, values]) => columnOf(name, kind(values), values)),
  ]);
};
const text = (table: Table, name: string): string[] =>
  Array.from({ length: table.length }, (_, row) => textAt(table.column(name)!, row));

describe('groups', () => {
  const table = runs({
    'params.C': [1, 10, 1, null, 10],
    'params.kernel': ['rbf', 'rbf', 'rbf', 'rbf', 'linear'],
    'metrics.acc': [0.8, 0.9, 0.6, null, 'NaN'],
  });

  test('count, mean and the deviation of a sample; a run with no value is a group of its own', () => {
    const groups = groupRows(table, ['params.C'], naturalOrder(5));
    expect(groups.map(group => group.label)).toEqual(['C = 1', 'C = 10', 'C = –']);
    expect(groups.map(group => [...group.rows])).toEqual([[0, 2], [1, 4], [3]]);
    const { mean, sd, count } = new GroupTable(table, groups).spread('metrics.acc')!;
    expect(mean[0]).toBeCloseTo(0.7, 12);
    expect(sd[0]).toBeCloseTo(Math.sqrt(0.02), 12);
    expect([...mean].slice(1)).toEqual([0.9, Number.NaN]);
    expect(sd[1]).toBeNaN();
    expect([...count]).toEqual([2, 1, 0]);
  });

  test('by two columns; a column shows the value that all of a group share', () => {
    const groups = groupRows(table, ['params.C', 'params.kernel'], naturalOrder(5));
    expect(groups.map(group => group.key)).toEqual(['["1","rbf"]', '["10","rbf"]', '[null,"rbf"]', '["10","linear"]']);
    const coarse = new GroupTable(table, groupRows(table, ['params.C'], naturalOrder(5)));
    expect(textAt(coarse.column('params.kernel')!, 0)).toBe('rbf');
    expect(textAt(coarse.column('params.kernel')!, 1)).toBe('');
    expect(coarse.distinct('params.kernel', 1)).toBe(2);
  });

  test('are sorted by their means, and unfold', () => {
    const model = new TableModel();
    const state = { ...STATE, group: ['params.C'], sort: [{ column: 'metrics.acc', descending: true }] };
    model.take({ table, state });
    expect([...model.order]).toEqual([5, 6, 7]);
    expect(model.rows.groups!.groups.map(group => group.label)).toEqual(['C = 10', 'C = 1', 'C = –']);
    model.take({ state: model.toggled(6) });
    expect([...model.order]).toEqual([5, 6, 0, 2, 7]);
    expect([...model.rows.facts.members(6)!]).toEqual([0, 2]);
    expect(model.rows.facts.level(2)).toBe(1);
  });
});

describe('nested runs', () => {
  test('stand below their parents, folded or not; circles stand at the top', () => {
    const table = runs({ parent_run_id: [null, 'r0', 'r1', 'gone', 'r5', 'r4'] });
    const parents = parentRows(table)!;
    const folded = nest(naturalOrder(6), parents, () => false);
    expect([...folded.order]).toEqual([0, 3, 4, 5]);
    expect(folded.children.get(0)).toBe(1);
    const open = nest(Uint32Array.from([2, 1, 0]), parents, () => true);
    expect([...open.order]).toEqual([0, 1, 2]);
    expect([0, 1, 2].map(row => open.depth.get(row) ?? 0)).toEqual([0, 1, 2]);
  });

  test('no run is nested: nothing changes', () => {
    expect(parentRows(runs({ parent_run_id: [null, null] }))).toBeNull();
    expect(parentRows(runs({ parent_run_id: ['gone'] }))).toBeNull();
  });
});

describe('folding away', () => {
  test('failed, over at once, and all but the last of equal ones', () => {
    const table = runs({
      status: ['FINISHED', 'FAILED', 'KILLED', 'RUNNING', 'FINISHED'],
      duration: [60, 60, 60, 60, 0.1],
      start_time: [1, 2, 3, 4, 5],
      'params.C': [1, 1, 2, null, 2],
    });
    const away = (fold: 'failed' | 'short' | 'repeats') => [...(foldedRows(table, fold) ?? [])];
    expect(away('failed')).toEqual([0, 1, 1, 0, 0]);
    expect(away('short')).toEqual([0, 0, 0, 0, 1]);
    expect(away('repeats')).toEqual([1, 0, 1, 0, 0]);
    expect([...unfolded(naturalOrder(5), [foldedRows(table, 'failed'), foldedRows(table, 'short')])]).toEqual([0, 3]);
    expect(foldedRows(runs({ status: ['FINISHED'] }), 'failed')).toBeNull();
  });
});

describe('edits', () => {
  const table = runs({ name: ['a', 'b'], star: [false, true], 'tags.team': ['x', null], note: [null, null] });

  test('are laid over the runs, and can be taken back', () => {
    const edit = { runs: ['r0', 'r1', 'gone'], name: 'c', star: true, tags: { team: null, new: 'y' } };
    const after = withEdits(table, [edit]);
    expect(text(after, 'name')).toEqual(['c', 'c']);
    expect([...after.column('star')!.values]).toEqual([1, 1]);
    expect(text(after, 'tags.team')).toEqual(['', '']);
    expect(text(after, 'tags.new')).toEqual(['y', 'y']);
    const back = withEdits(after, inverse(edit, table));
    expect(text(back, 'name')).toEqual(['a', 'b']);
    expect(text(back, 'tags.team')).toEqual(['x', '']);
    expect([...back.column('star')!.values]).toEqual([0, 1]);
    expect(text(table, 'name')).toEqual(['a', 'b']);
  });

  test('what is deleted goes, what is restored comes back', () => {
    const gone = { runs: ['r0'], state: 'deleted' as const };
    expect([...removedBy([gone], 'active')]).toEqual(['r0']);
    expect([...removedBy([gone, { runs: ['r0'], state: 'active' }], 'active')]).toEqual([]);
    expect(inverse(gone, table)).toEqual([{ runs: ['r0'], state: 'active' }]);
    const model = new TableModel();
    model.take({ table, edits: [gone], state: STATE });
    expect([...model.order]).toEqual([1]);
  });
});

test('changes from elsewhere: new runs first, changed ones in place, gone ones away, columns that mix types', () => {
  const before = runs({ name: ['a', 'b', 'c'], 'params.C': [1, 2, 3], 'metrics.acc': [0.1, 'NaN', null] });
  const changes = makeTable([
    columnOf('run_id', 'string', ['r1', 'r9']),
    columnOf('name', 'string', ['b2', 'new']),
    columnOf('params.C', 'string', ['auto', null]),
    columnOf('metrics.f1', 'number', [0.5, 0.7]),
  ]);
  const after = merged(before, changes, ['r2']);
  expect(text(after, 'run_id')).toEqual(['r9', 'r0', 'r1']);
  expect(text(after, 'name')).toEqual(['new', 'a', 'b2']);
  expect(text(after, 'params.C')).toEqual(['', '1', 'auto']);
  expect(after.column('params.C')!.kinds).toEqual(['number', 'number', 'number', 'string']);
  expect([...after.column('metrics.f1')!.values]).toEqual([0.7, Number.NaN, 0.5]);
  expect(after.column('metrics.acc')!.nan).toBeUndefined();
  expect(merged(before, makeTable([]), [])).toBe(before);
});

test('a metric by its least, greatest or best value, as far as these have come', () => {
  const table = runs({ 'metrics.loss': [3, 2], 'metrics.acc': [0.5, 0.4] });
  const extremes = makeTable([
    columnOf('run_id', 'string', ['r1', 'r0']),
    columnOf('min.loss', 'number', [1, 2.5]),
    columnOf('max.loss', 'number', [9, 8]),
  ]);
  const state = { ...STATE, stats: { 'metrics.loss': 'best', 'metrics.acc': 'max' } } as const;
  expect(missingStats(state, extremes)).toEqual(['acc']);
  expect([...withStats(table, state, extremes).column('metrics.loss')!.values]).toEqual([2.5, 1]);
  expect([...withStats(table, state, extremes).column('metrics.acc')!.values]).toEqual([0.5, 0.4]);
  const higher = { ...state, directions: { 'metrics.loss': 'higher' } } as const;
  expect([...withStats(table, higher, extremes).column('metrics.loss')!.values]).toEqual([8, 9]);
});
