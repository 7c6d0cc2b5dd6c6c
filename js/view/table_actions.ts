/** What can be done with runs of the table: edited by small forms, copied. */
import { textAt } from '../core/columns';
import { plural } from '../core/format';
import type { Dialog } from './dialog';
import type { EditQueue } from './edit_queue';
import { markdown } from './markdown';
import { conditionFor, toComparison, toCsv, toFilter, toPython } from './table_copy';
import type { RowActions } from './table_menus';
import type { TableModel } from './table_model';

export interface ActionsHost {
  readonly model: TableModel;
  readonly queue: EditQueue;
  readonly dialog: Dialog;
  /** Where a form is to stand, and what gets the focus after it. */
  near(): { readonly x: number; readonly y: number; readonly back: HTMLElement | null };
  selected(): readonly string[];
  copied(text: string): void;
  filter(where: string): void;
}

export function actionsOf(host: ActionsHost): RowActions {
  const { model, queue, dialog } = host;
  const text = (run: string, column: string): string => {
    const [source, row] = [model.raw.column(column), model.rowOf(run)];
    return source && row !== undefined ? textAt(source, row) : '';
  };
  return {
    edit: (edits, said) => queue.do(edits, said),
    rename(run) {
      const { back, ...near } = host.near();
      const before = text(run, 'name');
      dialog.open(
        'Rename the run',
        [{ name: 'name', label: 'Name', value: before }],
        'Rename',
        near,
        back,
        ({ name }) => {
          if (name && name.trim() !== '' && name !== before) queue.do([{ runs: [run], name }], `Renamed to “${name}”.`);
        },
      );
    },
    note(run) {
      const { back, ...near } = host.near();
      const before = text(run, 'note');
      const fields = [{ name: 'note', label: 'Note (Markdown)', value: before, long: true, preview: markdown }];
      dialog.open(`Note on ${text(run, 'name')}`, fields, 'Keep', near, back, ({ note }) => {
        if (note !== undefined && note !== before) queue.do([{ runs: [run], note }], 'Kept the note.');
      });
    },
    tag(runs) {
      const { back, ...near } = host.near();
      const keys = model.raw.columns.flatMap(({ name }) => (name.startsWith('tags.') ? [name.slice(5)] : []));
      const fields = [
        { name: 'key', label: 'Key', value: '', offers: keys },
        { name: 'value', label: 'Value (empty removes the tag)', value: '' },
      ];
      dialog.open(`Tag ${plural(runs.length, 'run')}`, fields, 'Tag', near, back, ({ key, value }) => {
        const name = key?.trim();
        if (!name) return;
        const said = value
          ? `Tagged ${plural(runs.length, 'run')}.`
          : `Removed the tag from ${plural(runs.length, 'run')}.`;
        queue.do([{ runs, tags: { [name]: value || null } }], said);
      });
    },
    copy(what) {
      const ids = host.selected();
      const rows = ids.length > 0 ? Uint32Array.from(ids.flatMap(id => model.rowOf(id) ?? [])) : model.kept;
      const experiments = model.raw.column('experiment')?.dictionary ?? [];
      const columns = model.columns.map(info => info.column);
      const texts = {
        csv: () => toCsv(columns, rows),
        python: () => toPython(model.state, ids, experiments),
        filter: () => toFilter(model.state, ids),
        compare: () => toComparison(model.state, ids, experiments),
        ids: () => Array.from(rows, row => model.idOf(row)).join('\n'),
      };
      host.copied(texts[what]());
    },
    where(condition) {
      const { where } = model.state;
      host.filter(where.trim() === '' ? condition : `(${where}) AND ${condition}`);
    },
  };
}

/** The cell's own value as a condition of the filter; '' where it is none. */
export function conditionAt(model: TableModel, row: number, column: string): string {
  const source = model.raw.column(column);
  return source && row < model.raw.length ? conditionFor(source, row) : '';
}
