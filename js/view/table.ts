/** The run table: a toolbar with filter and column picker over a grid of runs, in a shadow root of its own. */
import { tableFromArrow } from '../core/columns';
import { removedBy } from '../core/edits';
import type { Ask, Curve, Dispose, Source, Table, TableData, TableState } from '../core/types';
import { Grid } from '../grid/grid';
import type { GridEvents } from '../grid/types';
import { Dialog } from './dialog';
import { h } from './dom';
import { EditQueue } from './edit_queue';
import { onPointed, tellPointed } from './pointed';
import { actionsOf } from './table_actions';
import { Chips, Notices } from './table_bar';
import { type CellContext, gridColumn } from './table_cells';
import { copyText } from './table_dom';
import { FilterBox } from './table_filter';
import { TableMenus } from './table_menu_bar';
import type { RowActions } from './table_menus';
import { EMPTY_STATE, TableModel } from './table_model';
import { ColumnPicker } from './table_picker';
import { Sparks } from './table_sparks';
import { tableStyle } from './table_style';
import { TableTells } from './table_tells';
import { followTheme } from './theme';

const TALLEST = 420;
const TICK = 1000;
const IDLE_TICKS = 30;
const MANY = 5_000;
const COUNT_FIRST_MS = 60;
const COUNT_MS = 1_000;
const ARRIVALS = ['runs', 'changes', 'gone', 'total', 'title', 'state', 'sparks', 'views'] as const;

export interface TableOptions {
  /** The height in px beyond which the rows scroll; null fills what is around it. */
  readonly tallest?: number | null;
  /** A run was asked for by Enter or a double click. */
  readonly opened?: (run: string) => void;
}

/** Shows the run table in `root`; what comes back takes it away again. */
export function table(root: HTMLElement, source: Source<TableData>, options: TableOptions = {}): Dispose {
  const view = new TableView(root, source, options);
  return () => view.dispose();
}

