/** What a sweep tells of itself. */
import type { JsonNumber, Status } from './types';

export interface SweepRow {
  readonly number: number;
  readonly run: string;
  readonly status: Status;
  /** By the sweep's `params`. */
  readonly values: readonly string[];
  readonly value: JsonNumber;
  readonly seconds: number | null;
  /** The last line of what stopped it. */
  readonly error: string;
}

export interface SweepView {
  readonly id: string;
  readonly name: string;
  readonly experiment: string;
  readonly status: Status;
  readonly strategy: string;
  readonly backend: string;
  readonly jobs: number;
  /** Empty where nothing is compared. */
  readonly metric: string;
  readonly direction: 'maximize' | 'minimize';
  readonly total: number;
  readonly counts: Readonly<Record<Status, number>>;
  /** About how many seconds it takes still. */
  readonly left: number | null;
  /** The number of the best trial. */
  readonly best: number | null;
  readonly params: readonly string[];
  readonly rows: readonly SweepRow[];
  /** Trials' numbers and metrics. */
  readonly values: readonly (readonly [number, JsonNumber])[];
  readonly error: string;
  readonly notices: readonly string[];
}

export interface SweepData {
  readonly sweep: SweepView;
}

export type SweepAsk = { readonly do: 'stop'; readonly trial?: number };
