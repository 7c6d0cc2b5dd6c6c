/** The menus of a run table: of its toolbar, of a row, of a column. */
import type { Ask, Source, TableData, TableState } from '../core/types';
import type { Grid } from '../grid/grid';
import type { Dialog } from './dialog';
import type { EditQueue } from './edit_queue';
import { type Entry, Menu } from './menu';
import { conditionAt } from './table_actions';
import { button } from './table_dom';
import { columnEntries, copyEntries, type RowActions, rowEntries } from './table_menus';
import { EMPTY_STATE, type TableModel } from './table_model';
import { viewEntries, viewOf } from './table_views';

const MOST_OFFERED = 60;
const TOLD_MS = 1600;

export interface MenusHost {
  readonly model: TableModel;
  readonly queue: EditQueue;
  readonly source: Source<TableData>;
  readonly actions: RowActions;
  readonly dialog: Dialog;
  grid(): Grid;
  change(state: TableState): void;
  asked(question: Ask): Promise<readonly DataView[]>;
  near(): { readonly x: number; readonly y: number; readonly back: HTMLElement | null };
  selected(): readonly string[];
}

export class TableMenus {
  readonly #menu = new Menu();
  readonly popup = this.#menu.popup;
  readonly act = this.#button('Actions', 'What can be done with the selected runs', () => this.#rowEntries(), true);
  readonly group = this.#button('Group', 'Group runs by a parameter or a tag', () => this.#groupEntries());
  readonly views = this.#button('Views', 'Views kept in the store', () => this.#viewEntries());
  readonly copy = this.#button('Copy', 'Copy these runs', () => copyEntries(this.host.actions));

  constructor(readonly host: MenusHost) {
    this.views.classList.add('views');
    this.views.hidden = host.source.ask === undefined && Object.keys(host.source.get('views') ?? {}).length === 0;
  }

  /** Opens the menu of a row, or of a header where `position` is below 0. */
  open(position: number, column: string, at: { readonly x: number; readonly y: number }): void {
    const { model } = this.host;
    const grid = this.host.grid();
    const back = grid.element.querySelector<HTMLElement>('[tabindex="0"]') ?? grid.element;
    if (position >= 0) {
      const row = model.order[position];
      if (row !== undefined) this.#menu.open('Actions', this.#rowEntries(row, column), at, back);
      return;
    }
    const info = model.infos.find(each => each.column.name === column);
    if (!info) return;
    const place = grid.columns.findIndex(each => each.id === column);
    const entries = columnEntries(info, model.state, model.infos, {
      sort: descending => this.host.change({ ...model.state, sort: [{ column, descending }] }),
      change: state => this.host.change(state),
      fit: () => grid.setWidth(place, null),
      asks: this.host.source.ask !== undefined,
      hasLines: model.hasSparks(info.title),
    });
    this.#menu.open(`Column ${column}`, entries, at, back);
  }

  tellCopied(copied: boolean): void {
    this.copy.textContent = copied ? 'Copied' : 'Not allowed';
    window.setTimeout(() => {
      this.copy.textContent = 'Copy';
    }, TOLD_MS);
  }

  #button(label: string, title: string, entries: () => readonly Entry[], hidden = false): HTMLButtonElement {
    const node = button(label, { 'aria-haspopup': 'menu', title, hidden }, () =>
      this.#menu.openBelow(title, entries(), node),
    );
    return node;
  }

  #rowEntries(row = -1, column = ''): Entry[] {
    const { model, queue } = this.host;
    const members = model.rows.facts.members(row);
    const here = row < 0 ? [] : Array.from(members ?? [row], each => model.idOf(each));
    const selected = this.host.selected();
    const runs = row >= 0 && !here.every(id => selected.includes(id)) ? here : selected;
    const stars = model.raw.column('star')?.values;
    return rowEntries(
      {
        runs,
        starred: runs.length > 0 && runs.every(id => stars?.[model.rowOf(id) ?? -1] === 1),
        view: model.state.view ?? 'active',
        editable: queue.canEdit,
        condition: row >= 0 ? conditionAt(model, row, column) : '',
      },
      this.host.actions,
    );
  }

  #groupEntries(): Entry[] {
    const { state, infos } = this.host.model;
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
      act: () => {
        const group = now.includes(name) ? now.filter(each => each !== name) : [...now, name];
        this.host.change({ ...state, open: [], group });
      },
    }));
  }

  #viewEntries(): Entry[] {
    const { model, source } = this.host;
    return viewEntries({
      views: () => source.get('views') ?? {},
      state: () => model.state,
      canSave: source.ask !== undefined,
      take: state => this.host.change({ ...EMPTY_STATE, ...state }),
      reset: () =>
        this.host.change({ ...EMPTY_STATE, ...(model.state.directions && { directions: model.state.directions }) }),
      deleted: () => this.host.change({ ...model.state, view: model.state.view === 'deleted' ? 'active' : 'deleted' }),
      forget: name => void this.host.asked({ do: 'view', name, state: null }),
      save: () => this.#keepView(),
    });
  }

  #keepView(): void {
    const { back, ...near } = this.host.near();
    const offers = Object.keys(this.host.source.get('views') ?? {});
    const fields = [{ name: 'name', label: 'Name', value: '', offers }];
    this.host.dialog.open('Keep this view', fields, 'Keep', near, back, ({ name }) => {
      const state = viewOf(this.host.model.state);
      if (name?.trim()) void this.host.asked({ do: 'view', name: name.trim(), state });
    });
  }
}
