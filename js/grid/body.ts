/**
 * The cells of a grid: a fixed pool of nodes, each bound to the row and column that it shows. A row keeps its node while
 * it is seen (slot = position mod pool), a column likewise, so that scrolling by one touches one row or one cell a row.
 */
import type { ColumnGeometry, Span } from './geometry';
import type { Selection } from './selection';
import type { GridColumn, GridRows } from './types';

/** What is to be seen. `columns[0]` is the box by which a row is selected. */
export interface Scene {
  readonly columns: readonly GridColumn[];
  readonly geometry: ColumnGeometry;
  readonly order: Uint32Array;
  readonly facts: GridRows;
  readonly rows: Span;
  readonly across: Span;
  readonly rowHeight: number;
  readonly selection: Selection;
  /** The row that is pointed at elsewhere, −1 for none. */
  readonly lit: number;
  /** Raised when columns or their places change: every node is laid out anew. */
  readonly layout: number;
  /** Raised when values change: every text is asked for anew. */
  readonly content: number;
}

interface CellNode {
  readonly element: HTMLElement;
  readonly value: HTMLElement;
  readonly text: Text;
  column: number;
  row: number;
  layout: number;
  content: number;
  look: string;
  /** The path of the small line, in cells that ever had one. */
  line: SVGPathElement | null;
}

interface RowNode {
  readonly element: HTMLElement;
  /** What scrolls sideways: moved by itself, so that no style is asked for anew in the cells. */
  readonly strip: HTMLElement;
  readonly pins: CellNode[];
  readonly cells: CellNode[];
  scroll: number;
  lit: boolean;
  position: number;
  base: number;
  nesting: string;
}

/** Rows are placed from a base that moves rarely, so that no coordinate grows beyond what a browser holds exactly. */
const BASE = 1000;
const SVG = 'http://www.w3.org/2000/svg';
/** The box of a cell's small line, in px. */
export const LINE_WIDTH = 56;
export const LINE_HEIGHT = 20;

export class Body {
  readonly element = document.createElement('div');
  #rows: RowNode[] = [];
  #slots = 0;

  constructor() {
    this.element.className = 'body';
    this.element.setAttribute('role', 'rowgroup');
  }

  /** Where the rows' own coordinates begin. */
  static base(scene: Scene): number {
    return scene.rows.first - (scene.rows.first % BASE);
  }

