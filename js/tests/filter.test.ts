import { describe, expect, test } from 'vitest';
import vectors from '../../tests/filter_cases.json';
import { columnOf, makeTable } from '../core/columns';
import { compileFilter, complete, FilterError, filterRows } from '../core/filter';
import { naturalOrder } from '../core/sort';
import type { ColumnKind, Table } from '../core/types';

type Value = number | string | boolean | null;
const ATTRIBUTES: Record<string, ColumnKind> = {
  start_time: 'time',
  end_time: 'time',
  duration: 'number',
  star: 'bool',
};

function kindOf(name: string, values: readonly Value[]): ColumnKind {
  if (name.startsWith('metrics.')) return 'number';
  if (name.startsWith('attributes.')) return ATTRIBUTES[name.slice('attributes.'.length)] ?? 'string';
  const types = new Set(values.filter(value => value !== null).map(value => typeof value));
  const [only] = types.size === 1 ? types : [];
  return only === 'number' ? 'number' : only === 'boolean' ? 'bool' : 'string';
}

const table: Table = makeTable(
  Object.entries<readonly Value[]>(vectors.columns).map(([name, values]) =>
    columnOf(name.replace(/^attributes\./, ''), kindOf(name, values), values),
  ),
);

function rows(where: string): number[] {
  return [...filterRows(compileFilter(where, table), naturalOrder(table.length))];
}

function mistake(where: string): FilterError {
  try {
    compileFilter(where, table);
  } catch (error) {
    if (error instanceof FilterError) return error;
    throw error;
  }
  throw new Error(`no mistake found in ${where}`);
}

function offered(text: string): string[] {
  return complete(text, text.length, table).suggestions.map(suggestion => suggestion.text);
}

describe('the filter matches the runs that the shared vectors name', () => {
  test.each(vectors.cases)('$where', ({ where, rows: expected }) => {
    expect(rows(where)).toEqual(expected);
  });
});

describe('a mistake is found at its place', () => {
  test.each(vectors.errors)('$where', ({ where, at }) => {
    expect(mistake(where).at).toBe(at);
  });

  test('and says what was expected', () => {
    expect(mistake('params.C >').message).toMatch(/Expected a number.*ends here/);
    expect(mistake('acc > 1').message).toContain('metrics.acc');
  });

  test('however deep the parentheses are', () => {
    expect(mistake('('.repeat(100_000)).message).toContain('deeply');
    expect(mistake('NOT '.repeat(100_000)).message).toContain('deeply');
  });
});

test('names that no run has are told', () => {
  expect(compileFilter('params.unknown = 1 OR metrics.acc > 0', table).unknown).toEqual(['params.unknown']);
});

describe('completion', () => {
  test('offers columns by any part of their name, in the spelling that the grammar takes', () => {
    expect(offered('acc')).toContain('metrics.acc');
    expect(offered("status = 'FAILED' AND metrics.f1")).toEqual(['metrics.f1@10']);
    expect(offered('params.my')).toContain('params.`my key`');
    expect(offered('params.`my')).toContain('params.`my key`');
  });

  test('offers operators that fit the column', () => {
    expect(offered('star ')).toEqual(['=', '!=', 'IS NULL', 'IS NOT NULL']);
    expect(offered('name L')).toContain('LIKE');
    expect(offered('metrics.acc ')).not.toContain('LIKE');
  });

  test('offers values in quotes and joins what is whole', () => {
    expect(offered('status = ')).toContain("'FINISHED'");
    expect(offered("status = 'FI")).toEqual(["'FINISHED'"]);
    expect(offered("params.kernel = 'it")).toContain("'it''s'");
    expect(offered("status = 'FINISHED' ")).toEqual(['AND', 'OR']);
  });

  test('every offered column is one that the filter reads', () => {
    for (const name of offered('')) if (name !== 'NOT') expect(rows(`${name} IS NULL`)).toBeInstanceOf(Array);
  });

  test('replaces the word at the caret alone', () => {
    const text = 'metrics.ac > 0.5';
    expect(complete(text, 10, table)).toMatchObject({ from: 0, to: 10, suggestions: [{ text: 'metrics.acc' }] });
  });
});
