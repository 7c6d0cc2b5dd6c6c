/** A page of a file's rows, with the way to the others, and in the order of a column. */
import { isMissing, tableFromArrow, textAt } from '../core/columns';
import { formatCount, formatNumber } from '../core/format';
import type { Preview } from '../core/run';
import type { Answer, Column, Table } from '../core/types';
import { h, setText } from './dom';
import { actionButton, type RunContext, sentence } from './run_parts';

type TablePreview = Extract<Preview, { kind: 'table' }>;

export class RowsView {
  readonly node: HTMLElement;
  readonly #context: RunContext;
  readonly #run: string;
  readonly #place = h('span', { class: 'trk-dim', role: 'status' });
  readonly #before: HTMLButtonElement;
  readonly #after: HTMLButtonElement;
  readonly #frame = h('div', { class: 'trk-rows', tabindex: 0, 'aria-label': 'Rows' });
  #order: { readonly column: string; readonly descending: boolean } | null = null;
  #preview: TablePreview;
  #rows: Table;

  constructor(context: RunContext, run: string, preview: TablePreview, answer: Answer) {
    this.#context = context;
    this.#run = run;
    this.#preview = preview;
    this.#rows = rowsOf(answer);
    this.#before = actionButton('‹', () => void this.#go(Math.max(0, this.#preview.offset - 100)), 'Rows before');
    this.#after = actionButton('›', () => void this.#go(this.#preview.offset + this.#rows.length), 'Rows after');
    this.#before.setAttribute('aria-label', 'Rows before');
    this.#after.setAttribute('aria-label', 'Rows after');
    const bar = h('div', { class: 'trk-bar' }, this.#before, this.#after, this.#place);
    this.node = h('div', {}, bar, this.#frame);
    this.#draw();
  }

  async #go(offset: number): Promise<void> {
    const { path } = this.#preview;
    const order = this.#order && { order: this.#order.column, descending: this.#order.descending };
    try {
      const answer = await this.#context.ask!({ do: 'preview', run: this.#run, path, offset, ...order });
      const preview = answer['preview'] as Preview;
      if (preview.kind !== 'table') return;
      this.#preview = preview;
      this.#rows = rowsOf(answer);
      this.#draw();
    } catch (error) {
      this.#context.tell(sentence(error));
    }
  }

  #sort(column: string): void {
    const again = this.#order?.column === column;
    this.#order = again && this.#order?.descending ? null : { column, descending: again };
    void this.#go(0);
  }

  #draw(): void {
    const { offset, total, more, columns, wider } = this.#preview;
    const last = offset + this.#rows.length;
    const range = this.#rows.length === 0 ? 'no rows' : `rows ${formatCount(offset + 1)} – ${formatCount(last)}`;
    const of = total === null ? (more ? ' of more' : '') : ` of ${formatCount(total)}`;
    const wide = wider > 0 ? `; ${formatCount(wider)} more columns are not shown` : '';
    setText(this.#place, `${range}${of}, ${formatCount(columns.length + wider)} columns${wide}`);
    this.#before.disabled = offset === 0;
    this.#after.disabled = !more;
    const head = h('tr', {}, ...columns.map(column => this.#head(column)));
    const body = Array.from({ length: this.#rows.length }, (_, row) =>
      h('tr', {}, ...this.#rows.columns.map(column => cell(column, row))),
    );
    this.#frame.replaceChildren(h('table', {}, h('thead', {}, head), h('tbody', {}, ...body)));
  }

  #head(column: { readonly name: string; readonly type: string }): HTMLElement {
    const mark = this.#order?.column === column.name ? (this.#order.descending ? 'descending' : 'ascending') : null;
    const type = h('small', {}, column.type.toLowerCase());
    const name = h('span', { dir: 'auto' }, column.name);
    const node = h('th', { scope: 'col', 'aria-sort': mark, title: `${column.name} (${column.type})` });
    if (!this.#preview.sortable) node.append(name, type);
    else {
      const sort = actionButton('', () => this.#sort(column.name));
      sort.append(name, type);
      node.append(sort);
    }
    return node;
  }
}

function rowsOf(answer: Answer): Table {
  return tableFromArrow(answer.buffers[0] ?? new Uint8Array().buffer);
}

function cell(column: Column, row: number): HTMLElement {
  if (isMissing(column, row)) return h('td', { class: 'trk-dim' }, '–');
  if (column.kind === 'number') {
    const value = column.values[row]!;
    return h('td', { class: 'trk-number', title: String(value) }, formatNumber(value));
  }
  const text = textAt(column, row);
  return h('td', { dir: 'auto', title: text }, text);
}
