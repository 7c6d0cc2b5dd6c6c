/** What a page asks of a store that no cell stands behind: the shapes that src/tracker/pages/browse.py shares. */
import type { Status } from './types';

export type StoreAsk =
  /** Gives `Overview`. */
  | { readonly do: 'overview' }
  /** Gives `statuses`: of the runs that are there, by id; DELETED for those in the bin. */
  | { readonly do: 'statuses'; readonly runs: readonly string[] }
  /** Gives total, since, views, directions; the runs and small histories. `experiments` are ids, null stands for all. */
  | { readonly do: 'table'; readonly experiments: readonly string[] | null; readonly view: 'active' | 'deleted' }
  /** Gives total, gone and the runs that changed since, or `whole` where the table is to be asked for anew. */
  | {
      readonly do: 'changes';
      readonly experiments: readonly string[] | null;
      readonly view: 'active' | 'deleted';
      readonly since: number;
    }
  /** Gives total, since, state; the runs and their curves. */
  | { readonly do: 'compare'; readonly runs: readonly string[] }
  /** Gives gone, and those of the runs that changed since with their curves, or `whole` as above. */
  | { readonly do: 'compared'; readonly runs: readonly string[]; readonly since: number }
  /** Gives `cells`: what made a run, in order. */
  | { readonly do: 'cells'; readonly run: string };

export interface Overview {
  /** The folder of the store, which the first run makes. */
  readonly store: string;
  readonly made: boolean;
  readonly experiments: readonly ExperimentEntry[];
  /** The running ones first, then the latest. */
  readonly runs: readonly RunEntry[];
  readonly states: Readonly<Partial<Record<Status, number>>>;
  /** Files of the store that cannot be read. */
  readonly damaged: number;
}

export interface ExperimentEntry {
  readonly id: string;
  readonly name: string;
  readonly runs: number;
  readonly running: number;
  /** When its latest run began, or it was made: ms since the epoch. */
  readonly latest: number;
}

export interface RunEntry {
  readonly id: string;
  readonly name: string | null;
  readonly status: Status;
  readonly experiment: string;
  readonly experiment_id: string;
  readonly started: number;
  readonly ended: number | null;
}

export interface SlicedCell {
  readonly count: number;
  readonly source: string;
}
