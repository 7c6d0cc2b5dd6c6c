/** The column picker: a list to search and check, columns that differ before those that are the same in all runs. */
import type { TableState } from '../core/types';
import { h } from './dom';
import { type ColumnInfo, shownColumns, withShown } from './table_columns';
import { button, close, openBelow } from './table_dom';

export interface PickerHost {
  readonly infos: () => readonly ColumnInfo[];
  readonly state: () => TableState;
  changed(state: TableState): void;
}

const MOST = 400;
const NAMES: Readonly<Record<string, string>> = { '': 'Run', params: 'Parameters', metrics: 'Metrics', tags: 'Tags' };

export class ColumnPicker {
  readonly button = button('Columns', { 'aria-haspopup': 'dialog', title: 'Choose the columns' }, () => this.#toggle());
  readonly #find = h('input', {
    class: 'find',
    type: 'search',
    placeholder: 'Find a column',
    'aria-label': 'Find a column',
  });
  readonly #choices = h('div', { class: 'choices' });
  readonly popup = h(
    'div',
    { class: 'popup picker', popover: 'auto', role: 'dialog', 'aria-label': 'Columns' },
    h('header', {}, this.#find),
    this.#choices,
    h(
      'footer',
      {},
      button('Show all', { class: 'plain' }, () => this.#all(true)),
      button('Hide all', { class: 'plain' }, () => this.#all(false)),
      button('Reset', { class: 'plain' }, () => this.#change({ ...this.host.state(), hidden: [], shown: [] })),
    ),
  );

  constructor(readonly host: PickerHost) {
    this.#find.addEventListener('input', () => this.#draw());
    this.popup.addEventListener('keydown', event => this.#key(event));
  }

  /** Shows the state that the table has now, if the picker is open. */
  refresh(): void {
    if (this.popup.matches(':popover-open')) this.#draw();
  }

  #toggle(): void {
    if (this.popup.matches(':popover-open')) {
      close(this.popup);
      return;
    }
    this.open();
  }

  open(): void {
    this.#find.value = '';
    this.#draw();
    openBelow(this.popup, this.button);
    this.#find.focus();
  }

  #key(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key !== 'Escape') return;
    event.preventDefault();
    close(this.popup);
    this.button.focus();
  }

  #found(): ColumnInfo[] {
    const needle = this.#find.value.trim().toLowerCase();
    return this.host
      .infos()
      .filter(({ column }) => column.name !== 'name' && column.name.toLowerCase().includes(needle));
  }

  #all(shown: boolean): void {
    const infos = this.host.infos();
    const each = (state: TableState, info: ColumnInfo): TableState => withShown(state, infos, info.column.name, shown);
    this.#change(this.#found().reduce(each, this.host.state()));
  }

  #change(state: TableState): void {
    this.host.changed(state);
    this.#draw();
  }

  #draw(): void {
    const found = this.#found();
    const seen = new Set(shownColumns(this.host.infos(), this.host.state()).map(info => info.column.name));
    const rows: HTMLElement[] = [];
    for (const group of ['', 'params', 'metrics', 'tags']) {
      const members = found.filter(info => info.group === group && (group === '' || info.differs));
      rows.push(...this.#section(NAMES[group]!, members, seen));
    }
    const same = found.filter(info => info.group !== '' && !info.differs);
    rows.push(...this.#section('Same in all', same, seen));
    if (rows.length === 0) rows.push(h('p', {}, 'No column has this in its name.'));
    const top = this.#choices.scrollTop;
    this.#choices.replaceChildren(...rows.slice(0, MOST));
    if (rows.length > MOST) this.#choices.append(h('p', {}, 'There are more: type a part of the name.'));
    this.#choices.scrollTop = top;
  }

  #section(name: string, infos: readonly ColumnInfo[], seen: ReadonlySet<string>): HTMLElement[] {
    if (infos.length === 0) return [];
    return [
      h('h4', {}, `${name} (${infos.length})`),
      ...infos.map(info => this.#choice(info, seen.has(info.column.name))),
    ];
  }

  #choice(info: ColumnInfo, seen: boolean): HTMLElement {
    const { name } = info.column;
    const box = h('input', { type: 'checkbox' });
    box.checked = seen;
    box.addEventListener('change', () => {
      this.host.changed(withShown(this.host.state(), this.host.infos(), name, box.checked));
    });
    const same = info.differs ? [] : [h('i', { dir: 'auto' }, info.same)];
    return h(
      'label',
      { title: info.differs ? name : `${name} = ${info.same}` },
      box,
      h('span', { dir: 'auto' }, info.title),
      ...same,
    );
  }
}
