/** The filter grammar: text to a tree of conditions, or the place of the first mistake. */
import { FilterError, FilterText } from './filter_text';
import type { ColumnKind } from './types';

export type Order = '=' | '!=' | '<' | '<=' | '>' | '>=';
export type Literal =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bool'; readonly value: boolean };

/** What a condition is about. `kind` is null where each run's own value decides (parameters). */
export interface Subject {
  /** The column's name in the run table. */
  readonly column: string;
  readonly kind: ColumnKind | null;
}

export type Condition =
  | { readonly type: 'always' }
  | { readonly type: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly type: 'not'; readonly part: Condition }
  | { readonly type: 'compare'; readonly subject: Subject; readonly order: Order; readonly value: Literal }
  | { readonly type: 'like'; readonly subject: Subject; readonly pattern: string; readonly anyCase: boolean }
  | { readonly type: 'null'; readonly subject: Subject };

const ATTRIBUTES: Readonly<Record<string, ColumnKind>> = {
  run_id: 'string',
  name: 'string',
  status: 'string',
  experiment: 'string',
  start_time: 'time',
  end_time: 'time',
  duration: 'number',
  parent_run_id: 'string',
  user: 'string',
  note: 'string',
  star: 'bool',
};
const ALIASES: Readonly<Record<string, string>> = {
  run_name: 'name',
  user_id: 'user',
  created: 'start_time',
  parent: 'parent_run_id',
};
const PREFIXES: Readonly<Record<string, 'params' | 'metrics' | 'tags' | 'attributes' | 'datasets'>> = {
  param: 'params',
  params: 'params',
  parameter: 'params',
  parameters: 'params',
  metric: 'metrics',
  metrics: 'metrics',
  tag: 'tags',
  tags: 'tags',
  attribute: 'attributes',
  attributes: 'attributes',
  attr: 'attributes',
  run: 'attributes',
  dataset: 'datasets',
  datasets: 'datasets',
};
const ORDERS: readonly (readonly [string, Order])[] = [
  ['<=', '<='],
  ['>=', '>='],
  ['!=', '!='],
  ['<>', '!='],
  ['==', '='],
  ['=', '='],
  ['<', '<'],
  ['>', '>'],
];
const DEEPEST = 200;

/** The attributes that a filter can name, as they stand in the run table. */
export const attributeNames: readonly string[] = Object.keys(ATTRIBUTES);

/** The tree of a filter; an empty text matches every run. Throws FilterError. */
export function parseFilter(text: string): Condition {
  const source = new FilterText(text);
  if (source.ended) return { type: 'always' };
  const condition = either(source, 0);
  if (!source.ended) throw source.expected('AND, OR or the end', 'joiner');
  return condition;
}

function either(source: FilterText, depth: number): Condition {
  const parts = [both(source, depth)];
  while (source.keyword('OR')) parts.push(both(source, depth));
  return only(parts) ?? { type: 'or', parts };
}

function both(source: FilterText, depth: number): Condition {
  const parts = [negated(source, depth)];
  while (source.keyword('AND')) parts.push(negated(source, depth));
  return only(parts) ?? { type: 'and', parts };
}

function only(parts: readonly Condition[]): Condition | null {
  return parts.length === 1 ? (parts[0] ?? null) : null;
}

function negated(source: FilterText, depth: number): Condition {
  if (depth > DEEPEST) throw new FilterError('This filter is nested too deeply.', source.at);
  if (source.keyword('NOT')) return { type: 'not', part: negated(source, depth + 1) };
  if (!source.symbol('(')) return condition(source);
  const inner = either(source, depth + 1);
  if (!source.symbol(')')) throw source.expected('a closing )', 'joiner');
  return inner;
}

function condition(source: FilterText): Condition {
  const subject = readSubject(source);
  const at = source.at;
  for (const [symbol, order] of ORDERS) {
    if (source.symbol(symbol)) {
      refuseOrder(subject, order, at);
      return { type: 'compare', subject, order, value: readValue(source, subject) };
    }
  }
  if (source.keyword('IS')) return nullness(source, subject);
  const not = source.keyword('NOT');
  const found = wordOperator(source, subject);
  if (!found)
    throw source.expected(not ? 'IN, LIKE, ILIKE or BETWEEN' : operatorsFor(subject), 'operator', subject.column);
  return not ? { type: 'not', part: found } : found;
}

function operatorsFor(subject: Subject): string {
  return `an operator (${operators(subject.kind).join(' ')})`;
}

/** The operators that make sense for a kind of column. */
export function operators(kind: ColumnKind | null): readonly string[] {
  const orders = ['=', '!=', '>', '>=', '<', '<='];
  if (kind === 'bool') return ['=', '!=', 'IS NULL', 'IS NOT NULL'];
  if (kind === 'number' || kind === 'time') return [...orders, 'BETWEEN', 'IN', 'IS NULL', 'IS NOT NULL'];
  return [...orders, 'LIKE', 'ILIKE', 'IN', 'BETWEEN', 'IS NULL', 'IS NOT NULL'];
}

function refuseOrder(subject: Subject, order: Order, at: number): void {
  if (subject.kind === 'bool' && order !== '=' && order !== '!=') {
    throw new FilterError(`${subject.column} is true or false: expected = or !=.`, at, 'operator', subject.column);
  }
}

function nullness(source: FilterText, subject: Subject): Condition {
  const not = source.keyword('NOT');
  if (!source.keyword('NULL')) throw source.expected(not ? 'NULL' : 'NULL or NOT NULL', 'operator', subject.column);
  const part: Condition = { type: 'null', subject };
  return not ? { type: 'not', part } : part;
}

