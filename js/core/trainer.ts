/** What the trainer's panel shows, and what it asks for beside a sweep's and a playground's questions. */
import type { SweepView } from './sweep';
import type { PlaygroundForm } from './types';

export interface GridRow {
  readonly name: string;
  /** Values apart by commas. */
  readonly values: string;
}

export interface TrainerView {
  readonly title: string;
  readonly estimators: readonly string[];
  readonly scorings: readonly string[];
  readonly estimator: string;
  readonly scoring: string;
  readonly cv: number;
  readonly grid: readonly GridRow[];
  readonly parameters: readonly { readonly name: string; readonly default: string }[];
  readonly running: boolean;
  /** The best model's URI; empty before there is one. */
  readonly model: string;
  /** Where it is served; empty where it is not. */
  readonly url: string;
  readonly error: string;
  readonly code: string;
}

export interface TrainerData {
  readonly panel: TrainerView;
  /** Empty before the first training. */
  readonly sweep: SweepView | Record<string, never>;
  /** Empty before there is a model. */
  readonly form: PlaygroundForm | Record<string, never>;
}

export type TrainerAsk =
  | { readonly do: 'estimator'; readonly name: string }
  | {
      readonly do: 'train';
      readonly estimator: string;
      readonly grid: readonly GridRow[];
      readonly scoring: string;
      readonly cv: number;
    }
  | { readonly do: 'deploy' }
  | { readonly do: 'undeploy' };
