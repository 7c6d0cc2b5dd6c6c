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
}

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
}

export interface GridOptions {
  readonly label: string;
  readonly events: GridEvents;
  /** Columns that stay in place when the others scroll, the selection boxes not counted. */
  readonly pinned: number;
  readonly maxHeight: number;
}

/** Where the keyboard is: `position` counts rows from 0 in the order shown, −1 is the header; `column` counts the boxes as 0. */
export interface Place {
  readonly position: number;
  readonly column: number;
}
