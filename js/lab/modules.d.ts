/** What we use of packages whose types bring a whole editor along; the page has the packages themselves. */
declare module '@jupyterlab/notebook' {
  import type { DocumentWidget } from '@jupyterlab/docregistry';
  import type { Token } from '@lumino/coreutils';
  import type { ISignal } from '@lumino/signaling';
  import type { Widget } from '@lumino/widgets';

  export interface OutputModel {
    readonly data: Readonly<Record<string, unknown>>;
  }

  export interface CellModel {
    readonly id: string;
    readonly type: string;
    readonly outputs?: {
      readonly length: number;
      get(index: number): OutputModel;
      readonly changed: ISignal<unknown, unknown>;
    };
  }

  export interface Cell extends Widget {
    readonly model: CellModel;
  }

  export interface Notebook extends Widget {
    readonly widgets: readonly Cell[];
    readonly activeCell: Cell | null;
    activeCellIndex: number;
    readonly model: {
      readonly cells: { readonly changed: ISignal<unknown, unknown> };
      readonly sharedModel: { insertCells(index: number, cells: readonly object[]): void };
    } | null;
    readonly modelChanged: ISignal<unknown, unknown>;
    /** Cells are drawn when they come into sight. */
    readonly cellInViewportChanged?: ISignal<unknown, unknown>;
  }

  export interface NotebookPanel extends DocumentWidget {
    readonly content: Notebook;
    readonly sessionContext: { readonly ready: Promise<void> };
  }

  export interface INotebookTracker {
    readonly currentWidget: NotebookPanel | null;
    readonly currentChanged: ISignal<INotebookTracker, NotebookPanel | null>;
    readonly widgetAdded: ISignal<INotebookTracker, NotebookPanel>;
    forEach(each: (panel: NotebookPanel) => void): void;
  }

  export const INotebookTracker: Token<INotebookTracker>;
}

declare module '@jupyterlab/filebrowser' {
  import type { Token } from '@lumino/coreutils';
  import type { ISignal } from '@lumino/signaling';

  export interface IDefaultFileBrowser {
    readonly model: { readonly path: string; readonly pathChanged: ISignal<unknown, unknown> };
  }

  export const IDefaultFileBrowser: Token<IDefaultFileBrowser>;
}
