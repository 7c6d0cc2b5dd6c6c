/** The run view as an anywidget: Python answers what it asks. */
import type { RenderProps } from '@anywidget/types';
import type { RunData } from '../core/run';
import type { PlotlyLike } from '../plot/plotly';
import { runView } from '../view/run';
import { modelSource } from './host';

export default {
  /** What a table shows a run with: one module for all the tables of a page. */
  initialize() {
    return { runView };
  },
  render({ model, el, host }: RenderProps) {
    const source = modelSource<RunData>(model, { keep: ['id'], asks: true });
    return runView(el, source, {
      plotly: async () => (await host.getWidget<{ Plotly: PlotlyLike }>(model.get('plotly'))).exports.Plotly,
    });
  },
};
