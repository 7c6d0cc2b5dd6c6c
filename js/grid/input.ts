/** What mouse, keyboard and clipboard do in a grid. */
import type { Body } from './body';
import { drag } from './drag';
import type { Grid } from './grid';
import type { Header } from './header';
import { type Command, commandFor } from './keys';
import type { Place } from './types';

/** How far each level of nesting is set in. */
const FOLD_INDENT = 16;

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
    body.element.addEventListener('mouseleave', () => grid.options.events.hovered?.(-1), { signal });
    body.element.addEventListener('dblclick', event => this.#doubled(event), { signal });
    element.addEventListener('contextmenu', event => this.#menu(event), { signal });
    header.element.addEventListener('pointerdown', event => this.#headPressed(event), { signal });
    header.element.addEventListener('dblclick', event => this.#fit(event), { signal });
  }

  dispose(): void {
    this.#ends.abort();
  }

  #key(event: KeyboardEvent): void {
    const { grid } = this;
    if (this.#rowKey(event)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const bounds = { rows: grid.order.length, columns: grid.columns.length, page: grid.page };
    const command = commandFor(event, grid.place, bounds);
    if (!command || (command.do === 'clear' && grid.selection.size === 0)) return;
    event.preventDefault();
    event.stopPropagation();
    this.#run(command);
  }

  /** Keys that mean something on what the place is at: unfold and fold, open, rename, its menu. */
  #rowKey(event: KeyboardEvent): boolean {
    const { grid } = this;
    const { position, column } = grid.place;
    const row = grid.order[position];
    const id = grid.columns[column]?.id ?? '';
    if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) return this.#menuAtPlace();
    if (row === undefined || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false;
    const expanded = grid.facts.expanded(row);
    const turns = (event.key === 'ArrowRight' && expanded === false) || (event.key === 'ArrowLeft' && expanded);
    if (turns && column <= 1) {
      grid.options.events.toggled(row);
      return true;
    }
    if (event.key === 'Enter') {
      if (grid.options.events.pressed(row, id, 'enter')) return true;
      if (expanded === null) return false;
      grid.options.events.toggled(row);
      return true;
    }
    return event.key === 'F2' && grid.options.events.pressed(row, id, 'rename');
  }

  #menuAtPlace(): boolean {
    const { grid } = this;
    const { position, column } = grid.place;
    const box = (grid.cellAt(grid.place) ?? grid.element).getBoundingClientRect();
    grid.options.events.menu(position, grid.columns[column]?.id ?? '', { x: box.left + 8, y: box.bottom });
    return true;
  }

  #menu(event: MouseEvent): void {
    const { grid, header } = this;
    if (!(event.target instanceof Element)) return;
    const head = header.columnOf(event.target);
    const place = head >= 0 ? { position: -1, column: head } : this.#placeOf(event);
    if (!place) return;
    event.preventDefault();
    grid.go(place, true);
    const id = grid.columns[place.column]?.id ?? '';
    grid.options.events.menu(place.position, id, { x: event.clientX, y: event.clientY });
  }

  #doubled(event: MouseEvent): void {
    const place = this.#placeOf(event);
    const row = place && this.grid.order[place.position];
    if (typeof row !== 'number') return;
    this.grid.options.events.pressed(row, this.grid.columns[place!.column]?.id ?? '', 'double');
  }

  /** Whether the press was on the mark by which what stands below a row is unfolded. */
  #onFold(event: MouseEvent, place: Place, row: number): boolean {
    const { facts } = this.grid;
    if (place.column !== 1 || facts.expanded(row) === null || !(event.target instanceof Element)) return false;
    if (facts.members(row)) return true;
    const cell = event.target.closest('.cell');
    return cell !== null && event.clientX - cell.getBoundingClientRect().left < 26 + FOLD_INDENT * facts.level(row);
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
        this.#widen(column, grid.widthOf(column) + command.by);
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

  #widen(column: number, width: number | null): void {
    const { grid } = this;
    grid.setWidth(column, width);
    grid.options.events.resized(grid.columns[column]!.id, width === null ? null : grid.widthOf(column));
  }

  #sort(column: number, adds: boolean): void {
    const source = this.grid.columns[column];
    if (column === 0) this.#run({ do: 'all' });
    else if (source?.sortable) this.grid.options.events.sorted(source.id, adds);
  }

  #move(from: number, to: number): void {
    const { columns, options, pinned } = this.grid;
    const source = columns[from];
    if (from <= pinned || to <= pinned || to >= columns.length || !source) return;
    const next = columns[to > from ? to + 1 : to]?.id ?? null;
    options.events.moved(source.id, next);
  }

  #pressed(event: MouseEvent): void {
    const place = this.#placeOf(event);
    if (!place || event.button !== 0) return;
    const { grid } = this;
    const row = grid.order[place.position];
    event.preventDefault();
    grid.go(place, true);
    if (row !== undefined && !event.shiftKey && !event.ctrlKey && !event.metaKey) {
      if (this.#onFold(event, place, row)) {
        grid.options.events.toggled(row);
        return;
      }
      if (grid.options.events.pressed(row, grid.columns[place.column]?.id ?? '', 'press')) return;
    }
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
    const row = this.grid.order[place?.position ?? -1];
    if (row !== undefined) this.grid.options.events.hovered?.(row);
    if (!place || !cell || cell.title) return;
    const column = this.grid.columns[place.column];
    if (row === undefined || !column) return;
    const value = cell.lastElementChild as HTMLElement;
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
    if (event.target.classList.contains('more')) {
      const box = event.target.getBoundingClientRect();
      grid.go({ position: -1, column }, true);
      grid.options.events.menu(-1, grid.columns[column]?.id ?? '', { x: box.left, y: box.bottom + 4 });
      return;
    }
    if (event.target.classList.contains('grip')) {
      const width = grid.widthOf(column);
      drag(event, {
        move: dx => grid.setWidth(column, width + dx),
        end: (dx, moved) => moved && this.#widen(column, width + dx),
      });
      return;
    }
    const cell = this.header.cell(column);
    drag(event, {
      move: dx => {
        if (cell && column > grid.pinned) cell.classList.add('dragged');
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
    this.#widen(this.header.columnOf(event.target), null);
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
