/** Our MIME type wherever JupyterLab shows outputs: notebooks, consoles, viewers. Safe: it runs nothing and draws only text. */
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { MIME } from '../core/types';
import { BundleRenderer, RANK } from './renderer';

const extension: IRenderMime.IExtension = {
  id: 'jupyter-tracker:mime',
  description: 'Shows run cards, run tables and comparisons saved in notebooks, with no kernel.',
  rendererFactory: { safe: true, mimeTypes: [MIME], createRenderer: () => new BundleRenderer() },
  rank: RANK,
  dataType: 'json',
};

export default extension;
