/** One run in full, and what is asked about it: the shapes that src/tracker/pages/run*.py and the run view share. */
import type { JsonNumber, RunCard, Status } from './types';

/** A run beside the one that is shown: its parent, a child. */
export interface RunLink {
  readonly id: string;
  readonly name: string;
  readonly status: Status;
  readonly started: number;
  /** In seconds. */
  readonly duration: JsonNumber;
}

export interface RunDataset {
  readonly name: string;
  readonly digest: string;
  readonly context: string;
  readonly source: string;
  readonly shape: readonly number[];
  /** "full", or how little of the content the digest stands for. */
  readonly coverage: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

export interface RunCell {
  readonly count: number;
  readonly source: string;
  readonly error: string | null;
}

export interface RunDetail extends RunCard {
  readonly slice: string;
  /** Tags that MLflow and tracker write themselves. */
  readonly system: readonly { readonly key: string; readonly value: string }[];
  readonly user: string;
  readonly star: boolean;
  readonly deleted: boolean;
  readonly parent: RunLink | null;
  readonly children: readonly RunLink[];
  /** How many children there are, of which `children` may hold fewer. */
  readonly nested: number;
  readonly cells: readonly RunCell[];
  readonly environment: Readonly<Record<string, unknown>>;
  readonly datasets: readonly RunDataset[];
  /** Registered versions of models that come from this run. */
  readonly models?: readonly {
    readonly name: string;
    readonly version: number;
    readonly stage: string;
    readonly aliases: readonly string[];
  }[];
}

export interface FileEntry {
  readonly name: string;
  readonly path: string;
  readonly folder: boolean;
  readonly size: number;
}

export interface NotebookCell {
  readonly type: string;
  readonly source: string;
  readonly count: number | null;
  readonly outputs: readonly { readonly text?: string; readonly mime?: string; readonly data?: string }[];
}

/** What is shown of a file; bytes and rows come as the answer's buffer. */
export type Preview = { readonly path: string; readonly size: number; readonly said?: string } & (
  | { readonly kind: 'none' }
  | { readonly kind: 'image' | 'svg' | 'audio' | 'video'; readonly mime: string }
  | { readonly kind: 'text'; readonly text: string; readonly offset: number; readonly next: number | null }
  | { readonly kind: 'json' | 'markdown' | 'html' | 'plotly'; readonly text: string }
  | { readonly kind: 'notebook'; readonly cells: readonly NotebookCell[]; readonly total: number }
  | {
      readonly kind: 'table';
      readonly offset: number;
      readonly total: number | null;
      readonly more: boolean;
      readonly wider: number;
      readonly sortable: boolean;
      readonly columns: readonly { readonly name: string; readonly type: string }[];
    }
);

/** src/tracker/pages/run_questions.py tells what each gives. */
export type RunAsk =
  | { readonly do: 'detail'; readonly run: string }
  | {
      readonly do: 'history';
      readonly run: string;
      readonly keys: readonly string[];
      readonly points: number;
      readonly from?: number;
      readonly to?: number;
    }
  | { readonly do: 'files'; readonly run: string; readonly path: string }
  | {
      readonly do: 'preview';
      readonly run: string;
      readonly path: string;
      readonly offset?: number;
      readonly order?: string;
      readonly descending?: boolean;
      readonly plain?: boolean;
    }
  | { readonly do: 'part'; readonly run: string; readonly path: string; readonly offset: number };

export interface RunData {
  /** The run that is to be shown. */
  readonly id: string;
  /** What is known of it already; null where it is to be asked for. */
  readonly run: RunDetail | null;
}
