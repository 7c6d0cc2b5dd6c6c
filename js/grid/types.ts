/** What a grid is told about its columns, and what it tells of what a person does. Rows are row numbers of the data. */

export interface GridColumn {
  readonly id: string;
  readonly title: string;
  /** The full name, for the header's tooltip and for screen readers. */
  readonly hint: string;
  /** Columns of one group stand together under its name; '' has none. */
  readonly group: string;
  readonly align: 'left' | 'right';
  readonly sortable: boolean;
  readonly widest: number;
  /** Px that a cell needs beside its text and its padding. */
  readonly room: number;
  /** What a cell shows. */
  text(row: number): string;
  /** What is copied from a cell. */
  copy(row: number): string;
  /** Class names for the look of a cell's value, '' for none. */
  look(row: number): string;
  /** The tooltip of a cell, '' where its text says all. */
  tip(row: number): string;
  /** The path of a small line beside the text, '' for none; left out where no cell has one. */
  line?(row: number): string;
}

/** What a grid is told about its rows, where they are nested or grouped. */
export interface GridRows {
  /** 0 for the outermost. */
  level(row: number): number;
  /** Whether what stands below a row is seen; null where nothing does. */
  expanded(row: number): boolean | null;
  /** The rows that a row which is itself no run stands for; null for a run. */
  members(row: number): readonly number[] | Uint32Array | null;
}

export const FLAT: GridRows = { level: () => 0, expanded: () => null, members: () => null };

export interface SortMark {
  readonly column: string;
  readonly descending: boolean;
}

export interface GridEvents {
  /** A header was chosen; `adds` keeps the keys before it. */
  sorted(column: string, adds: boolean): void;
  selected(): void;
  /** A column was dragged to stand before `next`, null at the end. */
  moved(column: string, next: string | null): void;
  /** A person gave a column a width; null fits it again. */
  resized(column: string, width: number | null): void;
  /** What stands below a row is to be seen, or no longer. */
  toggled(row: number): void;
  /** A cell was pressed, or Enter or F2 on it; says whether it did something. */
  pressed(row: number, column: string, how: 'press' | 'double' | 'enter' | 'rename'): boolean;
  /** The menu of a row (its position) or of a header (−1) was asked for, at these client coordinates. */
  menu(position: number, column: string, at: { readonly x: number; readonly y: number }): void;
  /** The pointer is over a row, or over none (−1). */
  hovered?(row: number): void;
}

/** What a person chose of the columns, and which rows tell how wide the others want to be (all, if not said). */
export interface GridLayout {
  /** How many columns stay in place. */
  readonly pinned: number;
  readonly widths?: Readonly<Record<string, number>>;
  readonly sampled?: Uint32Array;
}

export interface GridOptions {
  readonly label: string;
  readonly events: GridEvents;
  readonly maxHeight: number;
}

/** Where the keyboard is: `position` counts rows from 0 in the order shown, −1 is the header; `column` counts the boxes as 0. */
export interface Place {
  readonly position: number;
  readonly column: number;
}
