/**
 * A virtual grid in both directions. The view stays put while an empty box behind it scrolls, so header and cells
 * move in one step; the nodes are a fixed pool (see Body). Rows are shown in an order that is given from outside.
 */
import { Body, type Scene } from './body';
import { ColumnGeometry, RowGeometry } from './geometry';
import { Header } from './header';
import { GridInput } from './input';
import { fittingWidth, textMeasure } from './measure';
import { Selection } from './selection';
import {
  FLAT,
  type GridColumn,
  type GridLayout,
  type GridOptions,
  type GridRows,
  type Place,
  type SortMark,
} from './types';

export const ROW_HEIGHT = 28;
const HEAD_HEIGHT = 30;
const BAND_HEIGHT = 18;
const BOX: GridColumn = {
  id: '',
  title: '',
  hint: 'Select all runs shown',
  group: '',
  align: 'left',
  sortable: false,
  widest: 34,
  room: 0,
  text: () => '',
  copy: () => '',
  look: () => 'box',
  tip: () => '',
};

export class Grid {
  readonly element = element('grid');
  readonly selection = new Selection();
  readonly #sizer = element('sizer');
  readonly #view = element('view');
  readonly #header = new Header();
  readonly #body = new Body();
  readonly #input: GridInput;
  readonly #resizes: ResizeObserver;
  readonly #auto = new Map<string, number>();
  #chosen: ReadonlyMap<string, number> = new Map();
  #columns: readonly GridColumn[] = [BOX];
  #order: Uint32Array = new Uint32Array(0);
  #facts: GridRows = FLAT;
  #sampled: Uint32Array = new Uint32Array(0);
  #pinned = 1;
  #geometry = new ColumnGeometry([BOX.widest], 1);
  #rows = new RowGeometry(0, ROW_HEIGHT, 0);
  #width = 0;
  #height = 0;
  #layout = 0;
  #content = 0;
  #lit = -1;
  #place: Place = { position: 0, column: 1 };
  #focusable: HTMLElement | null = null;