function wordOperator(source: FilterText, subject: Subject): Condition | null {
  const at = source.at;
  if (source.keyword('IN')) return oneOf(source, subject);
  if (source.keyword('BETWEEN')) return between(source, subject, at);
  const like = source.keyword('LIKE');
  if (!like && !source.keyword('ILIKE')) return null;
  if (subject.kind !== null && subject.kind !== 'string') {
    throw new FilterError(`${subject.column} is no text: LIKE cannot look into it.`, at, 'operator', subject.column);
  }
  const pattern = source.quoted("'") ?? source.quoted('"');
  if (pattern === null) throw source.expected("a quoted pattern such as 'abc%'", 'value', subject.column);
  return { type: 'like', subject, pattern, anyCase: !like };
}

function oneOf(source: FilterText, subject: Subject): Condition {
  if (!source.symbol('(')) throw source.expected('a list in parentheses');
  const parts: Condition[] = [];
  do {
    parts.push({ type: 'compare', subject, order: '=', value: readValue(source, subject) });
  } while (source.symbol(','));
  if (!source.symbol(')')) throw source.expected(', or )');
  return { type: 'or', parts };
}

function between(source: FilterText, subject: Subject, at: number): Condition {
  refuseOrder(subject, '<', at);
  const low = readValue(source, subject);
  if (!source.keyword('AND')) throw source.expected('AND and the upper bound', 'joiner');
  const high = readValue(source, subject);
  return {
    type: 'and',
    parts: [
      { type: 'compare', subject, order: '>=', value: low },
      { type: 'compare', subject, order: '<=', value: high },
    ],
  };
}

function readSubject(source: FilterText): Subject {
  const at = source.at;
  const quoted = source.quoted('`') ?? source.quoted('"');
  if (quoted !== null) {
    const dot = quoted.indexOf('.');
    return dot < 0 ? attribute(quoted, at) : entity(quoted.slice(0, dot), quoted.slice(dot + 1), at);
  }
  if (source.ended || !/[\p{L}_]/u.test(source.here))
    throw source.expected('a column such as params.C, metrics.acc or status', 'column');
  const bare = source.bare(true) ?? '';
  const dot = bare.indexOf('.');
  const key = dot < 0 ? null : bare.slice(dot + 1) || source.quoted('`', true) || source.quoted('"', true);
  if (key === '' || (dot >= 0 && key === null)) throw source.expected('a name after the dot', 'column');
  source.blank();
  return key === null ? attribute(bare, at) : entity(bare.slice(0, dot), key, at);
}

function entity(prefix: string, key: string, at: number): Subject {
  const group = PREFIXES[prefix.toLowerCase()];
  if (group === 'attributes') return attribute(key, at);
  if (group === 'datasets')
    throw new FilterError('Datasets can be filtered from Python only: tracker.runs(where=…).', at, 'column');
  if (!group)
    throw new FilterError(
      `No group of columns is named ${prefix}: expected params, metrics, tags or attributes.`,
      at,
      'column',
    );
  return { column: `${group}.${key}`, kind: group === 'metrics' ? 'number' : null };
}

function attribute(written: string, at: number): Subject {
  const plain = written.toLowerCase().replaceAll(' ', '_');
  const column = Object.hasOwn(ALIASES, plain) ? ALIASES[plain]! : plain;
  if (!Object.hasOwn(ATTRIBUTES, column)) {
    throw new FilterError(
      `No attribute is named ${written}. Parameters and metrics are written params.${written}, metrics.${written}.`,
      at,
      'column',
    );
  }
  return { column, kind: ATTRIBUTES[column]! };
}

function readValue(source: FilterText, subject: Subject): Literal {
  const at = source.at;
  const value = literal(source, subject);
  const time = subject.kind === 'time' && value.kind === 'string' ? instant(value.value) : null;
  if (time !== null) return { kind: 'number', value: time };
  const wanted = refusal(subject.kind, value);
  if (wanted) throw new FilterError(`${subject.column} is compared with ${wanted}.`, at, 'value', subject.column);
  return value;
}

function literal(source: FilterText, subject: Subject): Literal {
  const number = source.number();
  if (number !== null) return { kind: 'number', value: number };
  const text = source.quoted("'") ?? source.quoted('"');
  if (text !== null) return { kind: 'string', value: text };
  if (source.keyword('TRUE')) return { kind: 'bool', value: true };
  if (source.keyword('FALSE')) return { kind: 'bool', value: false };
  throw source.expected("a number, true, false or text in 'quotes'", 'value', subject.column);
}

/** What a value should have been, null if it can be compared with that kind of column. */
function refusal(kind: ColumnKind | null, value: Literal): string | null {
  const text = value.kind === 'string' ? value.value : null;
  if (kind === 'bool') return value.kind === 'number' || (text !== null && !isBoolWord(text)) ? 'true or false' : null;
  if (kind !== 'number' && kind !== 'time') return null;
  const comparable = value.kind === 'number' || (text !== null && readNumber(text) !== null);
  if (comparable) return null;
  return kind === 'number' ? 'a number' : "a time such as '2026-01-31 12:00' or milliseconds";
}

/** The number that a text reads as, null if it is none. */
export function readNumber(text: string): number | null {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : null;
}

export function isBoolWord(text: string): boolean {
  return /^(true|false)$/i.test(text);
}

/** An ISO date or time as ms since the epoch; UTC where it names no zone. */
function instant(text: string): number | null {
  const parts = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s*(Z|[+-]\d\d:?\d\d)?)?$/i.exec(text.trim());
  if (!parts) return null;
  const zone = (parts[3] ?? 'Z').toUpperCase().replace(/^([+-]\d\d)(\d\d)$/, '$1:$2');
  const time = Date.parse(`${parts[1]}T${parts[2] ?? '00:00'}${zone}`);
  return Number.isNaN(time) ? null : time;
}
