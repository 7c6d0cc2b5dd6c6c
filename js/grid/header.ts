/** The header of a grid: one cell a visible column, and above them the names of the groups. */
import { columnIn, type Scene } from './body';
import type { GridColumn, SortMark } from './types';

interface HeadNode {
  readonly element: HTMLElement;
  readonly label: Text;
  readonly sort: Text;
  readonly grip: HTMLElement;
  column: number;
}

interface Band {
  readonly group: string;
  readonly first: number;
  end: number;
}

export class Header {
  readonly element = document.createElement('div');
  readonly #bands = document.createElement('div');
  readonly #row = document.createElement('div');
  readonly #strip = document.createElement('div');
  readonly #pins: HeadNode[] = [];
  readonly #nodes: HeadNode[] = [];
  #known: readonly Band[] = [];
  #layout = -1;
  #sort: readonly SortMark[] = [];
  #sorted = false;
  #boxed: readonly [order: Uint32Array | null, version: number] = [null, -1];

  constructor() {
    this.element.className = 'head';
    this.element.setAttribute('role', 'rowgroup');
    this.#bands.className = 'bands';
    this.#bands.setAttribute('aria-hidden', 'true');
    this.#row.className = 'headrow';
    this.#row.setAttribute('role', 'row');
    this.#row.setAttribute('aria-rowindex', '1');
    this.#strip.className = 'strip';
    this.#strip.setAttribute('role', 'presentation');
    this.#row.append(this.#strip);
    this.element.append(this.#bands, this.#row);
  }

  setSort(keys: readonly SortMark[]): void {
    this.#sort = keys;
    this.#sorted = false;
  }

  draw(scene: Scene, scroll: number): void {
    const { geometry, across } = scene;
    const { pinned } = geometry;
    const anew = this.#layout !== scene.layout || !this.#sorted;
    while (this.#pins.length < pinned) this.#pins.push(newHead(this.#row, this.#strip));
    while (this.#nodes.length < across.end - across.first) this.#nodes.push(newHead(this.#strip, null));
    this.#pins.forEach((node, i) => {
      this.#show(node, i < pinned ? i : -1, anew, scene);
    });
    this.#nodes.forEach((node, slot) => {
      const column = pinned + columnIn(slot, across.first - pinned, this.#nodes.length);
      this.#show(node, column < across.end ? column : -1, anew, scene);
    });
    this.#sorted = true;
    this.#strip.style.transform = `translate(${-scroll}px, 0)`;
    if (anew) this.#known = bandsOf(scene.columns, pinned);
    this.#drawBands(scene, scroll);
    this.#layout = scene.layout;
    this.#drawBox(scene);
  }

  cell(column: number): HTMLElement | null {
    return this.#all.find(node => node.column === column)?.element ?? null;
  }

  columnOf(target: Element): number {
    const element = target.closest('.headcell');
    return this.#all.find(node => node.element === element)?.column ?? -1;
  }

  get #all(): HeadNode[] {
    return [...this.#pins, ...this.#nodes];
  }

  #show(node: HeadNode, column: number, anew: boolean, scene: Scene): void {
    if (column < 0) {
      node.element.style.display = 'none';
      node.column = -1;
    } else if (anew || node.column !== column) {
      node.element.style.display = '';
      this.#drawHead(node, column, scene);
    }
  }

  #drawHead(node: HeadNode, column: number, scene: Scene): void {
    const source = scene.columns[column]!;
    const { geometry } = scene;
    const place = this.#sort.findIndex(key => key.column === source.id);
    const key = this.#sort[place];
    const edge = column === geometry.pinned - 1 ? ' edge' : '';
    node.column = column;
    node.element.className = `headcell ${source.align}${column < geometry.pinned ? ' pinned' : ''}${edge}${key ? ' sorted' : ''}`;
    node.element.style.left = `${geometry.left(column)}px`;
    node.element.style.width = `${geometry.widths[column]}px`;
    node.element.title = source.sortable
      ? `${source.hint}\nClick sorts, Shift+click adds a key, right click for more`
      : source.hint;
    node.element.setAttribute('aria-colindex', String(column + 1));
    if (column > 0) node.element.setAttribute('aria-label', source.hint);
    node.element.setAttribute('aria-haspopup', column > 0 ? 'menu' : 'false');
    node.element.setAttribute('aria-sort', key ? (key.descending ? 'descending' : 'ascending') : 'none');
    node.label.data = source.title;
    node.sort.data = key ? `${key.descending ? '↓' : '↑'}${this.#sort.length > 1 ? place + 1 : ''}` : '';
    node.grip.style.display = column === 0 ? 'none' : '';
  }

  /** The box above the boxes: all, some or none of the rows shown are selected. */
  #drawBox(scene: Scene): void {
    const [box] = this.#pins;
    const { order, selection } = scene;
    if (this.#boxed[0] === order && this.#boxed[1] === selection.version) return;
    this.#boxed = [order, selection.version];
    const extent = selection.extent(order);
    if (!box) return;
    box.element.dataset['extent'] = extent;
    box.element.setAttribute('aria-label', extent === 'all' ? 'Select none' : 'Select all runs shown');
  }

  #drawBands(scene: Scene, scroll: number): void {
    const bands = this.#known;
    const { geometry } = scene;
    while (this.#bands.children.length < bands.length) this.#bands.append(newBand());
    Array.from(this.#bands.children).forEach((child, i) => {
      const element = child as HTMLElement;
      const band = bands[i];
      element.hidden = !band;
      if (!band) return;
      const left = Math.max(geometry.left(band.first) - scroll, geometry.pinnedWidth);
      const width = geometry.left(band.end) - scroll - left;
      element.className = `band ${band.group}`;
      element.style.transform = `translateX(${left}px)`;
      element.style.width = `${Math.max(0, width)}px`;
      element.hidden = width < 12;
      const label = element.firstChild as HTMLElement;
      if (label.textContent !== band.group) label.textContent = band.group;
    });
  }
}

/** Neighbouring columns of one group make one band. */
export function bandsOf(columns: readonly GridColumn[], pinned: number): Band[] {
  const bands: Band[] = [];
  for (let column = pinned; column < columns.length; column++) {
    const { group } = columns[column]!;
    const last = bands.at(-1);
    if (last && last.group === group && last.end === column) last.end = column + 1;
    else if (group !== '') bands.push({ group, first: column, end: column + 1 });
  }
  return bands;
}

function newBand(): HTMLElement {
  const band = document.createElement('div');
  band.append(document.createElement('span'));
  return band;
}

function newHead(row: HTMLElement, next: HTMLElement | null): HeadNode {
  const element = document.createElement('div');
  const title = document.createElement('span');
  const mark = document.createElement('span');
  const grip = document.createElement('div');
  const label = document.createTextNode('');
  const sort = document.createTextNode('');
  element.setAttribute('role', 'columnheader');
  element.tabIndex = -1;
  title.className = 'title';
  title.dir = 'auto';
  title.append(label);
  mark.className = 'mark';
  mark.append(sort);
  const more = document.createElement('span');
  grip.className = 'grip';
  more.className = 'more';
  more.setAttribute('aria-hidden', 'true');
  more.textContent = '⋮';
  element.append(title, mark, more, grip);
  row.insertBefore(element, next);
  return { element, label, sort, grip, column: -1 };
}