  /** `scroll` is how far the view is scrolled to the right, `top` the place of the base row. */
  draw(scene: Scene, scroll: number, top: number): void {
    this.element.style.transform = `translate(0, ${top}px)`;
    this.#grow(scene);
    const base = Body.base(scene);
    const { first, end } = scene.rows;
    for (let slot = 0; slot < this.#rows.length; slot++) {
      const position = first + ((slot - (first % this.#rows.length) + this.#rows.length) % this.#rows.length);
      const node = this.#rows[slot]!;
      if (position >= end) {
        if (node.position >= 0) this.#park(node);
        continue;
      }
      this.#drawRow(node, position, base, scene);
      if (node.scroll === scroll) continue;
      node.scroll = scroll;
      node.strip.style.transform = `translate(${-scroll}px, 0)`;
    }
  }

  /** The cell that shows a place, if it is among those seen. */
  cell(position: number, column: number, pinned: number): HTMLElement | null {
    const node = this.#rows.find(row => row.position === position);
    if (!node) return null;
    return (column < pinned ? node.pins[column] : node.cells[(column - pinned) % this.#slots])?.element ?? null;
  }

  /** The place of the cell that `target` is in. */
  placeOf(target: Element): { position: number; column: number } | null {
    const element = target.closest('.cell');
    for (const row of this.#rows) {
      const cell = [...row.pins, ...row.cells].find(node => node.element === element);
      if (cell) return { position: row.position, column: cell.column };
    }
    return null;
  }

  #grow(scene: Scene): void {
    const needed = scene.rows.end - scene.rows.first;
    const across = scene.across.end - scene.across.first;
    if (across > this.#slots) {
      this.#slots = across + 2;
      for (const row of this.#rows) for (const cell of row.cells) cell.layout = -1;
    }
    if (needed <= this.#rows.length) return;
    for (const row of this.#rows) this.#park(row);
    while (this.#rows.length < needed + 1) this.#rows.push(this.#newRow());
  }

  #newRow(): RowNode {
    const element = document.createElement('div');
    element.className = 'row';
    element.setAttribute('role', 'row');
    element.style.display = 'none';
    const strip = document.createElement('div');
    strip.className = 'strip';
    strip.setAttribute('role', 'presentation');
    element.append(strip);
    this.element.append(element);
    return { element, strip, pins: [], cells: [], scroll: Number.NaN, lit: false, position: -1, base: -1, nesting: '' };
  }

  #park(node: RowNode): void {
    node.element.style.display = 'none';
    node.position = -1;
  }

  #drawRow(node: RowNode, position: number, base: number, scene: Scene): void {
    const { element } = node;
    const row = scene.order[position]!;
    if (node.position !== position || node.base !== base) {
      if (node.position < 0) element.style.display = '';
      element.style.top = `${(position - base) * scene.rowHeight}px`;
      element.setAttribute('aria-rowindex', String(position + 2));
      node.position = position;
      node.base = base;
    }
    const selected = String(scene.selection.has(row));
    if (element.getAttribute('aria-selected') !== selected) element.setAttribute('aria-selected', selected);
    if (node.lit !== (row === scene.lit)) {
      node.lit = row === scene.lit;
      element.classList.toggle('lit', node.lit);
    }
    drawNesting(node, row, scene.facts);
    this.#drawCells(node, row, scene);
  }

  #drawCells(node: RowNode, row: number, scene: Scene): void {
    const { pinned } = scene.geometry;
    while (node.pins.length < pinned) node.pins.push(newCell(node.element, node.strip));
    while (node.cells.length < this.#slots) node.cells.push(newCell(node.strip, null));
    for (let column = 0; column < node.pins.length; column++) {
      if (column < pinned) drawCell(node.pins[column]!, column, row, scene);
      else parkCell(node.pins[column]!);
    }
    const { first, end } = scene.across;
    for (let slot = 0; slot < this.#slots; slot++) {
      const column = pinned + columnIn(slot, first - pinned, this.#slots);
      const cell = node.cells[slot]!;
      if (column < end) drawCell(cell, column, row, scene);
      else if (cell.column !== -1) parkCell(cell);
    }
  }
}

/** The column that a slot shows when `first` is the first one seen: each keeps its slot while it is seen. */
export function columnIn(slot: number, first: number, slots: number): number {
  return first + ((slot - (first % slots) + slots) % slots);
}

/** How deep a row stands and whether it is unfolded, as screen readers and the style sheet read it. */
function drawNesting(node: RowNode, row: number, facts: GridRows): void {
  const [level, expanded, group] = [facts.level(row), facts.expanded(row), facts.members(row) !== null];
  const nesting = `${level} ${expanded} ${group}`;
  if (nesting === node.nesting) return;
  const { element } = node;
  node.nesting = nesting;
  element.classList.toggle('group', group);
  element.style.setProperty('--level', String(level));
  if (level > 0 || expanded !== null) element.setAttribute('aria-level', String(level + 1));
  else element.removeAttribute('aria-level');
  element.classList.toggle('folds', expanded !== null);
  if (expanded === null) element.removeAttribute('aria-expanded');
  else element.setAttribute('aria-expanded', String(expanded));
}

function newCell(row: HTMLElement, next: HTMLElement | null): CellNode {
  const element = document.createElement('div');
  const value = document.createElement('span');
  const text = document.createTextNode('');
  element.setAttribute('role', 'gridcell');
  element.tabIndex = -1;
  element.style.display = 'none';
  value.append(text);
  element.append(value);
  row.insertBefore(element, next);
  return { element, value, text, column: -1, row: -1, layout: -1, content: -1, look: '-', line: null };
}

function parkCell(cell: CellNode): void {
  cell.element.style.display = 'none';
  cell.column = -1;
}

function drawCell(cell: CellNode, column: number, row: number, scene: Scene): void {
  const { element } = cell;
  const source = scene.columns[column]!;
  const moved = cell.column !== column || cell.layout !== scene.layout;
  if (moved) {
    const pinned = column < scene.geometry.pinned;
    if (cell.column === -1) element.style.display = '';
    element.className = `cell ${source.align}${pinned ? ' pinned' : ''}${column === scene.geometry.pinned - 1 ? ' edge' : ''}`;
    element.style.left = `${scene.geometry.left(column)}px`;
    element.style.width = `${scene.geometry.widths[column]}px`;
    element.setAttribute('aria-colindex', String(column + 1));
    cell.column = column;
    cell.layout = scene.layout;
  } else if (cell.row === row && cell.content === scene.content) {
    return;
  }
  if (moved || cell.row !== row) element.removeAttribute('title');
  const text = source.text(row);
  if (cell.text.data !== text) cell.text.data = text;
  const look = source.look(row);
  if (look !== cell.look) {
    cell.value.className = `value ${look}`;
    cell.look = look;
  }
  drawLine(cell, source.line?.(row) ?? '');
  cell.row = row;
  cell.content = scene.content;
}

function drawLine(cell: CellNode, path: string): void {
  if (path === '' && !cell.line) return;
  cell.line ??= newLine(cell.element);
  const shown = cell.line.getAttribute('d') ?? '';
  if (shown === path) return;
  cell.line.setAttribute('d', path);
  cell.line.ownerSVGElement!.style.display = path === '' ? 'none' : '';
}

function newLine(cell: HTMLElement): SVGPathElement {
  const svg = document.createElementNS(SVG, 'svg');
  const path = document.createElementNS(SVG, 'path');
  svg.setAttribute('class', 'line');
  svg.setAttribute('viewBox', `0 0 ${LINE_WIDTH} ${LINE_HEIGHT}`);
  svg.setAttribute('aria-hidden', 'true');
  svg.append(path);
  cell.prepend(svg);
  return path;
}
