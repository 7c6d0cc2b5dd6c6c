/** The run view as an anywidget: Python answers what it asks. */
import type { RenderProps } from '@anywidget/types';
import type { RunData } from '../core/run';
import { runView } from '../view/run';
import { charts, modelSource } from './host';

export default {
  /** What a table shows a run with: one module for all the tables of a page. */
  initialize() {
    return { runView };
  },
  render({ model, el, host }: RenderProps) {
    const source = modelSource<RunData>(model, { keep: ['id'], asks: true });
    return runView(el, source, {
      plotly: charts(model, host),
    });
  },
};
