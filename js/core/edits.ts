/** Tables with changes laid over them: what a person edited, what came from elsewhere. The given tables stay as they are. */
import { columnOf, isMissing, makeTable, textAt } from './columns';
import type { Column, ColumnKind, Curve, Edit, Table } from './types';

/** The table as it will be once these edits are done. Deleted and restored runs stay: see `removedBy`. */
export function withEdits(table: Table, edits: readonly Edit[]): Table {
  if (edits.length === 0) return table;
  const rows = rowsById(table);
  const drafts = new Map<string, Draft>();
  const draft = (name: string, kind: ColumnKind): Draft => {
    const known = drafts.get(name) ?? new Draft(name, kind, table);
    drafts.set(name, known);
    return known;
  };
  for (const edit of edits) {
    const changed = edit.runs.flatMap(id => rows.get(id) ?? []);
    const texts = Object.entries({ name: edit.name, note: edit.note }).filter(([, text]) => text !== undefined);
    const tags = Object.entries(edit.tags ?? {}).map(([key, value]) => [`tags.${key}`, value] as const);
    for (const [name, text] of [...texts, ...tags]) {
      for (const row of changed) draft(name!, 'string').setText(row, text || null);
    }
    if (edit.star !== undefined) for (const row of changed) draft('star', 'bool').setStar(row, edit.star);
  }
  const kept = table.columns.map(column => drafts.get(column.name)?.column() ?? column);
  const added = [...drafts.values()].filter(({ name }) => !table.column(name)).map(each => each.column());
  return makeTable([...kept, ...added], table.length);
}

/** The runs that the edits take out of a view of active (or of deleted) runs. */
export function removedBy(edits: readonly Edit[], view: 'active' | 'deleted'): ReadonlySet<string> {
  const gone = new Set<string>();
  for (const { runs, state } of edits) {
    if (state === undefined) continue;
    for (const run of runs) {
      if (state === view) gone.delete(run);
      else gone.add(run);
    }
  }
  return gone;
}

/** The edit that takes `edit` back, one for each different state that the runs had before. */
export function inverse(edit: Edit, table: Table): Edit[] {
  const rows = rowsById(table);
  const text = (name: string, row: number): string => {
    const column = table.column(name);
    return column ? textAt(column, row) : '';
  };
  return edit.runs.flatMap(run => {
    const row = rows.get(run);
    if (row === undefined) return [];
    const tags = Object.keys(edit.tags ?? {}).map(key => [key, text(`tags.${key}`, row) || null] as const);
    return [
      {
        runs: [run],
        ...(edit.name !== undefined && { name: text('name', row) }),
        ...(edit.note !== undefined && { note: text('note', row) }),
        ...(edit.star !== undefined && { star: table.column('star')?.values[row] === 1 }),
        ...(edit.tags && { tags: Object.fromEntries(tags) }),
        ...(edit.state && { state: edit.state === 'deleted' ? ('active' as const) : ('deleted' as const) }),
      },
    ];
  });
}

class Draft {
  readonly #values: Float64Array;
  readonly #dictionary: string[];
  readonly #codes: Map<string, number>;
  readonly #kinds: readonly ColumnKind[] | undefined;

  constructor(
    readonly name: string,
    readonly kind: ColumnKind,
    table: Table,
  ) {
    const column = table.column(name);
    this.#values = column ? column.values.slice() : new Float64Array(table.length).fill(Number.NaN);
    this.#dictionary = [...(column?.dictionary ?? [])];
    this.#kinds = column?.kinds;
    this.#codes = new Map(this.#dictionary.map((text, code) => [text, code]));
  }

  setText(row: number, text: string | null): void {
    this.#values[row] = text === null ? Number.NaN : this.#code(text);
  }

  setStar(row: number, star: boolean): void {
    this.#values[row] = star ? 1 : 0;
  }

  #code(text: string): number {
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    const code = this.#dictionary.push(text) - 1;
    this.#codes.set(text, code);
    return code;
  }

  column(): Column {
    const kinds = this.#kinds && this.#dictionary.map((_, code) => this.#kinds?.[code] ?? 'string');
    const { name, kind } = this;
    const values = this.#values;
    return { name, kind, length: values.length, values, dictionary: this.#dictionary, ...(kinds && { kinds }) };
  }
}

/** Where each row of a merged table comes from: a row of the one table, or −1 and a row of the other. */
interface Origin {
  readonly kept: Int32Array;
  readonly changed: Int32Array;
}

/**
 * `table` with the runs of `changes` in place of the same ones or, where they are new, before all others (after them
 * where `last`); without `gone`.
 */
export function merged(table: Table, changes: Table, gone: readonly string[], last = false): Table {
  if (changes.length === 0 && gone.length === 0) return table;
  const away = new Set(gone);
  const changed = rowsById(changes);
  const here = rowsById(table);
  const fresh = idsOf(changes).flatMap((id, row) => (here.has(id) || away.has(id) ? [] : [row]));
  const added = fresh.map(row => [-1, row] as const);
  const known = idsOf(table).flatMap((id, row) => (away.has(id) ? [] : [[row, changed.get(id) ?? -1] as const]));
  const places = last ? [...known, ...added] : [...added, ...known];
  const origin = {
    kept: Int32Array.from(places, ([kept]) => kept),
    changed: Int32Array.from(places, place => place[1]),
  };
  const names = [...new Set([...table.columns, ...changes.columns].map(column => column.name))];
  return makeTable(
    names.map(name => mergedColumn(name, table.column(name), changes.column(name), origin)),
    places.length,
  );
}