  constructor(
    host: HTMLElement,
    readonly options: GridOptions,
  ) {
    this.element.setAttribute('role', 'grid');
    this.element.setAttribute('aria-label', options.label);
    this.element.setAttribute('aria-multiselectable', 'true');
    this.element.dataset['lmSuppressShortcuts'] = 'true';
    this.element.tabIndex = -1;
    for (const box of [this.#sizer, this.#view]) box.setAttribute('role', 'presentation');
    this.#view.append(this.#header.element, this.#body.element);
    this.#sizer.append(this.#view);
    this.element.append(this.#sizer);
    host.append(this.element);
    this.#input = new GridInput(this, this.#header, this.#body);
    this.element.addEventListener('scroll', () => this.draw(), { passive: true });
    this.#resizes = new ResizeObserver(() => this.#resized());
    this.#resizes.observe(this.element);
  }

  dispose(): void {
    this.#resizes.disconnect();
    this.#input.dispose();
    this.element.remove();
  }

  get columns(): readonly GridColumn[] {
    return this.#columns;
  }

  get order(): Uint32Array {
    return this.#order;
  }

  get facts(): GridRows {
    return this.#facts;
  }

  /** Columns that stay in place when the others scroll, the selection boxes not counted. */
  get pinned(): number {
    return this.#pinned;
  }

  get place(): Place {
    return this.#place;
  }

  /** Rows that the view holds whole. */
  get page(): number {
    return Math.max(1, Math.floor(this.#rows.view / ROW_HEIGHT) - 1);
  }

  /** The row at the upper edge, and how far it is scrolled past: what stays in place when the data changes. */
  get anchor(): { readonly row: number; readonly offset: number } | null {
    const top = this.#rows.top(this.element.scrollTop);
    const row = this.#order[Math.floor(top / ROW_HEIGHT)];
    return top === 0 || row === undefined ? null : { row, offset: top % ROW_HEIGHT };
  }

  /** Scrolls so that `row` is at the upper edge again. */
  restore(row: number, offset: number): void {
    const position = this.#order.indexOf(row);
    if (position >= 0) this.element.scrollTop = this.#rows.scrollTo(position * ROW_HEIGHT + offset);
    this.draw();
  }

  /** The keyboard's place goes where `row` is now; nothing is scrolled. */
  follow(row: number): void {
    const position = this.#order.indexOf(row);
    if (position >= 0) this.#place = { ...this.#place, position };
    this.draw();
  }

  /** Takes new columns, or new data in the same ones, and the rows in the order to show; `layout` is what a person chose. */
  show(
    columns: readonly GridColumn[],
    order: Uint32Array,
    sort: readonly SortMark[],
    layout: GridLayout = { pinned: 1 },
    facts: GridRows = FLAT,
  ): void {
    if ((facts === FLAT) !== (this.#facts === FLAT)) this.#auto.clear();
    this.#pinned = layout.pinned;
    this.#sampled = layout.sampled ?? order;
    this.#chosen = new Map(Object.entries(layout.widths ?? {}));
    this.#facts = facts;
    this.selection.members = row => facts.members(row);
    this.element.setAttribute('role', facts === FLAT ? 'grid' : 'treegrid');
    const focused = this.#columns[this.#place.column]?.id;
    this.#columns = [BOX, ...columns];
    this.#order = order;
    const column = this.#columns.findIndex(each => each.id === focused);
    this.#place = {
      position: Math.min(this.#place.position, order.length - 1),
      column: column >= 0 ? column : Math.min(this.#place.column, columns.length),
    };
    this.#header.setSort(sort);
    this.#content += 1;
    this.element.setAttribute('aria-rowcount', String(order.length + 1));
    this.element.setAttribute('aria-colcount', String(this.#columns.length));
    this.#lay();
  }

  /** Lets a row stand out, which is pointed at elsewhere; −1 for none. */
  light(row: number): void {
    if (row === this.#lit) return;
    this.#lit = row;
    this.draw();
  }

  /** Draws values and selection anew. */
  refresh(): void {
    this.#content += 1;
    this.draw();
  }

  /** Sets the width of a column; null fits it to what it holds. */
  setWidth(column: number, width: number | null): void {
    const { id } = this.#columns[column]!;
    const others = [...this.#chosen].filter(([name]) => name !== id);
    this.#chosen = new Map(width === null ? others : [...others, [id, Math.max(40, Math.round(width))]]);
    if (width === null) this.#auto.delete(id);
    this.#lay();
  }

  widthOf(column: number): number {
    return this.#geometry.widths[column] ?? 0;
  }

  /** Moves the keyboard's place, scrolled into view; takes the focus where `focus` is true. */
  go(place: Place, focus: boolean): void {
    this.#place = place;
    if (place.position >= 0) this.element.scrollTop = this.#rows.reveal(place.position, this.element.scrollTop);
    this.element.scrollLeft = this.#geometry.reveal(place.column, this.element.scrollLeft, this.#width);
    this.draw();
    if (focus) (this.#focusable ?? this.element).focus({ preventScroll: true });
  }

  draw(): void {
    const scroll = this.element.scrollLeft;
    const scrolled = this.element.scrollTop;
    const scene: Scene = {
      columns: this.#columns,
      geometry: this.#geometry,
      order: this.#order,
      facts: this.#facts,
      rows: this.#rows.visible(scrolled),
      across: this.#geometry.visible(scroll, this.#width),
      rowHeight: ROW_HEIGHT,
      selection: this.selection,
      lit: this.#lit,
      layout: this.#layout,
      content: this.#content,
    };
    this.#body.draw(scene, scroll, this.#headHeight + Body.base(scene) * ROW_HEIGHT - this.#rows.top(scrolled));
    this.#header.draw(scene, scroll);
    this.#rove();
  }

  get #headHeight(): number {
    return HEAD_HEIGHT + (this.#columns.some(column => column.group !== '') ? BAND_HEIGHT : 0);
  }

  /** Widths, sizes and places of everything, after columns, rows or the box around them changed. */
  #lay(): void {
    const font = getComputedStyle(this.element).font;
    const measure = textMeasure(font);
    const narrow = this.#width > 0 && this.#width < 560 ? this.#width * 0.42 : Number.POSITIVE_INFINITY;
    const pinned = Math.min(this.#columns.length, this.#fittingPins(measure) + 1);
    const widths = this.#columns.map((column, i) => {
      const width = this.#widthFor(column, measure);
      return i < pinned && i > 0 ? Math.min(width, narrow) : width;
    });
    this.#geometry = new ColumnGeometry(widths, pinned);
    this.#layout += 1;
    const rows = Math.max(1, this.#order.length) * ROW_HEIGHT;
    this.element.classList.toggle('banded', this.#headHeight > HEAD_HEIGHT);
    this.#sizer.style.width = `${this.#geometry.total}px`;
    const scrollbar = this.element.offsetHeight - this.element.clientHeight;
    this.element.style.height = `${Math.min(this.options.maxHeight, this.#headHeight + rows + scrollbar)}px`;
    this.#measure();
    this.#sizer.style.height = `${this.#rows.scrollHeight + this.#headHeight}px`;
    this.draw();
  }

  /** Pinned columns leave at least half of the width to the others. */
  #fittingPins(measure: (text: string) => number): number {
    let pinned = 1;
    let width = BOX.widest + (this.#columns[1] ? this.#widthFor(this.#columns[1], measure) : 0);
    while (pinned < this.#pinned && this.#columns[pinned + 1]) {
      width += this.#widthFor(this.#columns[pinned + 1]!, measure);
      if (this.#width > 0 && width > this.#width * 0.6) break;
      pinned += 1;
    }
    return pinned;
  }

  #widthFor(column: GridColumn, measure: (text: string) => number): number {
    if (column === BOX) return BOX.widest;
    const chosen = this.#chosen.get(column.id);
    if (chosen !== undefined) return chosen;
    const width = Math.max(this.#auto.get(column.id) ?? 0, fittingWidth(column, this.#sampled, measure));
    if (this.#order.length > 0) this.#auto.set(column.id, width);
    return width;
  }

  #measure(): void {
    this.#width = this.element.clientWidth;
    this.#height = this.element.clientHeight;
    this.#rows = new RowGeometry(this.#order.length, ROW_HEIGHT, Math.max(0, this.#height - this.#headHeight));
    this.#view.style.width = `${this.#width}px`;
    this.#view.style.height = `${this.#height}px`;
  }

  #resized(): void {
    const same = this.#width === this.element.clientWidth && this.#height === this.element.clientHeight;
    if (!same) this.#lay();
  }

  /** The node that shows a place, null while it is out of view. */
  cellAt({ position, column }: Place): HTMLElement | null {
    return position < 0 ? this.#header.cell(column) : this.#body.cell(position, column, this.#geometry.pinned);
  }

  /** One cell takes the tab key: that of the place, or the grid itself while its node is out of view. */
  #rove(): void {
    const target = this.cellAt(this.#place);
    const next = target && target.style.display !== 'none' ? target : null;
    if (next === this.#focusable) return;
    const root = this.element.getRootNode() as Document | ShadowRoot;
    const focused = root.activeElement !== null && this.element.contains(root.activeElement);
    if (this.#focusable) this.#focusable.tabIndex = -1;
    this.#focusable = next;
    this.element.tabIndex = next ? -1 : 0;
    if (next) next.tabIndex = 0;
    if (focused) (next ?? this.element).focus({ preventScroll: true });
  }
}

function element(name: string): HTMLElement {
  const made = document.createElement('div');
  made.className = name;
  return made;
}
