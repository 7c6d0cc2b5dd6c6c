/** What a run table says of itself: its title, how many runs, how many are selected, why it is empty. */
import { formatCount, plural } from '../core/format';
import type { Source, TableData, TableState } from '../core/types';
import { h } from './dom';
import { button } from './table_dom';
import type { TableModel } from './table_model';

export interface TellsHost {
  readonly model: TableModel;
  readonly source: Source<TableData>;
  change(state: TableState): void;
  clearFilter(): void;
  clearSelection(): void;
}

export class TableTells {
  readonly bar = h('div', { class: 'bar' });
  readonly title = h('span', { class: 'name', dir: 'auto' });
  readonly count = h('span', { class: 'count', 'aria-live': 'polite' });
  readonly empty = h('div', { class: 'empty', hidden: true });
  readonly chosen = button('', { class: 'chosen', hidden: true, title: 'Clear the selection' }, () =>
    this.host.clearSelection(),
  );

  constructor(readonly host: TellsHost) {}

  /** Says what there is to see; true where that is nothing. */
  draw(): boolean {
    const none = this.host.model.raw.length === 0 && this.host.model.state.view !== 'deleted';
    const bare = this.host.model.order.length === 0;
    this.empty.hidden = !bare;
    this.bar.classList.toggle('bare', none);
    if (!bare) return false;
    const { state } = this.host.model;
    const mark = h('code', {}, '%%track');
    if (none) {
      this.empty.replaceChildren(h('b', {}, 'No runs yet'), 'Write ', mark, ' at the top of a cell and run it.');
    } else if (this.host.model.raw.length === 0) {
      this.empty.replaceChildren(h('b', {}, 'No run is deleted'));
    } else if (state.where.trim() !== '') {
      const clear = button('Clear the filter', { class: 'plain' }, () => this.host.clearFilter());
      this.empty.replaceChildren(h('b', {}, 'No run matches this filter'), clear);
    } else {
      const show = button('Show them', { class: 'plain' }, () => this.host.change({ ...state, fold: [] }));
      this.empty.replaceChildren(h('b', {}, 'Every run is hidden'), ...((state.fold ?? []).length > 0 ? [show] : []));
    }
    return true;
  }

  tellCount(): void {
    const { model, source } = this.host;
    const { length } = model.raw;
    const total = Math.max(length, source.get('total'));
    const shown = model.kept.length;
    const groups = model.rows.groups;
    this.title.textContent = source.get('title');
    this.title.title = source.get('title');
    const runs = shown === total ? plural(total, 'run') : `${formatCount(shown)} of ${plural(total, 'run')}`;
    this.count.textContent = groups ? `${runs} in ${plural(groups.length, 'group')}` : runs;
    this.count.title = length < total ? `The first ${plural(length, 'run')} are here.` : '';
  }

  tellChosen(size: number): void {
    this.chosen.hidden = size === 0;
    this.chosen.textContent = `${formatCount(size)} selected ×`;
    this.chosen.setAttribute('aria-label', `${formatCount(size)} selected: clear the selection`);
  }
}
