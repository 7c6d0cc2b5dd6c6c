/**
 * The filter grammar over the typed columns of a run table. A condition is true, false or unknown, as in SQL:
 * a missing value makes it unknown, and only runs for which the whole is true are matched.
 */
import { isMissing, textAt } from './columns';
import {
  type Condition,
  isBoolWord,
  type Literal,
  type Order,
  parseFilter,
  readNumber,
  type Subject,
} from './filter_parse';
import type { Column, ColumnKind, Table } from './types';

export { type Completion, complete, type Suggestion, writtenName } from './filter_complete';
export { FilterError } from './filter_text';

export type Predicate = (row: number) => boolean;

export interface Filter {
  readonly matches: Predicate;
  /** Names in the filter that no run of this table has. */
  readonly unknown: readonly string[];
}

type Truth = 0 | 1 | 2;
type Test = (row: number) => Truth;

const FALSE = 0;
const TRUE = 1;
const UNKNOWN = 2;

/** The filter as a predicate over the rows of `table`. Throws FilterError at a mistake. */
export function compileFilter(text: string, table: Table): Filter {
  const condition = parseFilter(text);
  const test = compile(condition, table);
  const unknown = [...new Set(namesIn(condition))].filter(name => !table.column(name));
  return { matches: row => test(row) === TRUE, unknown };
}

/** The rows that match, in the order given. */
export function filterRows(filter: Filter, order: Uint32Array): Uint32Array {
  const rows = new Uint32Array(order.length);
  let count = 0;
  for (const row of order) if (filter.matches(row)) rows[count++] = row;
  return rows.subarray(0, count);
}

function namesIn(condition: Condition): string[] {
  if ('parts' in condition) return condition.parts.flatMap(namesIn);
  if ('part' in condition) return namesIn(condition.part);
  return 'subject' in condition ? [condition.subject.column] : [];
}

function compile(condition: Condition, table: Table): Test {
  switch (condition.type) {
    case 'always':
      return () => TRUE;
    case 'and':
      return all(condition.parts.map(part => compile(part, table)));
    case 'or':
      return any(condition.parts.map(part => compile(part, table)));
    case 'not': {
      const part = compile(condition.part, table);
      return row => negate(part(row));
    }
    case 'null':
      return isNull(table.column(condition.subject.column));
    case 'like':
      return like(condition.subject, condition.pattern, condition.anyCase, table);
    case 'compare':
      return compare(condition.subject, condition.order, condition.value, table);
  }
}

function negate(truth: Truth): Truth {
  return truth === UNKNOWN ? UNKNOWN : truth === TRUE ? FALSE : TRUE;
}

function all(tests: readonly Test[]): Test {
  return row => {
    let result: Truth = TRUE;
    for (const test of tests) {
      const truth = test(row);
      if (truth === FALSE) return FALSE;
      if (truth === UNKNOWN) result = UNKNOWN;
    }
    return result;
  };
}

function any(tests: readonly Test[]): Test {
  return row => {
    let result: Truth = FALSE;
    for (const test of tests) {
      const truth = test(row);
      if (truth === TRUE) return TRUE;
      if (truth === UNKNOWN) result = UNKNOWN;
    }
    return result;
  };
}

function isNull(column: Column | undefined): Test {
  return column ? row => (isMissing(column, row) ? TRUE : FALSE) : () => TRUE;
}

function like(subject: Subject, pattern: string, anyCase: boolean, table: Table): Test {
  const column = table.column(subject.column);
  if (!column) return () => UNKNOWN;
  const expression = likeExpression(pattern, anyCase);
  const matches = (text: string): Truth => (expression.test(text) ? TRUE : FALSE);
  return column.kind === 'string'
    ? byEntry(column, matches)
    : row => (isMissing(column, row) ? UNKNOWN : matches(textAt(column, row)));
}

/** `%` stands for any text, `_` for one character; all else for itself. */
function likeExpression(pattern: string, anyCase: boolean): RegExp {
  const source = pattern
    .replace(/%+/g, '%')
    .replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
    .replaceAll('%', '.*')
    .replaceAll('_', '.');
  return new RegExp(`^${source}$`, anyCase ? 'isu' : 'su');
}

/** Each distinct text is judged once, each row by its code. */
function byEntry(column: Column, judge: (text: string, kind: ColumnKind) => Truth): Test {
  const truths = column.dictionary.map((text, code) => judge(text, column.kinds?.[code] ?? 'string'));
  return row => truths[column.values[row] ?? Number.NaN] ?? UNKNOWN;
}

function compare(subject: Subject, order: Order, literal: Literal, table: Table): Test {
  const column = table.column(subject.column);
  if (!column) return () => UNKNOWN;
  if (column.kind === 'string') return byEntry(column, (text, kind) => compareText(text, kind, order, literal));
  if (column.kind === 'bool') {
    return row => (isMissing(column, row) ? UNKNOWN : compareBool(column.values[row] === 1, order, literal));
  }
  const bound = numberOf(literal);
  if (bound === null) return row => (isMissing(column, row) ? UNKNOWN : incomparable(order));
  const holds = ordered(order);
  const { values } = column;
  return row => {
    const value = values[row] ?? Number.NaN;
    return Number.isNaN(value) ? UNKNOWN : holds(value, bound) ? TRUE : FALSE;
  };
}

function numberOf(literal: Literal): number | null {
  if (literal.kind === 'number') return literal.value;
  return literal.kind === 'string' ? readNumber(literal.value) : null;
}

function incomparable(order: Order): Truth {
  return order === '!=' ? TRUE : order === '=' ? FALSE : UNKNOWN;
}

function compareText(text: string, kind: ColumnKind, order: Order, literal: Literal): Truth {
  if (kind === 'number') {
    const bound = numberOf(literal);
    return bound === null ? incomparable(order) : truth(order, Number(text), bound);
  }
  if (kind === 'bool') return compareBool(text === 'true', order, literal);
  if (literal.kind === 'bool')
    return isBoolWord(text) ? compareBool(text.toLowerCase() === 'true', order, literal) : incomparable(order);
  const number = readNumber(text);
  if (literal.kind === 'number') return number === null ? incomparable(order) : truth(order, number, literal.value);
  const bound = readNumber(literal.value);
  const asNumbers = number !== null && bound !== null && order !== '=' && order !== '!=';
  return asNumbers ? truth(order, number, bound) : truth(order, text, literal.value);
}

function compareBool(value: boolean, order: Order, literal: Literal): Truth {
  const other =
    literal.kind === 'bool' ? String(literal.value) : literal.kind === 'string' ? literal.value.toLowerCase() : '';
  if (!isBoolWord(other) || (order !== '=' && order !== '!=')) return incomparable(order);
  return truth(order, String(value), other);
}

function truth<V extends number | string>(order: Order, left: V, right: V): Truth {
  return ordered(order)(left, right) ? TRUE : FALSE;
}

type Comparison = <V extends number | string>(left: V, right: V) => boolean;
const COMPARISONS: Readonly<Record<Order, Comparison>> = {
  '=': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

function ordered(order: Order): Comparison {
  return COMPARISONS[order];
}
