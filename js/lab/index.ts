/** In a notebook our renderer knows the notebook's widgets, and lets a live one take a saved display's place. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { MIME } from '../core/types';
import { BundleRenderer, RANK, WIDGET_MIME } from './renderer';
import { runs } from './runs';

interface RenderMimeRegistry {
  addFactory(factory: IRenderMime.IRendererFactory, rank?: number): void;
  getFactory(mimeType: string): IRenderMime.IRendererFactory | undefined;
}

interface NotebookPanel {
  readonly content: { readonly rendermime: RenderMimeRegistry };
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-tracker:notebook',
  description: 'Shows live run cards, run tables and comparisons in notebooks.',
  autoStart: true,
  activate(app: JupyterFrontEnd) {
    app.docRegistry.addWidgetExtension('Notebook', {
      createNew(panel) {
        const { rendermime } = (panel as unknown as NotebookPanel).content;
        const createRenderer = (options: IRenderMime.IRendererOptions) =>
          new BundleRenderer(() => {
            const by = rendermime.getFactory(WIDGET_MIME);
            return by ? { by, make: () => by.createRenderer({ ...options, mimeType: WIDGET_MIME }) } : null;
          });
        rendermime.addFactory({ safe: true, mimeTypes: [MIME], createRenderer }, RANK);
      },
    });
  },
};

export default [plugin, runs];
