/** What mouse, keyboard and clipboard do in a grid. */
import type { Body } from './body';
import { drag } from './drag';
import type { Grid } from './grid';
import type { Header } from './header';
import { type Command, commandFor } from './keys';
import type { Place } from './types';

export class GridInput {
  readonly #ends = new AbortController();

  constructor(
    readonly grid: Grid,
    readonly header: Header,
    readonly body: Body,
  ) {
    const { element } = grid;
    const { signal } = this.#ends;
    element.addEventListener('keydown', event => this.#key(event), { signal });
    element.addEventListener('copy', event => this.#copy(event), { signal });
    body.element.addEventListener('mousedown', event => this.#pressed(event), { signal });
    body.element.addEventListener('mouseover', event => this.#hovered(event), { signal });
    header.element.addEventListener('pointerdown', event => this.#headPressed(event), { signal });
    header.element.addEventListener('dblclick', event => this.#fit(event), { signal });
  }

  dispose(): void {
    this.#ends.abort();
  }

  #key(event: KeyboardEvent): void {
    const { grid } = this;
    const bounds = { rows: grid.order.length, columns: grid.columns.length, page: grid.page };
    const command = commandFor(event, grid.place, bounds);
    if (!command || (command.do === 'clear' && grid.selection.size === 0)) return;
    event.preventDefault();
    event.stopPropagation();
    this.#run(command);
  }

  #run(command: Command): void {
    const { grid } = this;
    const { position, column } = grid.place;
    const { selection, order } = grid;
    switch (command.do) {
      case 'go':
        if (command.extends) this.#extend(position, command.to.position);
        if (command.to.column === 0 && column !== 0) grid.element.scrollLeft = 0;
        grid.go(command.to, true);
        return;
      case 'sort':
        this.#sort(column, command.adds);
        return;
      case 'widen':
        grid.setWidth(column, grid.widthOf(column) + command.by);
        return;
      case 'move':
        this.#move(column, column + command.by);
        return;
      case 'toggle':
        if (order[position] !== undefined) selection.toggle(order[position]);
        break;
      case 'extend':
        if (order[position] !== undefined) selection.extend(order, position);
        break;
      case 'all':
        selection.toggleAll(order);
        break;
      case 'clear':
        selection.clear();
        break;
    }
    this.#selected();
  }

  #extend(from: number, to: number): void {
    const { selection, order } = this.grid;
    const start = order[Math.max(0, from)];
    if (start === undefined) return;
    selection.anchor(start);
    selection.extend(order, to);
    this.#selected();
  }

  #selected(): void {
    this.grid.draw();
    this.grid.options.events.selected();
  }

  #sort(column: number, adds: boolean): void {
    const source = this.grid.columns[column];
    if (column === 0) this.#run({ do: 'all' });
    else if (source?.sortable) this.grid.options.events.sorted(source.id, adds);
  }

  #move(from: number, to: number): void {
    const { columns, options } = this.grid;
    const source = columns[from];
    if (from <= options.pinned || to <= options.pinned || to >= columns.length || !source) return;
    const next = columns[to > from ? to + 1 : to]?.id ?? null;
    options.events.moved(source.id, next);
  }

  #pressed(event: MouseEvent): void {
    const place = this.#placeOf(event);
    if (!place || event.button !== 0) return;
    const { grid } = this;
    event.preventDefault();
    grid.go(place, true);
    if (event.shiftKey) this.#run({ do: 'extend' });
    else if (place.column === 0 || event.ctrlKey || event.metaKey) this.#run({ do: 'toggle' });
  }

  #placeOf(event: Event): Place | null {
    return event.target instanceof Element ? this.body.placeOf(event.target) : null;
  }

  /** A tooltip is made when the pointer comes, not for each of the cells that pass by. */
  #hovered(event: MouseEvent): void {
    const place = this.#placeOf(event);
    const cell = event.target instanceof Element ? event.target.closest<HTMLElement>('.cell') : null;
    if (!place || !cell || cell.title) return;
    const row = this.grid.order[place.position];
    const column = this.grid.columns[place.column];
    if (row === undefined || !column) return;
    const value = cell.firstElementChild as HTMLElement;
    const cut = value.scrollWidth > value.clientWidth;
    const tip = column.tip(row) || (cut ? column.copy(row) : '');
    if (tip) cell.title = tip;
  }

  #headPressed(event: PointerEvent): void {
    if (event.button !== 0 || !(event.target instanceof Element)) return;
    const column = this.header.columnOf(event.target);
    if (column < 0) return;
    event.preventDefault();
    const { grid } = this;
    if (event.target.classList.contains('grip')) {
      const width = grid.widthOf(column);
      drag(event, { move: dx => grid.setWidth(column, width + dx) });
      return;
    }
    const cell = this.header.cell(column);
    drag(event, {
      move: dx => {
        if (cell && column > grid.options.pinned) cell.classList.add('dragged');
        if (cell) cell.style.setProperty('--drag', `${dx}px`);
      },
      end: (_, moved, x) => {
        cell?.classList.remove('dragged');
        if (moved) this.#dropped(column, x);
        else {
          grid.go({ position: -1, column }, true);
          this.#sort(column, event.shiftKey);
        }
      },
    });
  }

  #dropped(column: number, x: number): void {
    const root = this.grid.element.getRootNode() as Document | ShadowRoot;
    const { bottom } = this.header.element.getBoundingClientRect();
    const under = root.elementsFromPoint(x, bottom - 4).find(each => each.closest('.headcell'));
    const target = under ? this.header.columnOf(under) : -1;
    if (target >= 0 && target !== column) this.#move(column, target);
  }

  #fit(event: MouseEvent): void {
    if (!(event.target instanceof Element) || !event.target.classList.contains('grip')) return;
    this.grid.setWidth(this.header.columnOf(event.target), null);
  }

  /** Selected rows with a header as tab-separated text; with none selected, the value of the place. */
  #copy(event: ClipboardEvent): void {
    const { grid } = this;
    const text = grid.selection.size > 0 ? this.#selectedText() : this.#valueText();
    if (!event.clipboardData || text === null) return;
    event.clipboardData.setData('text/plain', text);
    event.preventDefault();
    event.stopPropagation();
  }

  #selectedText(): string {
    const { order, selection } = this.grid;
    const columns = this.grid.columns.slice(1);
    const lines = [columns.map(column => column.hint)];
    for (const row of order) if (selection.has(row)) lines.push(columns.map(column => column.copy(row)));
    return lines.map(cells => cells.map(oneCell).join('\t')).join('\n');
  }

  #valueText(): string | null {
    const { position, column } = this.grid.place;
    const row = this.grid.order[position];
    return row === undefined ? null : (this.grid.columns[column]?.copy(row) ?? null);
  }
}

function oneCell(text: string): string {
  return text.replaceAll(/[\t\r\n]+/g, ' ');
}
