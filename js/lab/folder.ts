/** The folder that a person works in: the current notebook's, else the one open in the file browser. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { PathExt } from '@jupyterlab/coreutils';
import type { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

export class CurrentFolder {
  readonly #listeners: (() => void)[] = [];
  #told = '';

  constructor(
    readonly app: JupyterFrontEnd,
    readonly notebooks: INotebookTracker | null,
    readonly files: IDefaultFileBrowser | null,
  ) {
    this.#told = this.path;
    const look = () => {
      if (this.path === this.#told) return;
      this.#told = this.path;
      for (const changed of this.#listeners) changed();
    };
    notebooks?.currentChanged.connect(look);
    files?.model.pathChanged.connect(look);
  }

  get path(): string {
    const panel = this.notebooks?.currentWidget;
    if (panel) return this.of(panel);
    return this.files ? this.#local(this.files.model.path) : '';
  }

  /** The folder of a notebook. */
  of(panel: NotebookPanel): string {
    return PathExt.dirname(this.#local(panel.context.path));
  }

  onChanged(changed: () => void): void {
    this.#listeners.push(changed);
  }

  #local(path: string): string {
    return this.app.serviceManager.contents.localPath(path);
  }
}
