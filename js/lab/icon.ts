/** The mark of the extension in JupyterLab's launcher, side bar and tabs. */
import { LabIcon } from '@jupyterlab/ui-components';

const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
<g class="jp-icon3" fill="#616161"><path d="M4 19h17v2H2V3h2z"/><path d="m7 16.4-1.6-1.2 4.2-6.1 4.1 3 4.9-7.8 1.7 1.1-6.1 9.6-4-2.9z"/></g></svg>`;

export const runsIcon = new LabIcon({ name: 'jupyter-tracker:runs', svgstr: drawing });
