/** What the panels of a comparison share: the runs with their colours, and the settings. */
import { type RunLabel, runLabels, type Style, styleOf } from '../core/figures';
import type { CompareData, CompareState, Curve, Source, Table } from '../core/types';
import type { PlotlyLike } from '../plot/plotly';

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
}

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
  hidden: ReadonlySet<string>,
  isDark: () => boolean,
  changed: () => void,
): Context {
  let known: { table: Table; dark: boolean; runs: readonly ShownRun[] } | null = null;
  const table = () => source.get('runs');
  const runs = () => {
    const now = table();
    const dark = isDark();
    if (!known || known.table !== now || known.dark !== dark) {
      const labels = runLabels(now);
      known = {
        table: now,
        dark,
        runs: labels.map((label, i) => ({ ...label, style: styleOf(i, dark, labels.length) })),
      };
    }
    return known.runs;
  };
  const state = () => ({ ...DEFAULTS, ...source.get('state') });
  return {
    plotly,
    table,
    runs,
    state,
    curves: () => source.get('curves'),
    visible: () => runs().filter(run => !hidden.has(run.id)),
    change(part) {
      source.set('state', { ...state(), ...part });
      changed();
    },
  };
}
