/** The run table: a toolbar with filter and column picker over a grid of runs, in a shadow root of its own. */
import { tableFromArrow } from '../core/columns';
import { removedBy } from '../core/edits';
import { formatCount, plural } from '../core/format';
import type { Ask, Curve, Dispose, Source, Table, TableData, TableState } from '../core/types';
import { Grid } from '../grid/grid';
import type { GridEvents } from '../grid/types';
import { Dialog } from './dialog';
import { h } from './dom';
import { EditQueue } from './edit_queue';
import { Menu } from './menu';
import { actionsOf, conditionAt } from './table_actions';
import { Chips, Notices } from './table_bar';
import { type CellContext, gridColumn } from './table_cells';
import { button, copyText } from './table_dom';
import { FilterBox } from './table_filter';
import { columnEntries, copyEntries, type RowActions, rowEntries } from './table_menus';
import { EMPTY_STATE, TableModel } from './table_model';
import { ColumnPicker } from './table_picker';
import { Sparks } from './table_sparks';
import { tableStyle } from './table_style';
import { viewEntries, viewOf } from './table_views';
import { followTheme } from './theme';

const TALLEST = 420;
const TICK = 1000;
const IDLE_TICKS = 30;
const MOST_OFFERED = 60;
const MANY = 5_000;
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
  readonly #title = h('span', { class: 'name', dir: 'auto' });
  readonly #count = h('span', { class: 'count', 'aria-live': 'polite' });
  readonly #chosen = button('', { class: 'chosen', hidden: true, title: 'Clear the selection' }, () =>
    this.#clearSelection(),
  );
  readonly #menu = new Menu();
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
    canSeeDeleted: () => this.source.ask !== undefined,
    change: state => this.#change(state),
  });
  readonly #actions: RowActions;
  readonly #act = this.#menuButton('Actions', 'What can be done with the selected runs', () => this.#rowMenu(), true);
  readonly #group = this.#menuButton('Group', 'Group runs by a parameter or a tag', () => this.#groupEntries());
  readonly #views = this.#menuButton('Views', 'Views kept in the store', () => this.#viewEntries());
  readonly #copy = this.#menuButton('Copy', 'Copy these runs', () => copyEntries(this.#actions));
  readonly #bar: HTMLElement;
  readonly #empty = h('div', { class: 'empty', hidden: true });
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
    this.#views.classList.add('views');
    this.#views.hidden = source.ask === undefined && Object.keys(source.get('views') ?? {}).length === 0;
    const shadow = this.#host.attachShadow({ mode: 'open' });
    const style = h('style', {}, tableStyle);
    const tools = h(
      'div',
      { class: 'tools' },
      this.#chosen,
      this.#act,
      this.#group,
      this.#views,
      this.#picker.button,
      this.#copy,
    );
    this.#bar = h('div', { class: 'bar' }, this.#title, this.#count, this.#filter.element, tools);
    this.#app.append(this.#bar, this.#filter.message, this.#chips.element, this.#empty);
    shadow.append(style, this.#app);
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
    this.#context = this.#cellContext();
    const tallest = options.tallest === undefined ? TALLEST : (options.tallest ?? Number.POSITIVE_INFINITY);
    this.#grid = new Grid(this.#app, { label: 'Runs', maxHeight: tallest, events: this.#events() });
    this.#sparks = new Sparks(source.ask, () => this.#takeSparks());
    this.#app.append(this.#notices.element, this.#picker.popup, this.#menu.popup, this.#dialog.popup);
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
      menu: (position, column, at) => this.#openMenu(position, column, at),
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
    this.#stops.push(followTheme(this.#host));
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
      this.#tellCount();
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
    this.#tellEmpty();
    const pinned = 1 + infos.filter(info => model.state.pinned?.includes(info.column.name)).length;
    const layout = { pinned, widths: model.state.widths ?? {}, sampled: model.kept };
    this.#grid.show(columns, model.order, model.state.sort, layout, model.rows.facts);
    this.#filter.show(model.state.where, model.unknown);
    this.#picker.refresh();
    this.#drawChips();
    this.#tellCount();
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
    this.#counting = window.setTimeout(() => this.#chips.draw(), 60);
  }

  #tellCount(): void {
    const { length } = this.#model.raw;
    const total = Math.max(length, this.source.get('total'));
    const shown = this.#model.kept.length;
    const groups = this.#model.rows.groups;
    this.#title.textContent = this.source.get('title');
    this.#title.title = this.source.get('title');
    const runs = shown === total ? plural(total, 'run') : `${formatCount(shown)} of ${plural(total, 'run')}`;
    this.#count.textContent = groups ? `${runs} in ${plural(groups.length, 'group')}` : runs;
    this.#count.title = length < total ? `The first ${plural(length, 'run')} are here.` : '';
  }

  #tellEmpty(): void {
    const none = this.#model.raw.length === 0 && this.#model.state.view !== 'deleted';
    const bare = this.#model.order.length === 0;
    this.#empty.hidden = !bare;
    this.#grid.element.hidden = bare;
    this.#bar.classList.toggle('bare', none);
    if (!bare) return;
    const { state } = this.#model;
    const mark = h('code', {}, '%%track');
    if (none) {
      this.#empty.replaceChildren(h('b', {}, 'No runs yet'), 'Write ', mark, ' at the top of a cell and run it.');
    } else if (this.#model.raw.length === 0) {
      this.#empty.replaceChildren(h('b', {}, 'No run is deleted'));
    } else if (state.where.trim() !== '') {
      const clear = button('Clear the filter', { class: 'plain' }, () => this.#filter.clear());
      this.#empty.replaceChildren(h('b', {}, 'No run matches this filter'), clear);
    } else {
      const show = button('Show them', { class: 'plain' }, () => this.#change({ ...state, fold: [] }));
      this.#empty.replaceChildren(h('b', {}, 'Every run is hidden'), ...((state.fold ?? []).length > 0 ? [show] : []));
    }
  }

  #tellChosen(): void {
    const { size } = this.#grid.selection;
    this.#chosen.hidden = size === 0;
    this.#act.hidden = size === 0 || !this.#queue.canEdit;
    this.#chosen.textContent = `${formatCount(size)} selected ×`;
    this.#chosen.setAttribute('aria-label', `${formatCount(size)} selected: clear the selection`);
  }

  // -- menus

  #menuButton(
    label: string,
    title: string,
    entries: () => Parameters<Menu['open']>[1],
    hidden = false,
  ): HTMLButtonElement {
    const node = button(label, { 'aria-haspopup': 'menu', title, hidden }, () =>
      this.#menu.openBelow(title, entries(), node),
    );
    return node;
  }

  #rowMenu(row = -1, column = ''): ReturnType<typeof rowEntries> {
    const members = this.#model.rows.facts.members(row);
    const here = row < 0 ? [] : Array.from(members ?? [row], each => this.#model.idOf(each));
    const selected = this.#selectedIds();
    const runs = row >= 0 && !here.every(id => selected.includes(id)) ? here : selected;
    const stars = this.#model.raw.column('star')?.values;
    return rowEntries(
      {
        runs,
        starred: runs.length > 0 && runs.every(id => stars?.[this.#model.rowOf(id) ?? -1] === 1),
        view: this.#model.state.view ?? 'active',
        editable: this.#queue.canEdit,
        condition: row >= 0 ? conditionAt(this.#model, row, column) : '',
      },
      this.#actions,
    );
  }

  #openMenu(position: number, column: string, at: { readonly x: number; readonly y: number }): void {
    const model = this.#model;
    const back = this.#grid.element.querySelector<HTMLElement>('[tabindex="0"]') ?? this.#grid.element;
    if (position >= 0) {
      const row = model.order[position];
      if (row !== undefined) this.#menu.open('Actions', this.#rowMenu(row, column), at, back);
      return;
    }
    const info = model.infos.find(each => each.column.name === column);
    if (!info) return;
    const entries = columnEntries(info, model.state, model.infos, {
      sort: descending => this.#change({ ...model.state, sort: [{ column, descending }] }),
      change: state => this.#change(state),
      fit: () =>
        this.#grid.setWidth(
          this.#grid.columns.findIndex(each => each.id === column),
          null,
        ),
      asks: this.source.ask !== undefined,
      hasLines: model.hasSparks(info.title),
    });
    this.#menu.open(`Column ${column}`, entries, at, back);
  }

  #groupEntries(): Parameters<Menu['open']>[1] {
    const { state, infos } = this.#model;
    const now = state.group ?? [];
    const offered = infos.filter(
      ({ group, differs, column: { name } }) =>
        (group === 'params' || group === 'tags' || name === 'status' || name === 'experiment') &&
        (differs || now.includes(name)),
    );
    if (offered.length === 0) return ['The runs differ in no parameter and no tag'];
    return offered.slice(0, MOST_OFFERED).map(({ column: { name } }) => ({
      label: name,
      checked: now.includes(name),
      act: () =>
        this.#change({
          ...state,
          open: [],
          group: now.includes(name) ? now.filter(each => each !== name) : [...now, name],
        }),
    }));
  }

  #viewEntries(): Parameters<Menu['open']>[1] {
    const model = this.#model;
    return viewEntries({
      views: () => this.source.get('views') ?? {},
      state: () => model.state,
      canSave: this.source.ask !== undefined,
      take: state => this.#change({ ...EMPTY_STATE, ...state }),
      reset: () =>
        this.#change({ ...EMPTY_STATE, ...(model.state.directions && { directions: model.state.directions }) }),
      deleted: () => this.#change({ ...model.state, view: model.state.view === 'deleted' ? 'active' : 'deleted' }),
      forget: name => void this.#asked({ do: 'view', name, state: null }),
      save: () => {
        const { back, ...near } = this.#near();
        const offers = Object.keys(this.source.get('views') ?? {});
        this.#dialog.open(
          'Keep this view',
          [{ name: 'name', label: 'Name', value: '', offers }],
          'Keep',
          near,
          back,
          ({ name }) => {
            if (name?.trim()) void this.#asked({ do: 'view', name: name.trim(), state: viewOf(model.state) });
          },
        );
      },
    });
  }

  #near(): { x: number; y: number; back: HTMLElement | null } {
    const cell = this.#grid.cellAt(this.#grid.place);
    const box = (cell ?? this.#bar).getBoundingClientRect();
    return { x: box.left + 12, y: box.bottom + 4, back: cell };
  }

  // -- the selection

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
