/** Runs that share values, and what they are like together: count, mean and spread. Pure. */
import { isMissing, textAt } from './columns';
import { formatNumber } from './format';
import type { Column, Table } from './types';

export interface Group {
  /** The same for the same values in any table: the values as JSON. */
  readonly key: string;
  readonly label: string;
  readonly rows: Uint32Array;
}

/** Mean, standard deviation (of a sample: n − 1) and count of each group; NaN where a group has no value. */
export interface Spread {
  readonly mean: Float64Array;
  readonly sd: Float64Array;
  readonly count: Uint32Array;
}

/** The rows of `order` by their values in these columns; groups in the order in which they first appear. */
export function groupRows(table: Table, names: readonly string[], order: Uint32Array): Group[] {
  const columns = names.flatMap(name => table.column(name) ?? []);
  let codes = new Uint32Array(order.length);
  let count = order.length > 0 ? 1 : 0;
  for (const column of columns) [codes, count] = refined(codes, column, order);
  const sizes = new Uint32Array(count);
  for (const code of codes) sizes[code]! += 1;
  const members = Array.from(sizes, size => new Uint32Array(size));
  const filled = new Uint32Array(count);
  codes.forEach((code, i) => {
    members[code]![filled[code]!++] = order[i]!;
  });
  return members.map(rows => ({
    key: JSON.stringify(columns.map(column => keyOf(column, rows[0]!))),
    label: columns.map(column => `${titleOf(column)} = ${shownValue(column, rows[0]!)}`).join(', '),
    rows,
  }));
}

/** Codes that tell apart what they told apart before, and the values of one more column. */
function refined(
  codes: Uint32Array<ArrayBuffer>,
  column: Column,
  order: Uint32Array,
): [Uint32Array<ArrayBuffer>, number] {
  const known = new Map<number, Map<number, number>>();
  let count = 0;
  const next = codes.map((code, i) => {
    const row = order[i]!;
    const value = isMissing(column, row) ? Number.NEGATIVE_INFINITY : column.values[row]!;
    const values = known.get(code) ?? new Map<number, number>();
    known.set(code, values);
    const refinedCode = values.get(value) ?? count++;
    values.set(value, refinedCode);
    return refinedCode;
  });
  return [next, count];
}

function keyOf(column: Column, row: number): string | null {
  return isMissing(column, row) ? null : textAt(column, row) || String(column.values[row]);
}

function titleOf(column: Column): string {
  return column.name.replace(/^(?:params|metrics|tags)\./, '');
}

function shownValue(column: Column, row: number): string {
  if (isMissing(column, row)) return '–';
  return column.kind === 'number' ? formatNumber(column.values[row]!) : textAt(column, row);
}

/** Mean ± sd of a number in each group; values that are not finite are left out. */
export function spreadOf(column: Column, groups: readonly Pick<Group, 'rows'>[]): Spread {
  const mean = new Float64Array(groups.length).fill(Number.NaN);
  const sd = new Float64Array(groups.length).fill(Number.NaN);
  const count = new Uint32Array(groups.length);
  groups.forEach(({ rows }, g) => {
    let n = 0;
    let average = 0;
    let squares = 0;
    for (const row of rows) {
      const value = column.values[row]!;
      if (!Number.isFinite(value)) continue;
      n += 1;
      const delta = value - average;
      average += delta / n;
      squares += delta * (value - average);
    }
    count[g] = n;
    if (n > 0) mean[g] = average;
    if (n > 1) sd[g] = Math.sqrt(squares / (n - 1));
  });
  return { mean, sd, count };
}

/** The groups as a table of their own, one row a group: numbers by their mean, other columns by the value that all share. */
export class GroupTable implements Table {
  readonly #columns = new Map<string, Column | undefined>();
  readonly #spreads = new Map<string, Spread>();

  constructor(
    readonly source: Table,
    readonly groups: readonly Group[],
  ) {}

  get length(): number {
    return this.groups.length;
  }

  get columns(): readonly Column[] {
    return this.source.columns.map(column => this.column(column.name)!);
  }

  column(name: string): Column | undefined {
    if (!this.#columns.has(name)) this.#columns.set(name, this.#make(name));
    return this.#columns.get(name);
  }

  spread(name: string): Spread | undefined {
    const column = this.source.column(name);
    if (column?.kind !== 'number') return undefined;
    const known = this.#spreads.get(name) ?? spreadOf(column, this.groups);
    this.#spreads.set(name, known);
    return known;
  }

  /** How many different values a group has in a column, counted up to `most`. */
  distinct(name: string, group: number, most = 1000): number {
    const column = this.source.column(name);
    const seen = new Set<number>();
    for (const row of this.groups[group]?.rows ?? []) {
      if (column && !isMissing(column, row)) seen.add(column.values[row]!);
      if (seen.size >= most) break;
    }
    return seen.size;
  }

  #make(name: string): Column | undefined {
    const column = this.source.column(name);
    if (!column) return undefined;
    const spread = this.spread(name);
    if (spread) return { name, kind: column.kind, length: this.length, values: spread.mean, dictionary: [] };
    const values = Float64Array.from(this.groups, ({ rows }) => {
      if (column.kind === 'time') return rows.reduce((latest, row) => Math.max(latest, column.values[row]!), -Infinity);
      const first = column.values[rows[0]!]!;
      return rows.every(row => column.values[row] === first) ? first : Number.NaN;
    });
    return { name, kind: column.kind, length: this.length, values, dictionary: column.dictionary };
  }
}
