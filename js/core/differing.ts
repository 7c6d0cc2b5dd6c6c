/** What a comparison asks beyond its runs and curves: the shapes that src/tracker/pages and the comparison share. */
import type { CompareState } from './types';

export type CompareAsk =
  /** Keeps what of the state suits other runs too, with the experiment. */
  | { readonly do: 'layout'; readonly state: CompareState }
  /** `Differences` from run a to run b. */
  | { readonly do: 'diff'; readonly a: string; readonly b: string }
  /** `pictures`: the `Picture`s that these runs keep. */
  | { readonly do: 'pictures'; readonly runs: readonly string[] };

/** A name whose value differs; null where a run does not have it. */
export interface Difference {
  readonly name: string;
  readonly a: string | null;
  readonly b: string | null;
  /** What changed, in words. */
  readonly said?: string;
}

export type Mark = 'same' | 'added' | 'removed';

/** A cell of the program that made a run, and what it is in the other: in pieces of text in reading order. */
export interface CellDifference {
  readonly a: boolean;
  readonly b: boolean;
  readonly same: boolean;
  readonly marks: readonly (readonly [Mark, string])[];
  /** Where it went, if it stands elsewhere in b: it is told at both places. */
  readonly moved?: '' | 'up' | 'down';
  /** Whether it is a module from beside the notebook. */
  readonly module?: boolean;
  /** What there is to say beside its text: a module's name, that only comments changed. */
  readonly said?: string;
}

export interface Differences {
  readonly params: readonly Difference[];
  readonly metrics: readonly Difference[];
  readonly environment: readonly Difference[];
  readonly data: readonly Difference[];
  readonly cells: readonly CellDifference[];
  /** Whether there is more than is here. */
  readonly cut: boolean;
}

/** A picture of a run: of a series by its key and step, else a file by its path. */
export interface Picture {
  readonly run: string;
  readonly key: string;
  readonly step: number | null;
  readonly path: string;
}