/** Curves with those of runs that changed in place of the ones before; without those of `gone`. */
export function mergedCurves(curves: readonly Curve[], fresh: readonly Curve[], gone: readonly string[]): Curve[] {
  const anew = new Set([...gone, ...fresh.map(curve => curve.run)]);
  return [...curves.filter(curve => !anew.has(curve.run)), ...fresh];
}

/** Made when it is first read: of a wide table that follows the store most columns are not seen. */
function mergedColumn(name: string, before: Column | undefined, after: Column | undefined, origin: Origin): Column {
  const kind = mergedKind(before, after);
  let made: Column | null = null;
  const whole = (): Column => {
    made ??= filledColumn(name, kind, before, after, origin);
    return made;
  };
  return {
    name,
    kind,
    length: origin.kept.length,
    get values() {
      return whole().values;
    },
    get dictionary() {
      return whole().dictionary;
    },
    get nan() {
      return whole().nan;
    },
    get kinds() {
      return whole().kinds;
    },
    get head() {
      return made || !before?.head ? undefined : mergedHead(name, kind, before.head, after, origin);
    },
  };
}

/** Columns of different kinds that both hold something become texts. */
function mergedKind(before: Column | undefined, after: Column | undefined): ColumnKind {
  if (!before || !after || before.kind === after.kind) return (before ?? after)!.kind;
  const kinds = new Set([before, after].flatMap(column => (hasValue(column) ? [column.kind] : [])));
  return kinds.size > 1 ? 'string' : ([...kinds][0] ?? before.kind);
}

/** The rows among the first whose values are at hand. */
function mergedHead(name: string, kind: ColumnKind, head: Column, after: Column | undefined, origin: Origin): Column {
  const rows = Array.from({ length: Math.min(head.length, origin.kept.length) }, (_, row) => row).filter(
    row => origin.changed[row]! >= 0 || origin.kept[row]! < head.length,
  );
  const part = {
    kept: Int32Array.from(rows, row => origin.kept[row]!),
    changed: Int32Array.from(rows, row => origin.changed[row]!),
  };
  return filledColumn(name, kind, head, after, part);
}

function filledColumn(
  name: string,
  kind: ColumnKind,
  before: Column | undefined,
  after: Column | undefined,
  origin: Origin,
): Column {
  const [old, fresh] = kind === 'string' ? [asText(before), asText(after)] : [before, after];
  const dictionary = [...(old?.dictionary ?? [])];
  const entryKinds = old?.kinds ? [...old.kinds] : dictionary.map((): ColumnKind => 'string');
  const codes = new Map(dictionary.map((text, code) => [`${entryKinds[code]} ${text}`, code]));
  const recoded = (fresh?.dictionary ?? []).map((text, code) => {
    const entry = fresh?.kinds?.[code] ?? 'string';
    const known = codes.get(`${entry} ${text}`);
    if (known === undefined) entryKinds.push(entry);
    return known ?? dictionary.push(text) - 1;
  });
  const { length } = origin.kept;
  const values = new Float64Array(length);
  let nan: Uint8Array | undefined;
  const [oldValues, freshValues] = [old?.values, fresh?.values];
  const [oldNan, freshNan] = [old?.nan, fresh?.nan];
  for (let row = 0; row < length; row++) {
    const from = origin.changed[row]!;
    const at = from >= 0 ? from : origin.kept[row]!;
    const value = (from >= 0 ? freshValues?.[at] : oldValues?.[at]) ?? Number.NaN;
    values[row] = from >= 0 && kind === 'string' ? (recoded[value] ?? Number.NaN) : value;
    if ((from >= 0 ? freshNan : oldNan)?.[at] === 1) {
      nan ??= new Uint8Array(length);
      nan[row] = 1;
    }
  }
  const mixed = kind === 'string' && entryKinds.some(each => each !== 'string');
  return { name, kind, length, values, dictionary, ...(nan && { nan }), ...(mixed && { kinds: entryKinds }) };
}

/** Any column as texts that know what they were. */
function asText(column: Column | undefined): Column | undefined {
  if (!column || column.kind === 'string') return column;
  const texts = Array.from({ length: column.length }, (_, row) =>
    isMissing(column, row) ? null : textAt(column, row) || 'NaN',
  );
  const text = columnOf(column.name, 'string', texts);
  return { ...text, kinds: text.dictionary.map(() => column.kind) };
}

function hasValue(column: Column): boolean {
  return column.values.some(value => value === value) || column.nan !== undefined;
}

function idsOf(table: Table): string[] {
  const ids = table.column('run_id');
  return Array.from({ length: table.length }, (_, row) => (ids ? textAt(ids, row) : ''));
}

function rowsById(table: Table): Map<string, number> {
  return new Map(idsOf(table).map((id, row) => [id, row]));
}

/** The table with some columns replaced, by name. */
export function withColumns(table: Table, columns: readonly Column[]): Table {
  if (columns.length === 0) return table;
  const byName = new Map(columns.map(column => [column.name, column]));
  return makeTable(
    table.columns.map(column => byName.get(column.name) ?? column),
    table.length,
  );
}
