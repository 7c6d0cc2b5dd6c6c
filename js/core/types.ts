/** The shapes that Python and the views share. A change here is a change of the protocol: raise PROTOCOL. */
export const PROTOCOL = 1;
export const MIME = 'application/vnd.tracker.v1+json';

export type Status = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED';
export type ColumnKind = 'number' | 'string' | 'time' | 'bool';

/** One column of the run table. Numbers and times (ms since the epoch) hold NaN where a run has no value. */
export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly length: number;
  /** number, time: the value; bool: 0, 1 or NaN; string: the index into `dictionary`, or NaN. */
  readonly values: Float64Array;
  /** Distinct strings, for kind 'string'. */
  readonly dictionary: readonly string[];
  /** 1 where a NaN in `values` was logged as such; every other NaN is a missing value. */
  readonly nan?: Uint8Array;
  /** The type of each dictionary entry, where a column mixes types. */
  readonly kinds?: readonly ColumnKind[];
}

/** The run table: `run_id`, `name`, `status`, … then `params.*`, `metrics.*`, `tags.*`. */
export interface Table {
  readonly length: number;
  readonly columns: readonly Column[];
  column(name: string): Column | undefined;
}

/** One metric's history, reduced for drawing; `time` is ms since the epoch. */
export interface Curve {
  readonly run: string;
  readonly key: string;
  readonly step: Float64Array;
  readonly time: Float64Array;
  readonly value: Float64Array;
}

/** JSON numbers cannot say NaN: non-finite values travel as these words. */
export type JsonNumber = number | 'NaN' | 'Infinity' | '-Infinity' | null;

export interface JsonCurve {
  readonly run?: string;
  readonly key: string;
  readonly step: readonly number[];
  readonly time?: readonly number[];
  readonly value: readonly JsonNumber[];
}

export interface JsonColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly values: readonly (JsonNumber | string | boolean)[];
}

/** What the run card shows. Times are ms since the epoch. */
export interface RunCard {
  readonly id: string;
  readonly name: string;
  readonly experiment: string;
  readonly status: Status;
  readonly started: number;
  readonly ended: number | null;
  readonly params: readonly { readonly key: string; readonly value: string }[];
  readonly metrics: readonly {
    readonly key: string;
    readonly value: JsonNumber;
    readonly step: number | null;
    readonly points: number;
  }[];
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly curves: readonly JsonCurve[];
  readonly note: string;
  readonly output: string;
  readonly traceback: string;
  readonly source: string;
  readonly artifacts: readonly { readonly path: string; readonly size: number }[];
  /** Plain sentences about faults or bounds that the person should know. */
  readonly notices: readonly string[];
}

export interface TableState {
  readonly where: string;
  readonly sort: readonly { readonly column: string; readonly descending: boolean }[];
  readonly hidden: readonly string[];
  /** Columns shown although they would be folded away (the same in all runs, or an id). */
  readonly shown?: readonly string[];
}

export interface CompareState {
  readonly x: 'step' | 'relative' | 'wall';
  readonly smoothing: number;
  readonly log: boolean;
  readonly differing: boolean;
  readonly scatter: { readonly x: string; readonly y: string; readonly color: string };
}

/** What a display saved in a notebook holds: enough to draw it with no kernel. */
export type Bundle =
  | { readonly protocol: number; readonly view: 'card'; readonly run: RunCard }
  | {
      readonly protocol: number;
      readonly view: 'table';
      readonly title: string;
      readonly total: number;
      readonly runs: readonly JsonColumn[];
      readonly state: TableState;
    }
  | {
      readonly protocol: number;
      readonly view: 'compare';
      readonly title: string;
      readonly total: number;
      readonly runs: readonly JsonColumn[];
      readonly curves: readonly JsonCurve[];
      readonly state: CompareState;
    };

/**
 * Where a view's data comes from and where what a person does goes to: an anywidget model, or a saved bundle.
 * `set` is remembered locally at once; whether it reaches Python is the host's matter.
 */
export interface Source<S> {
  get<K extends keyof S>(key: K): S[K];
  set<K extends keyof S>(key: K, value: S[K]): void;
  /** Calls back on every change of `key`; returns the way to stop. */
  on<K extends keyof S>(key: K, changed: () => void): () => void;
}

export interface CardData {
  readonly run: RunCard;
}

export interface TableData {
  readonly title: string;
  /** Runs in the store that match, of which `runs` may hold fewer in a saved bundle. */
  readonly total: number;
  readonly runs: Table;
  readonly state: TableState;
  readonly selected: readonly string[];
}

export interface CompareData {
  readonly title: string;
  readonly total: number;
  readonly runs: Table;
  readonly curves: readonly Curve[];
  readonly state: CompareState;
}

export type Dispose = () => void;