class TableView {
  readonly #host = h('div', { class: 'trk-table', 'data-lm-suppress-shortcuts': 'true' });
  readonly #model = new TableModel();
  readonly #dialog = new Dialog();
  readonly #notices = new Notices();
  readonly #filter = new FilterBox({
    table: () => this.#model.raw,
    check: where => this.#model.check(where),
    applied: where => this.#change({ ...this.#model.state, where }),
  });
  readonly #picker = new ColumnPicker({
    infos: () => this.#model.infos,
    state: () => this.#model.state,
    changed: state => this.#change(state),
  });
  readonly #chips = new Chips({
    model: this.#model,
    pick: () => this.#picker.open(),
    change: state => this.#change(state),
  });
  readonly #actions: RowActions;
  readonly #menus: TableMenus;
  readonly #tells: TableTells;
  readonly #app = h('section', { class: 'app', 'aria-label': 'Runs' });
  readonly #grid: Grid;
  readonly #queue: EditQueue;
  readonly #sparks: Sparks;
  readonly #context: CellContext;
  readonly #stops: Dispose[] = [];
  #asking = '';
  #counting = 0;
  #now = Date.now();
  #ticks = 0;
  #pending = false;
  #sent = '';
  #table: unknown;
  #changes: unknown;
  #sparkTable: unknown;

  constructor(
    root: HTMLElement,
    readonly source: Source<TableData>,
    readonly options: TableOptions,
  ) {
    const shadow = this.#host.attachShadow({ mode: 'open' });
    shadow.append(h('style', {}, tableStyle), this.#app);
    root.append(this.#host);
    this.#queue = new EditQueue({
      ask: source.ask,
      runs: () => this.#model.raw,
      changed: () => this.#edited(),
      told: (text, undo) => this.#notices.tell(text, undo),
    });
    this.#actions = actionsOf({
      model: this.#model,
      queue: this.#queue,
      dialog: this.#dialog,
      near: () => this.#near(),
      selected: () => this.#selectedIds(),
      copied: text => void this.#take(text),
      filter: where => this.#change({ ...this.#model.state, where }),
    });
    this.#menus = new TableMenus({
      model: this.#model,
      queue: this.#queue,
      source,
      actions: this.#actions,
      dialog: this.#dialog,
      grid: () => this.#grid,
      change: state => this.#change(state),
      asked: question => this.#asked(question),
      near: () => this.#near(),
      selected: () => this.#selectedIds(),
    });
    this.#tells = new TableTells({
      model: this.#model,
      source,
      change: state => this.#change(state),
      clearFilter: () => this.#filter.clear(),
      clearSelection: () => this.#clearSelection(),
    });
    const tools = h(
      'div',
      { class: 'tools' },
      this.#tells.chosen,
      this.#menus.act,
      this.#menus.group,
      this.#menus.views,
      this.#picker.button,
      this.#menus.copy,
    );
    this.#tells.bar.append(this.#tells.title, this.#tells.count, this.#filter.element, tools);
    this.#app.append(this.#tells.bar, this.#filter.message, this.#chips.element, this.#tells.empty);
    this.#context = this.#cellContext();
    this.#host.classList.toggle('fills', options.tallest === null);
    const tallest = options.tallest === undefined ? TALLEST : (options.tallest ?? Number.POSITIVE_INFINITY);
    this.#grid = new Grid(this.#app, { label: 'Runs', maxHeight: tallest, events: this.#events() });
    this.#sparks = new Sparks(source.ask, () => this.#takeSparks());
    this.#app.append(this.#notices.element, this.#picker.popup, this.#menus.popup, this.#dialog.popup);
    this.#listen();
    this.#update();
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
    window.clearTimeout(this.#counting);
    this.#filter.dispose();
    this.#notices.dispose();
    this.#sparks.dispose();
    this.#grid.dispose();
    this.#host.remove();
  }

  #cellContext(): CellContext {
    const model = this.#model;
    return {
      get table() {
        return model.table;
      },
      best: () => model.best,
      now: () => this.#now,
      rows: () => model.rows,
      stat: name => model.state.stats?.[name] ?? 'last',
      spark: (key, row) => model.spark(key, row) ?? this.#sparks.wanted(key, model.idOf(row)),
      hasLines: name => model.hasSparks(name.slice('metrics.'.length)) && !model.state.plain?.includes(name),
      isPending: (row, name) => this.#queue.waiting.length > 0 && this.#queue.isPending(model.idOf(row), name),
      editable: () => this.#queue.canEdit,
    };
  }

  #events(): GridEvents {
    const model = this.#model;
    return {
      sorted: (column, adds) => this.#change({ ...model.state, sort: model.sortedBy(column, adds) }),
      selected: () => this.#tellSelected(),
      moved: (column, next) => this.#change(model.moved(column, next)),
      resized: (column, width) => {
        const { [column]: _before, ...others } = model.state.widths ?? {};
        this.#change({ ...model.state, widths: width === null ? others : { ...others, [column]: width } });
      },
      toggled: row => this.#change(model.toggled(row)),
      pressed: (row, column, how) => this.#pressed(row, column, how),
      menu: (position, column, at) => this.#menus.open(position, column, at),
      hovered: row => tellPointed(this, row >= 0 && row < model.table.length ? model.idOf(row) : null),
    };
  }

  #pressed(row: number, column: string, how: 'press' | 'double' | 'enter' | 'rename'): boolean {
    const model = this.#model;
    if (row >= model.table.length) return false;
    const run = model.idOf(row);
    if (this.#queue.canEdit && how === 'rename') {
      this.#actions.rename(run);
      return true;
    }
    if (this.#queue.canEdit && column === 'star' && (how === 'press' || how === 'enter')) {
      const star = model.raw.column('star')?.values[row] !== 1;
      this.#queue.do([{ runs: [run], star }], star ? 'Starred a run.' : 'Removed a star.');
      return true;
    }
    if (this.#queue.canEdit && column === 'note' && how !== 'press') {
      this.#actions.note(run);
      return true;
    }
    if (how === 'press' || !this.options.opened) return false;
    this.options.opened(run);
    return true;
  }

  #listen(): void {
    const { source } = this;
    for (const key of ARRIVALS) this.#stops.push(source.on(key, () => this.#later()));
    this.#stops.push(source.on('selected', () => this.#takeSelected()));
    const trouble = () => this.#notices.trouble(source.get('trouble') ?? '');
    this.#stops.push(source.on('trouble', trouble));
    trouble();
    this.#stops.push(followTheme(this.#host));
    this.#stops.push(onPointed(this, id => this.#grid.light(id === null ? -1 : (this.#model.rowOf(id) ?? -1))));
    if (source.linked) this.#stops.push(source.linked(link => this.#notices.linked(link)));
    const timer = window.setInterval(() => this.#tick(), TICK);
    this.#stops.push(() => window.clearInterval(timer));
    this.#host.addEventListener('keydown', event => this.#keyed(event));
    for (const kind of ['keydown', 'keyup', 'keypress', 'copy', 'paste', 'cut'] as const) {
      this.#host.addEventListener(kind, event => event.stopPropagation());
    }
  }

  /** Ctrl+Z takes the last edit back, except where a text is being written. */
  #keyed(event: KeyboardEvent): void {
    const inner = event.composedPath()[0];
    const writing = inner instanceof HTMLInputElement || inner instanceof HTMLTextAreaElement;
    if (writing || event.key.toLowerCase() !== 'z' || !(event.ctrlKey || event.metaKey)) return;
    if (this.#notices.undo()) event.preventDefault();
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
    const [table, changes, gone, sparks] = (['runs', 'changes', 'gone', 'sparks'] as const).map(key => source.get(key));
    const state = { ...EMPTY_STATE, ...source.get('state') };
    const before = this.#model.raw;
    const same = table === this.#table && changes === this.#changes && sparks === this.#sparkTable;
    [this.#table, this.#changes, this.#sparkTable] = [table, changes, sparks];
    if (same && JSON.stringify(state) === this.#sent) {
      this.#tells.tellCount();
      return;
    }
    const { anchor, order, place } = this.#grid;
    const anchored = anchor ? this.#model.idOf(anchor.row) : '';
    const focused = place.position >= 0 ? this.#model.idOf(order[place.position] ?? -1) : '';
    const chosen = this.#selectedIds();
    this.#model.take({
      table: table as Table,
      changes: changes as Table | undefined,
      gone: gone as readonly string[] | undefined,
      sparks: (sparks as readonly Curve[] | undefined) ?? [],
      state,
    });
    const fresh = this.#model.raw !== before;
    this.#sent = JSON.stringify(state);
    this.#now = Date.now();
    if (fresh) this.#select(before.length > 0 ? chosen : source.get('selected'));
    this.#draw();
    if (!fresh) return;
    const row = focused ? this.#model.rowOf(focused) : undefined;
    if (row !== undefined) this.#grid.follow(row);
    const top = anchored ? this.#model.rowOf(anchored) : undefined;
    if (anchor && top !== undefined) this.#grid.restore(top, anchor.offset);
  }

  /** An edit was made, written, or was not possible. */
  #edited(): void {
    const chosen = this.#selectedIds();
    this.#model.take({ edits: this.#queue.waiting });
    const away = removedBy(this.#queue.waiting, this.#model.state.view ?? 'active');
    this.#select(chosen.filter(id => !away.has(id)));
    if (away.size > 0) this.#tellSelected();
    this.#notices.waiting(this.#queue.waiting.length);
    this.#draw();
  }

  #takeSparks(): void {
    this.#model.take({ sparks: [...(this.source.get('sparks') ?? []), ...this.#sparks.known] });
    this.#grid.refresh();
  }

  /** A person changed the state: it is shown at once and sent on. */
  #change(state: TableState): void {
    const { where, directions, view } = this.#model.state;
    if (state.view !== view) this.#clearSelection();
    this.#sent = JSON.stringify(state);
    this.#model.take({ state });
    if (state.where !== where) this.#grid.element.scrollTop = 0;
    this.#draw();
    this.source.set('state', state);
    if (state.directions && state.directions !== directions) {
      void this.#asked({ do: 'directions', directions: state.directions });
    }
  }

  /** Asks Python; a refusal is told. */
  async #asked(question: Ask): Promise<readonly DataView[]> {
    try {
      const answer = await this.source.ask?.(question);
      return answer?.buffers ?? [];
    } catch (error) {
      this.#notices.tell(error instanceof Error ? error.message : String(error), null);
      return [];
    }
  }

  /** Minima and maxima come when they are first asked for. */
  async #askStats(): Promise<void> {
    const keys = this.#model.wantedStats;
    const question = JSON.stringify(keys);
    if (keys.length === 0 || !this.source.ask || question === this.#asking) return;
    this.#asking = question;
    const all = Object.entries(this.#model.state.stats ?? {}).flatMap(([name, stat]) =>
      stat === 'last' ? [] : [name.slice(8)],
    );
    const [stream] = await this.#asked({ do: 'stats', keys: all });
    if (!stream) return;
    this.#model.take({ extremes: tableFromArrow(stream) });
    this.#asking = '';
    this.#draw();
  }

  #draw(): void {
    const model = this.#model;
    const infos = model.columns;
    const columns = infos.map(info => gridColumn(info, this.#context));
    this.#grid.element.hidden = this.#tells.draw();
    const pinned = 1 + infos.filter(info => model.state.pinned?.includes(info.column.name)).length;
    const layout = { pinned, widths: model.state.widths ?? {}, sampled: model.kept };
    this.#grid.show(columns, model.order, model.state.sort, layout, model.rows.facts);
    this.#filter.show(model.state.where, model.unknown);
    this.#picker.refresh();
    this.#drawChips();
    this.#tells.tellCount();
    this.#tellChosen();
    void this.#askStats();
    const names = infos.map(info => info.column.name);
    if (JSON.stringify(names) !== JSON.stringify(this.source.get('columns'))) this.source.set('columns', names);
  }

  /** Counting what could be folded away looks at every run: of many, after they are painted. */
  #drawChips(): void {
    if (this.#model.raw.length <= MANY) {
      this.#chips.draw();
      return;
    }
    window.clearTimeout(this.#counting);
    this.#counting = window.setTimeout(() => this.#chips.draw(), this.#counting === 0 ? COUNT_FIRST_MS : COUNT_MS);
  }

  #near(): { x: number; y: number; back: HTMLElement | null } {
    const cell = this.#grid.cellAt(this.#grid.place);
    const box = (cell ?? this.#tells.bar).getBoundingClientRect();
    return { x: box.left + 12, y: box.bottom + 4, back: cell };
  }

  // -- the selection

  #tellChosen(): void {
    const { size } = this.#grid.selection;
    this.#tells.tellChosen(size);
    this.#menus.act.hidden = size === 0 || !this.#queue.canEdit;
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

  async #take(text: string): Promise<void> {
    this.#menus.tellCopied(await copyText(text, this.#app));
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
