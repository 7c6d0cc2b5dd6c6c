import type { CompareAsk } from './differing';
import type { RunAsk, RunDetail } from './run';
import type { SweepAsk, SweepView } from './sweep';
import type { TrainerAsk, TrainerData } from './trainer';

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
  readonly nan?: Uint8Array | undefined;
  /** The type of each dictionary entry, where a column mixes types. */
  readonly kinds?: readonly ColumnKind[];
  /** The first rows, of a column that is not decoded yet. */
  readonly head?: Column | undefined;
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
  /** Plain sentences that tell something of the run without being a fault: an earlier run had the same inputs. */
  readonly remarks?: readonly string[];
  /** How many of the session's cells made it, in words. */
  readonly slice?: string;
  /** Names of the datasets and files that it read. */
  readonly inputs?: readonly string[];
}

/** Which of a metric's values a run is shown by. */
export type Stat = 'last' | 'min' | 'max' | 'best';
export type Direction = 'higher' | 'lower';
/** Runs that can be folded away: those that failed, those that were over at once, all but the last of equal ones. */
export type Fold = 'failed' | 'short' | 'repeats';

export interface TableState {
  readonly where: string;
  readonly sort: readonly { readonly column: string; readonly descending: boolean }[];
  readonly hidden: readonly string[];
  /** Columns shown although they would be folded away (the same in all runs, or an id). */
  readonly shown?: readonly string[];
  /** Columns in the order that a person put them in; others follow. */
  readonly order?: readonly string[];
  /** Columns that stay in place beside the name. */
  readonly pinned?: readonly string[];
  readonly widths?: Readonly<Record<string, number>>;
  /** Columns by whose values runs are grouped. */
  readonly group?: readonly string[];
  /** What is unfolded: keys of groups, ids of runs with nested ones. */
  readonly open?: readonly string[];
  /** Nested runs stand among the others, not below their parents. */
  readonly flat?: boolean;
  readonly fold?: readonly Fold[];
  /** By metric column; 'last' where none is said. */
  readonly stats?: Readonly<Record<string, Stat>>;
  /** By metric column, where a person has said which is better. */
  readonly directions?: Readonly<Record<string, Direction | 'none'>>;
  /** Metric columns without the sparkline that they would have. */
  readonly plain?: readonly string[];
  readonly view?: 'active' | 'deleted';
}

/** A change of runs that is to reach the store. What is left out stays; a tag of null is removed. */
export interface Edit {
  readonly runs: readonly string[];
  readonly name?: string;
  readonly note?: string;
  readonly star?: boolean;
  readonly tags?: Readonly<Record<string, string | null>>;
  readonly state?: 'active' | 'deleted';
}

/** What a page asks of Python; answered only where something answers, and when it has the time. */
export type Ask =
  | SweepAsk
  | TrainerAsk
  | RunAsk
  | CompareAsk
  | RegistryChange
  | { readonly do: 'refresh' }
  | {
      readonly do: 'predict';
      readonly rows: readonly Readonly<Record<string, string>>[];
      readonly params: Readonly<Record<string, string>>;
    }
  | { readonly do: 'keep' }
  | { readonly do: 'edit'; readonly edits: readonly Edit[] }
  /** Least and greatest of metrics, by run: columns run_id, min.KEY, max.KEY. */
  | { readonly do: 'stats'; readonly keys: readonly string[] }
  /** Histories in a few points: run, key, step, time, value. */
  | { readonly do: 'sparks'; readonly keys: readonly string[]; readonly runs: readonly string[] }
  /** Keeps the view in the store under this name; null forgets it. */
  | { readonly do: 'view'; readonly name: string; readonly state: TableState | null }
  | { readonly do: 'directions'; readonly directions: Readonly<Record<string, Direction | 'none'>> }
  /** Histories of these runs between two steps. */
  | {
      readonly do: 'curves';
      readonly key: string;
      readonly runs: readonly string[];
      readonly from: number;
      readonly to: number;
      readonly points: number;
    }
  /** What a metric depends on: columns name, importance, correlation. */
  | { readonly do: 'importance'; readonly target: string; readonly runs: readonly string[] }
  | {
      readonly do: 'contour';
      readonly x: string;
      readonly y: string;
      readonly z: string;
      readonly runs: readonly string[];
    };

export interface Answer {
  /** Plain sentences of what was not possible, and why. */
  readonly notices?: readonly string[];
  /** The Arrow streams that were asked for. */
  readonly buffers: readonly DataView[];
  readonly [name: string]: unknown;
}

/** Whether Python is there: it may be gone for good (its kernel ended), which a view says in plain words. */
export type Link = 'live' | 'gone';

