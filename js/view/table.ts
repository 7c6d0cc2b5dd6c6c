/** The run table: a toolbar with filter and column picker over a grid of runs, in a shadow root of its own. */
import { formatCount, plural } from '../core/format';
import type { Dispose, Source, TableData, TableState } from '../core/types';
import { Grid } from '../grid/grid';
import { h } from './dom';
import { type CellContext, gridColumn } from './table_cells';
import { toCsv, toPython } from './table_copy';
import { button, close, copyText, openBelow } from './table_dom';
import { FilterBox } from './table_filter';
import { EMPTY_STATE, TableModel } from './table_model';
import { ColumnPicker } from './table_picker';
import { tableStyle } from './table_style';
import { followTheme } from './theme';

const TALLEST = 420;
const TICK = 1000;
const IDLE_TICKS = 30;

/** Shows the run table in `root`; what comes back takes it away again. */
export function table(root: HTMLElement, source: Source<TableData>): Dispose {
  const view = new TableView(root, source);
  return () => view.dispose();
}

class TableView {
  readonly #host = h('div', { class: 'trk-table', 'data-lm-suppress-shortcuts': 'true' });
  readonly #model = new TableModel();
  readonly #title = h('span', { class: 'name', dir: 'auto' });
  readonly #count = h('span', { class: 'count', 'aria-live': 'polite' });
  readonly #chosen = button('', { class: 'chosen', hidden: true, title: 'Clear the selection' }, () =>
    this.#clearSelection(),
  );
  readonly #filter = new FilterBox({
    table: () => this.#model.table,
    check: where => this.#model.check(where),
    applied: where => this.#change({ ...this.#model.state, where }),
  });
  readonly #picker = new ColumnPicker({
    infos: () => this.#model.infos,
    state: () => this.#model.state,
    changed: state => this.#change(state),
  });
  readonly #copy = button('Copy', { 'aria-haspopup': 'menu', title: 'Copy these runs' }, () =>
    openBelow(this.#menu, this.#copy),
  );
  readonly #menu = h(
    'div',
    { class: 'popup menu', popover: 'auto', role: 'menu' },
    button('Copy as CSV', { role: 'menuitem' }, () => this.#take(this.#csv())),
    button('Copy as Python', { role: 'menuitem' }, () => this.#take(toPython(this.#model.state, this.#selectedIds()))),
  );
  readonly #bar: HTMLElement;
  readonly #empty = h('div', { class: 'empty', hidden: true });
  readonly #app = h('section', { class: 'app', 'aria-label': 'Runs' });
  readonly #grid: Grid;
  readonly #context: CellContext;
  readonly #stops: Dispose[] = [];
  #now = Date.now();
  #ticks = 0;
  #pending = false;
  #sent = '';

  constructor(
    root: HTMLElement,
    readonly source: Source<TableData>,
  ) {
    const shadow = this.#host.attachShadow({ mode: 'open' });
    const style = document.createElement('style');
    style.textContent = tableStyle;
    const tools = h('div', { class: 'tools' }, this.#chosen, this.#copy, this.#picker.button);
    this.#bar = h('div', { class: 'bar' }, this.#title, this.#count, this.#filter.element, tools);
    this.#app.append(this.#bar, this.#filter.message, this.#empty, this.#picker.popup, this.#menu);
    shadow.append(style, this.#app);
    root.append(this.#host);
    const view = this;
    this.#context = {
      get table() {
        return view.#model.table;
      },
      best: () => this.#model.best,
      now: () => this.#now,
    };
    this.#grid = new Grid(this.#app, { label: 'Runs', pinned: 1, maxHeight: TALLEST, events: this.#events() });
    this.#listen();
    this.#update();
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
    this.#filter.dispose();
    this.#grid.dispose();
    this.#host.remove();
  }

  #events() {
    return {
      sorted: (column: string, adds: boolean) =>
        this.#change({ ...this.#model.state, sort: this.#model.sortedBy(column, adds) }),
      selected: () => this.#tellSelected(),
      moved: (column: string, next: string | null) => {
        this.#model.move(column, next);
        this.#draw();
      },
    };
  }

  #listen(): void {
    const { source } = this;
    for (const key of ['runs', 'total', 'title', 'state'] as const)
      this.#stops.push(source.on(key, () => this.#later()));
    this.#stops.push(source.on('selected', () => this.#takeSelected()));
    this.#stops.push(followTheme(this.#host));
    const timer = window.setInterval(() => this.#tick(), TICK);
    this.#stops.push(() => window.clearInterval(timer));
    for (const kind of ['keydown', 'keyup', 'keypress', 'copy', 'paste', 'cut'] as const) {
      this.#host.addEventListener(kind, event => event.stopPropagation());
    }
  }

  /** Several traits change at once: they are taken over together. */
  #later(): void {
    if (this.#pending) return;
    this.#pending = true;
    queueMicrotask(() => {
      this.#pending = false;
      this.#update();
    });
  }

  #update(): void {
    const { source } = this;
    const table = source.get('runs');
    const fresh = table !== this.#model.table;
    const state = { ...EMPTY_STATE, ...source.get('state') };
    if (!fresh && JSON.stringify(state) === this.#sent) {
      this.#tellCount();
      return;
    }
    const { anchor, order, place } = this.#grid;
    const anchored = fresh && anchor ? this.#model.idOf(anchor.row) : '';
    const focused = fresh && place.position >= 0 ? this.#model.idOf(order[place.position] ?? -1) : '';
    this.#model.take(table, state);
    this.#sent = JSON.stringify(state);
    this.#now = Date.now();
    if (fresh) this.#select(source.get('selected'));
    this.#draw();
    const row = focused && this.#model.rowOf(focused);
    if (typeof row === 'number') this.#grid.follow(row);
    const top = anchored && this.#model.rowOf(anchored);
    if (anchor && typeof top === 'number') this.#grid.restore(top, anchor.offset);
  }

  /** A person changed the state: it is shown at once and sent on. */
  #change(state: TableState): void {
    const rows = state.where !== this.#model.state.where;
    this.#sent = JSON.stringify(state);
    this.#model.take(this.#model.table, state);
    if (rows) this.#grid.element.scrollTop = 0;
    this.#draw();
    this.source.set('state', state);
  }

  #draw(): void {
    const model = this.#model;
    const columns = model.columns.map(info => gridColumn(info, this.#context));
    this.#tellEmpty();
    this.#grid.show(columns, model.order, model.state.sort);
    this.#filter.show(model.state.where, model.unknown);
    this.#picker.refresh();
    this.#tellCount();
    this.#tellChosen();
  }

  #tellCount(): void {
    const { length } = this.#model.table;
    const total = Math.max(length, this.source.get('total'));
    const shown = this.#model.order.length;
    this.#title.textContent = this.source.get('title');
    this.#title.title = this.source.get('title');
    this.#count.textContent =
      shown === total ? plural(total, 'run') : `${formatCount(shown)} of ${plural(total, 'run')}`;
    this.#count.title = length < total ? `The first ${plural(length, 'run')} are here.` : '';
  }

  #tellEmpty(): void {
    const none = this.#model.table.length === 0;
    const bare = this.#model.order.length === 0;
    this.#empty.hidden = !bare;
    this.#grid.element.hidden = bare;
    this.#bar.classList.toggle('bare', none);
    if (!bare) return;
    if (none) {
      this.#empty.replaceChildren(
        h('b', {}, 'No runs yet'),
        'Write ',
        h('code', {}, '%%track'),
        ' at the top of a cell and run it.',
      );
    } else {
      const clear = button('Clear the filter', { class: 'plain' }, () => this.#filter.clear());
      this.#empty.replaceChildren(h('b', {}, 'No run matches this filter'), clear);
    }
  }

  #tellChosen(): void {
    const { size } = this.#grid.selection;
    this.#chosen.hidden = size === 0;
    this.#chosen.textContent = `${formatCount(size)} selected ×`;
    this.#chosen.setAttribute('aria-label', `${plural(size, 'run')} selected: clear the selection`);
  }

  #selectedIds(): string[] {
    return this.#grid.selection.rows().map(row => this.#model.idOf(row));
  }

  #select(ids: readonly string[]): void {
    const rows = ids.flatMap(id => this.#model.rowOf(id) ?? []);
    this.#grid.selection.replace(rows);
  }

  #takeSelected(): void {
    const ids = this.source.get('selected');
    if (JSON.stringify([...ids].sort()) === JSON.stringify(this.#selectedIds().sort())) return;
    this.#select(ids);
    this.#grid.refresh();
    this.#tellChosen();
  }

  #tellSelected(): void {
    this.#tellChosen();
    this.source.set('selected', this.#selectedIds());
  }

  #clearSelection(): void {
    this.#grid.selection.clear();
    this.#grid.refresh();
    this.#tellSelected();
  }

  #csv(): string {
    const { selection } = this.#grid;
    const rows = selection.size > 0 ? this.#model.order.filter(row => selection.has(row)) : this.#model.order;
    return toCsv(
      this.#model.columns.map(info => info.column),
      rows,
    );
  }

  async #take(text: string): Promise<void> {
    close(this.#menu);
    const copied = await copyText(text, this.#app);
    this.#copy.textContent = copied ? 'Copied' : 'Not allowed';
    window.setTimeout(() => {
      this.#copy.textContent = 'Copy';
    }, 1600);
  }

  /** Times pass: each second while a run is running, else now and then. */
  #tick(): void {
    this.#ticks += 1;
    const status = this.#model.table.column('status');
    const running = status?.dictionary.includes('RUNNING') ?? false;
    if (!running && this.#ticks % IDLE_TICKS !== 0) return;
    this.#now = Date.now();
    this.#grid.refresh();
  }
}
