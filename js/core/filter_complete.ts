/** What can be written at the caret of a filter: columns, operators, values, AND and OR. */
import { attributeNames, operators, parseFilter } from './filter_parse';
import { type Expectation, FilterError } from './filter_text';
import type { Column, Table } from './types';

export interface Suggestion {
  /** What replaces the text between `from` and `to`. */
  readonly text: string;
  /** What it is, in a word. */
  readonly detail: string;
}

export interface Completion {
  readonly from: number;
  readonly to: number;
  readonly suggestions: readonly Suggestion[];
}

const MOST = 50;
const QUOTES = '\'"`';
const BARE_END = /[^\s()=<>!,;&|'"`]*$/;

/** Suggestions for the word at `caret`; what the table holds decides what is offered. */
export function complete(text: string, caret: number, table: Table): Completion {
  const before = text.slice(0, caret);
  const from = startOfWord(before);
  const word = before.slice(from);
  const wanted = wantedAfter(before.slice(0, from));
  const offers = wanted ? offersFor(wanted.expects, wanted.column, table) : [];
  const needle = word.replaceAll(/['"`]/g, '').toLowerCase();
  const found = offers.filter(
    offer => offer.text.toLowerCase() !== word.toLowerCase() && match(offer.text, needle) > 0,
  );
  found.sort((a, b) => match(b.text, needle) - match(a.text, needle));
  return { from, to: caret, suggestions: found.slice(0, MOST) };
}

/** Where the word before the caret begins: an open quote is part of it, and so is what stands before an open backtick. */
function startOfWord(before: string): number {
  let quote = '';
  let opened = before.length;
  for (let i = 0; i < before.length; i++) {
    const c = before[i]!;
    if (quote === '' && QUOTES.includes(c)) {
      quote = c;
      opened = i;
    } else if (c === quote) {
      quote = '';
      opened = before.length;
    }
  }
  if (quote === "'" || quote === '"') return opened;
  return before.slice(0, opened).search(BARE_END);
}

interface Wanted {
  readonly expects: Expectation;
  readonly column: string | null;
}

/** What the grammar expects after `text`, asked of the parser itself. */
function wantedAfter(text: string): Wanted | null {
  if (text.trim() === '') return { expects: 'column', column: null };
  try {
    parseFilter(text);
    return { expects: 'joiner', column: null };
  } catch (error) {
    if (!(error instanceof FilterError) || error.expects === null || error.at < text.trimEnd().length) return null;
    return { expects: error.expects, column: error.column };
  }
}

function offersFor(expects: Expectation, column: string | null, table: Table): Suggestion[] {
  if (expects === 'column') return [...columnOffers(table), { text: 'NOT', detail: 'negation' }];
  if (expects === 'joiner') return [offer('AND', 'both'), offer('OR', 'either')];
  if (expects === 'operator') return operators(kindFor(column, table)).map(text => offer(text, 'operator'));
  const source = column === null ? undefined : table.column(column);
  return source ? valueOffers(source) : [];
}

function offer(text: string, detail: string): Suggestion {
  return { text, detail };
}

function kindFor(column: string | null, table: Table): Column['kind'] | null {
  return column === null ? null : (table.column(column)?.kind ?? null);
}

function columnOffers(table: Table): Suggestion[] {
  const known = new Set(attributeNames);
  return table.columns
    .filter(column => column.name.includes('.') || known.has(column.name))
    .map(column => offer(writtenName(column.name), groupOf(column.name)));
}

function groupOf(name: string): string {
  if (name.startsWith('params.')) return 'parameter';
  if (name.startsWith('metrics.')) return 'metric';
  return name.startsWith('tags.') ? 'tag' : 'attribute';
}

/** A column's name as a filter writes it: the key in backticks where it holds more than the grammar's bare characters. */
export function writtenName(name: string): string {
  const dot = name.indexOf('.');
  const key = name.slice(dot + 1);
  return dot < 0 || /^[^\s()=<>!,;&|'"`]+$/.test(key)
    ? name
    : `${name.slice(0, dot + 1)}\`${key.replaceAll('`', '``')}\``;
}

function valueOffers(column: Column): Suggestion[] {
  if (column.kind === 'bool') return [offer('true', 'value'), offer('false', 'value')];
  if (column.kind === 'string') return column.dictionary.slice(0, 1000).map(text => offer(quoted(text), 'value'));
  if (column.kind !== 'number') return [];
  const rows = Array.from({ length: Math.min(column.length, 1000) }, (_, row) => row);
  const distinct = new Set(rows.map(row => column.values[row]!).filter(Number.isFinite));
  if (distinct.size > 24) return [];
  return [...distinct].sort((a, b) => a - b).map(value => offer(String(value), 'value'));
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** How well an offer fits what is typed: its start, the start of its key, anywhere in it, or not (0). */
function match(offer: string, needle: string): number {
  if (needle === '') return 1;
  const text = offer.replaceAll(/['"`]/g, '').toLowerCase();
  if (text.startsWith(needle)) return 4;
  if (text.slice(text.indexOf('.') + 1).startsWith(needle)) return 3;
  return text.includes(needle) ? 2 : 0;
}