export interface CompareState {
  /** What curves are drawn over: 'metric:KEY' is another metric of the same step. */
  readonly x: 'step' | 'relative' | 'wall' | `metric:${string}`;
  readonly smoothing: number;
  readonly log: boolean;
  readonly differing: boolean;
  readonly scatter: { readonly x: string; readonly y: string; readonly color: string; readonly size?: string };
  readonly logX?: boolean;
  /** Leaves out of the y range what lies beyond the 5th and 95th percentile. */
  readonly clip?: boolean;
  /** A column: curves become the mean and the spread of the runs that share its value. */
  readonly group?: string;
  /** What the names of the metrics that are drawn contain. */
  readonly find?: string;
  readonly size?: 'small' | 'medium' | 'large';
  /** The panel that is open. */
  readonly tab?: string;
  /** Runs switched off. */
  readonly hidden?: readonly string[];
  readonly chosen?: Readonly<Record<string, string>>;
  /** Marked ranges of parallel axes, in shares of their height. */
  readonly brushes?: Readonly<Record<string, readonly [number, number]>>;
}

/** What a display saved in a notebook holds: enough to draw it with no kernel. */
export type Bundle =
  | { readonly protocol: number; readonly view: 'card'; readonly run: RunCard }
  | { readonly protocol: number; readonly view: 'run'; readonly run: RunDetail }
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
    }
  | {
      readonly protocol: number;
      readonly view: 'registry';
      readonly total: number;
      readonly models: readonly ModelData[];
    }
  | { readonly protocol: number; readonly view: 'playground'; readonly form: PlaygroundForm }
  | { readonly protocol: number; readonly view: 'sweep'; readonly sweep: SweepView }
  | ({ readonly protocol: number; readonly view: 'trainer' } & TrainerData);

/** A model to try: what it takes, the rows to begin with, and what was predicted for each, by output. */
export interface PlaygroundForm {
  readonly title: string;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly required: boolean }[];
  readonly params: readonly { readonly name: string; readonly type: string; readonly default: string }[];
  readonly rows: readonly Readonly<Record<string, string>>[];
  readonly outputs: readonly string[];
  readonly predicted: readonly (readonly string[])[];
}

export interface PlaygroundData {
  readonly form: PlaygroundForm;
}

/** A registered model and its versions, the newest first; `total` counts those that are not here too. */
export interface ModelData {
  readonly name: string;
  readonly description: string;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly updated: number;
  readonly total: number;
  readonly versions: readonly VersionData[];
}

export interface VersionData {
  readonly version: number;
  readonly stage: string;
  readonly aliases: readonly string[];
  readonly created: number;
  readonly description: string;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly run_id: string;
  readonly run: string;
  readonly source: string;
  /** Python that loads it. */
  readonly code: string;
  readonly metrics: readonly { readonly key: string; readonly value: JsonNumber }[];
}

export interface RegistryData {
  readonly models: readonly ModelData[];
}

/** Stages and aliases to give to versions of a model; the answer holds the models as they are then, and the way back. */
export interface RegistryChange {
  readonly do: 'set';
  readonly name: string;
  readonly stages: Readonly<Record<string, string>>;
  readonly aliases: Readonly<Record<string, number | null>>;
}

/**
 * Where a view's data comes from and where what a person does goes to: an anywidget model, or a saved bundle.
 * `set` is remembered locally at once; whether it reaches Python is the host's matter.
 */
export interface Source<S> {
  get<K extends keyof S>(key: K): S[K];
  set<K extends keyof S>(key: K, value: S[K]): void;
  /** Calls back on every change of `key`; returns the way to stop. */
  on<K extends keyof S>(key: K, changed: () => void): () => void;
  /**
   * Asks Python; undefined where nobody could answer. The promise waits as long as Python is busy, and rejects with a
   * sentence for people.
   */
  readonly ask?: (question: Ask) => Promise<Answer>;
  /** Calls back when Python is gone (or here again), and at once where it is gone already. */
  readonly linked?: (changed: (link: Link) => void) => () => void;
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
  /** Runs that changed since `runs` was sent, whole; and the ids of those that are gone. */
  readonly changes?: Table;
  readonly gone?: readonly string[];
  /** Histories in a few points, for the cells. */
  readonly sparks?: readonly Curve[];
  /** Why what is here is not what the store has now, in a sentence; '' where it is. */
  readonly trouble?: string;
  /** Views kept in the store, by name. */
  readonly views?: Readonly<Record<string, TableState>>;
  /** The columns seen, in order: told to Python. */
  readonly columns?: readonly string[];
}

export interface CompareData {
  readonly title: string;
  readonly total: number;
  readonly runs: Table;
  readonly curves: readonly Curve[];
  /** Runs that changed since, whole, with their curves; and the ids of those that are gone. */
  readonly changes?: Table;
  readonly fresh?: readonly Curve[];
  readonly gone?: readonly string[];
  readonly trouble?: string;
  readonly state: CompareState;
  /** The ids of the runs that a person has marked. */
  readonly selected?: readonly string[];
}

export type Dispose = () => void;
