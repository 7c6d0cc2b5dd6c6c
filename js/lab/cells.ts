/** A run's cells back in a notebook: as cells, or run again. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { SlicedCell } from '../core/browse';
import { sentence } from '../remote/sources';
import type { Stores } from './server';
import type { RunActions } from './tab';

export class RunCells implements RunActions {
  constructor(
    readonly app: JupyterFrontEnd,
    readonly notebooks: INotebookTracker | null,
    readonly stores: Stores,
    readonly trans: TranslationBundle,
  ) {}

  /** Puts the cells that made a run below the active cell of the current notebook. */
  insert(run: string, folder: string): void {
    void this.#done(async () => {
      const answer = await this.stores.of(folder).store.ask({ do: 'cells', run });
      const cells = answer['cells'] as readonly SlicedCell[];
      await this.#put(cells.map(cell => cell.source));
    });
  }

  /** Puts a cell that runs it again below the active one, and runs that cell. */
  rerun(run: string, folder: string): void {
    void this.#done(async () => {
      await this.stores.of(folder).store.ask({ do: 'cells', run }); // what cannot be run again is told before
      await this.#put([`import tracker\n\ntracker.rerun(${JSON.stringify(run)})`]);
      void this.app.commands.execute('notebook:run-cell');
    });
  }

  async #put(sources: readonly string[]): Promise<void> {
    const { content } = await this.#notebook();
    const at = content.widgets.length === 0 ? 0 : content.activeCellIndex + 1;
    const cells = sources.map(source => ({ cell_type: 'code', source, metadata: { trusted: true }, outputs: [] }));
    content.model!.sharedModel.insertCells(at, cells);
    content.activeCellIndex = at;
  }

  async #notebook(): Promise<NotebookPanel> {
    const panel = this.notebooks?.currentWidget;
    if (!panel) throw new Error(this.trans.__('Open a notebook first: the cells are put below its active cell.'));
    this.app.shell.activateById(panel.id);
    await panel.context.ready;
    return panel;
  }

  async #done(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      Notification.warning(sentence(error), { autoClose: 8000 });
    }
  }
}
