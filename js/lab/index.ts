/** In a notebook our renderer knows the notebook's widgets, and lets a live one take a saved display's place. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { ISessionContext } from '@jupyterlab/apputils';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { MIME } from '../core/types';
import { KernelWidgets } from './comms';
import { BundleRenderer, RANK, WIDGET_MIME } from './renderer';
import { runs } from './runs';

interface RenderMimeRegistry {
  addFactory(factory: IRenderMime.IRendererFactory, rank?: number): void;
  getFactory(mimeType: string): IRenderMime.IRendererFactory | undefined;
}

interface NotebookPanel {
  readonly sessionContext: ISessionContext;
  readonly content: { readonly rendermime: RenderMimeRegistry };
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-tracker:notebook',
  description: 'Shows live run cards, run tables and comparisons in notebooks.',
  autoStart: true,
  activate(app: JupyterFrontEnd) {
    app.docRegistry.addWidgetExtension('Notebook', {
      createNew(panel) {
        const { content, sessionContext } = panel as unknown as NotebookPanel;
        const { rendermime } = content;
        const widgets = new KernelWidgets(sessionContext);
        const createRenderer = (options: IRenderMime.IRendererOptions) =>
          new BundleRenderer(id => {
            const there = widgets.has(id);
            const by = there ? rendermime.getFactory(WIDGET_MIME) : null;
            if (!by) return there === null ? 'not told' : null;
            return { by, make: () => by.createRenderer({ ...options, mimeType: WIDGET_MIME }) };
          });
        rendermime.addFactory({ safe: true, mimeTypes: [MIME], createRenderer }, RANK);
      },
    });
  },
};

export default [plugin, runs];
