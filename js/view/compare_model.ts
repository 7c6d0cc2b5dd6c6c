/** What the panels of a comparison share: the runs with their colours, and the settings. */
import { merged, mergedCurves } from '../core/edits';
import { type RunLabel, runLabels, type Style, shortName, styleOf } from '../core/figures';
import { groupRows } from '../core/groups';
import { sortRows } from '../core/sort';
import type { CompareData, CompareState, Curve, Source, Table } from '../core/types';
import type { PlotlyLike } from '../plot/plotly';
import { onPointed, tellPointed } from './pointed';

export interface ShownRun extends RunLabel {
  readonly style: Style;
}

export interface Panel {
  readonly node: HTMLElement;
  /** Draws anew what `context` says now. */
  draw(): void;
  close?(): void;
}

export interface Context {
  readonly plotly: () => Promise<PlotlyLike>;
  table(): Table;
  curves(): readonly Curve[];
  /** Every run, in the table's order. */
  runs(): readonly ShownRun[];
  /** Those not switched off in the legend. */
  visible(): readonly ShownRun[];
  state(): CompareState;
  change(part: Partial<CompareState>): void;
  readonly ask: Source<CompareData>['ask'];
  /** The runs that are seen by their value of the column; one nameless group where there is none. */
  groups(column: string): readonly RunGroup[];
  /** Marks runs, in Python too. */
  select(ids: readonly string[]): void;
  /** The run that the pointer is on, in any chart; null for none. */
  hover(id: string | null): void;
  onHover(heard: (id: string | null) => void): () => void;
  /** The settings as they were last changed here. */
  sent(): string;
  /** A small thing to tell: what was copied, what was not possible. */
  tell(text: string): void;
  dispose(): void;
}

export interface RunGroup {
  readonly label: string;
  readonly style: Style;
  readonly runs: readonly ShownRun[];
}

/** How long nothing is changed before a layout is kept. */
const KEEP_MS = 1500;

const DEFAULTS: CompareState = {
  x: 'step',
  smoothing: 0,
  log: false,
  differing: true,
  scatter: { x: '', y: '', color: '' },
};

/** The context of `source`; `changed` is called after a person's change of the settings. */
export function contextOf(
  source: Source<CompareData>,
  plotly: () => Promise<PlotlyLike>,
  isDark: () => boolean,
  changed: () => void,
  tell: (text: string) => void,
): Context {
  const hovers = new Set<(id: string | null) => void>();
  let hovered: string | null = null;
  let sent = '';
  let keeping = 0;
  let known: { table: Table; dark: boolean; runs: readonly ShownRun[] } | null = null;
  /** A run keeps its look while others come and go. */
  const slots = new Map<string, number>();
  const table = remembered(
    () => [source.get('runs'), source.get('changes'), source.get('gone')] as const,
    ([runs, changes, gone]) => (changes ? merged(runs, changes, gone ?? [], true) : runs),
  );
  const curves = remembered(
    () => [source.get('curves'), source.get('fresh'), source.get('gone')] as const,
    ([curves, fresh, gone]) => (fresh || gone ? mergedCurves(curves, fresh ?? [], gone ?? []) : curves),
  );
  const heard = (id: string | null) => {
    if (id === hovered) return;
    hovered = id;
    for (const each of hovers) each(id);
  };
  const self = {};
  const unlink = onPointed(self, id => heard(id !== null && runs().some(run => run.id === id) ? id : null));
  const runs = () => {
    const now = table();
    const dark = isDark();
    if (!known || known.table !== now || known.dark !== dark) {
      const labels = runLabels(now);
      known = {
        table: now,
        dark,
        runs: labels.map(label => {
          const slot = slots.get(label.id) ?? slots.size;
          slots.set(label.id, slot);
          return { ...label, style: styleOf(slot, dark, labels.length) };
        }),
      };
    }
    return known.runs;
  };
  const state = () => ({ ...DEFAULTS, ...source.get('state') });
  const visible = () => {
    const hidden = new Set(state().hidden);
    return hidden.size === 0 ? runs() : runs().filter(run => !hidden.has(run.id));
  };
  return {
    plotly,
    table,
    runs,
    state,
    curves,
    visible,
    ask: source.ask,
    tell,
    groups(column) {
      const shown = visible();
      if (!column || !table().column(column)) return [{ label: '', style: styleOf(0, isDark()), runs: shown }];
      const byRow = new Map(shown.map(run => [run.row, run]));
      const rows = Uint32Array.from(shown, run => run.row);
      const found = groupRows(table(), [column], sortRows(table(), [{ column, descending: false }], rows));
      return found.map((group, i) => ({
        label: group.label.slice(shortName(column).length + 3),
        style: styleOf(i, isDark(), found.length),
        runs: Array.from(group.rows, row => byRow.get(row)!),
      }));
    },
    select: ids => source.set('selected', ids),
    hover(id) {
      if (id === hovered) return;
      heard(id);
      tellPointed(self, id);
    },
    onHover(heard) {
      hovers.add(heard);
      return () => hovers.delete(heard);
    },
    dispose() {
      unlink();
      window.clearTimeout(keeping);
    },
    sent: () => sent,
    change(part) {
      const now = { ...state(), ...part };
      sent = JSON.stringify(now);
      source.set('state', now);
      changed();
      window.clearTimeout(keeping);
      if (source.ask)
        keeping = window.setTimeout(() => void source.ask!({ do: 'layout', state: now }).catch(() => {}), KEEP_MS);
    },
  };
}

/** What `make` made of the parts, made anew only when one of them is another. */
function remembered<P extends readonly unknown[], R>(parts: () => P, make: (parts: P) => R): () => R {
  let last: { readonly parts: P; readonly made: R } | null = null;
  return () => {
    const now = parts();
    if (!last || now.some((part, i) => part !== last!.parts[i])) last = { parts: now, made: make(now) };
    return last.made;
  };
}

/** Columns by which runs may be grouped: parameters and tags of which some runs share a value. */
export function groupOptions(context: Context): (readonly [value: string, text: string])[] {
  const rows = context.runs().map(run => run.row);
  return context.table().columns.flatMap(column => {
    if (!/^(?:params|tags)\./.test(column.name) && column.name !== 'status' && column.name !== 'experiment') return [];
    const count = new Set(rows.map(row => column.values[row])).size;
    return count > 1 && (count < rows.length || rows.length <= 8) ? [[column.name, column.name] as const] : [];
  });
}

/** Columns of numbers that a chart can show. */
export function numberOptions(
  context: Context,
  prefix = /^(?:params|metrics)\.|^duration$/,
): (readonly [string, string])[] {
  return context
    .table()
    .columns.flatMap(({ name, kind }) => (kind === 'number' && prefix.test(name) ? [[name, name] as const] : []));
}
